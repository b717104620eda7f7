// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever a virtual thread may wait for, those of {@link WorkRuntime#threadFactory} wait for, across CPUs. */
@Timeout(120)
class ThreadFactoryWaitsTest {
    private static final int TURNS = 2_000;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private WorkRuntime runtime;

    @BeforeEach
    void start() {
        runtime = runtimes.runtime();
    }

    /** Runs the body on so many threads, on one CPU after another, and waits for all. */
    private void together(int threads, TestThreads.NumberedBody body) throws Exception {
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(runtime.threadFactory())) {
            List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int number = i;
                futures.add(executor.submit(() -> {
                    body.run(number);
                    return null;
                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        }
    }

    // ---- locks ----

    @Test
    void a_lock_and_a_monitor_are_held_by_one_at_a_time() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        Object monitor = new Object();
        long[] counts = new long[2];
        together(16, number -> {
            for (int i = 0; i < TURNS; i++) {
                lock.lock();
                try {
                    counts[0]++;
                    if (i % 64 == 0) {
                        Thread.yield(); // while it holds it
                    }
                } finally {
                    lock.unlock();
                }
                synchronized (monitor) {
                    counts[1]++;
                    if (i % 512 == 0) {
                        LockSupport.parkNanos(1);
                    }
                }
            }
        });
        assertEquals(16L * TURNS, counts[0]);
        assertEquals(16L * TURNS, counts[1]);
    }

    @Test
    void two_threads_take_turns_by_a_condition() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        Condition changed = lock.newCondition();
        int[] turn = {0};
        together(2, number -> {
            for (int i = 0; i < TURNS; i++) {
                lock.lock();
                try {
                    while (turn[0] % 2 != number) {
                        changed.await();
                    }
                    turn[0]++;
                    changed.signal();
                } finally {
                    lock.unlock();
                }
            }
        });
        assertEquals(2 * TURNS, turn[0]);
    }

    @Test
    void two_threads_take_turns_by_wait_and_notify() throws Exception {
        Object monitor = new Object();
        int[] turn = {0};
        together(2, number -> {
            for (int i = 0; i < TURNS; i++) {
                synchronized (monitor) {
                    while (turn[0] % 2 != number) {
                        if (i % 2 == 0) {
                            monitor.wait();
                        } else {
                            monitor.wait(60_000);
                        }
                    }
                    turn[0]++;
                    monitor.notify();
                }
            }
        });
        assertEquals(2 * TURNS, turn[0]);
    }

    /** With platform threads at the other end too. */
    @Test
    void values_are_handed_from_thread_to_thread() throws Exception {
        BlockingQueue<Integer> first = new SynchronousQueue<>();
        BlockingQueue<Integer> second = new SynchronousQueue<>();
        TestThreads.Started feeder = TestThreads.start(() -> {
            for (int i = 0; i < TURNS; i++) {
                first.put(i);
            }
        });
        long[] sum = {0};
        together(2, number -> {
            for (int i = 0; i < TURNS; i++) {
                if (number == 0) {
                    second.put(first.take());
                } else {
                    sum[0] += second.take();
                }
            }
        });
        feeder.join();
        assertEquals((long) TURNS * (TURNS - 1) / 2, sum[0]);
    }

    // ---- interruption ----

    @Test
    void each_kind_of_wait_is_interrupted() throws Exception {
        Object monitor = new Object();
        ReentrantLock held = new ReentrantLock();
        held.lock();
        try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            areInterrupted(InterruptedException.class, () -> Thread.sleep(60_000), () -> new CountDownLatch(1).await(),
                    () -> {
                        synchronized (monitor) {
                            monitor.wait();
                        }
                    }, () -> {
                        synchronized (monitor) {
                            monitor.wait(60_000);
                        }
                    }, held::lockInterruptibly, new SynchronousQueue<>()::take, () -> {
                        while (!Thread.interrupted()) {
                            Thread.yield();
                        }
                        throw new InterruptedException();
                    });
            areInterrupted(SocketException.class, nobody::accept); // which closes the socket
        } finally {
            held.unlock();
        }
    }

    private void areInterrupted(Class<? extends Exception> expected, TestThreads.Body... waits) {
        CountDownLatch begun = new CountDownLatch(waits.length);
        AtomicInteger interrupted = new AtomicInteger();
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(runtime.threadFactory())) {
            for (TestThreads.Body wait : waits) {
                executor.submit(() -> {
                    begun.countDown();
                    assertThrows(expected, wait::run);
                    return interrupted.incrementAndGet();
                });
            }
            Await.open("all have begun", begun);
            executor.shutdownNow();
        }
        assertEquals(waits.length, interrupted.get());
    }

    // ---- sockets ----

    @Test
    void threads_of_different_cpus_talk_over_sockets() throws Exception {
        int clients = 20;
        int messages = 50;
        try (ServerSocket server = new ServerSocket(0, clients, InetAddress.getLoopbackAddress());
                ExecutorService executor = Executors.newThreadPerTaskExecutor(runtime.threadFactory())) {
            Future<?> accepting = executor.submit(() -> {
                for (int i = 0; i < clients; i++) {
                    Socket socket = server.accept();
                    executor.submit(() -> echo(socket, messages));
                }
                return null;
            });
            together(clients, number -> {
                try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    DataInputStream in = new DataInputStream(socket.getInputStream());
                    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                    for (int i = 0; i < messages; i++) {
                        out.writeLong(number * 1_000_003L + i);
                        assertEquals(number * 1_000_003L + i, in.readLong());
                    }
                }
            });
            accepting.get();
        }
    }

    private static int echo(Socket connection, int messages) throws Exception {
        try (Socket socket = connection) {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            for (int i = 0; i < messages; i++) {
                out.writeLong(in.readLong());
            }
            return messages;
        }
    }

    @Test
    void a_read_with_a_timeout_ends() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            together(4, number -> {
                try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    socket.setSoTimeout(20);
                    long start = System.nanoTime();
                    assertThrows(SocketTimeoutException.class, () -> socket.getInputStream().read());
                    assertTrue(System.nanoTime() - start >= 20_000_000);
                }
            });
        }
    }

    // ---- many ----

    @Test
    void a_hundred_thousand_threads_sleep() throws Exception {
        ThreadFactory factory = runtime.threadFactory();
        int count = 100_000;
        CountDownLatch done = new CountDownLatch(count);
        AtomicInteger wrong = new AtomicInteger();
        for (int i = 0; i < count; i++) {
            factory.newThread(() -> {
                long start = System.nanoTime();
                try {
                    Thread.sleep(10);
                } catch (InterruptedException e) {
                    wrong.incrementAndGet();
                }
                if (System.nanoTime() - start < 10_000_000) {
                    wrong.incrementAndGet();
                }
                done.countDown();
            }).start();
        }
        done.await();
        assertEquals(0, wrong.get());
    }
}
