// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Threads of the factory that do everything at once, beside items, on CPUs that come and go: each comes to its end. */
@Timeout(120)
class RandomThreadsTest {
    private static final long SEED = Long.getLong("kworker.test.seed", 20261129);
    private static final int THREADS = 100;
    private static final int STEPS = 150;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final ReentrantLock lock = new ReentrantLock();
    private final Object monitor = new Object();
    private final Semaphore places = new Semaphore(3);
    private final AtomicInteger children = new AtomicInteger();

    /** L: under the lock, and under the monitor: steps that were made there. */
    private final int[] counts = new int[2];

    private final AtomicInteger locked = new AtomicInteger();
    private final AtomicInteger synchronised = new AtomicInteger();

    /** @param micros the CPU-intensive threshold: CPUs are taken all the time, or seldom */
    @ParameterizedTest
    @ValueSource(ints = {50, 10_000})
    void all_come_to_their_end(int micros) throws Exception {
        runtimes.doNotCountRuns();
        WorkRuntime runtime = runtimes.start(
                RuntimeExtension.builder().cpuIntensiveThreshold(Duration.ofNanos(micros * 1_000L))
                        .maxCarriersPerCpu(4));
        AtomicInteger started = new AtomicInteger();
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(runtime.threadFactory())) {
            List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                SplittableRandom random = new SplittableRandom(SEED + i);
                futures.add(executor.submit(() -> {
                    for (int step = 0; step < STEPS; step++) {
                        step(runtime, random, started);
                    }
                    return null;
                }));
            }
            flipCpus(runtime, futures);
            for (Future<?> future : futures) {
                get(future);
            }
        }
        assertEquals(started.get(), children.get());
        assertEquals(locked.get(), counts[0]);
        assertEquals(synchronised.get(), counts[1]);
    }

    private static void get(Future<?> future) throws InterruptedException {
        try {
            future.get();
        } catch (ExecutionException e) {
            throw new AssertionError("seed " + SEED, e.getCause());
        }
    }

    /** One CPU after another is away for a moment, while the threads run. */
    private static void flipCpus(WorkRuntime runtime, List<Future<?>> futures) {
        int[] cpus = runtime.cpus();
        for (int i = 0; cpus.length > 1 && !futures.stream().allMatch(Future::isDone); i++) {
            runtime.cpuOffline(cpus[i % cpus.length]);
            LockSupport.parkNanos(500_000);
            runtime.cpuOnline(cpus[i % cpus.length]);
            LockSupport.parkNanos(500_000);
        }
    }

    private void step(WorkRuntime runtime, SplittableRandom random, AtomicInteger started) throws Exception {
        switch (random.nextInt(16)) {
            case 0 -> Thread.sleep(0, random.nextInt(1_000, 800_000));
            case 1 -> burn(random.nextInt(1_000, 300_000));
            case 2, 3 -> Thread.yield();
            case 4, 5 -> underLock(random);
            case 6, 7 -> underMonitor(random);
            case 8 -> {
                places.acquire();
                Thread.yield();
                places.release();
            }
            case 9 -> {
                Item item = runtimes.item(work -> Thread.yield());
                runtime.system().queue(item);
                item.flush();
            }
            case 10 -> {
                started.incrementAndGet();
                Thread.startVirtualThread(children::incrementAndGet).join();
            }
            case 11, 12 -> {
                int[] cpus = runtime.cpus();
                ThreadFactory factory = random.nextBoolean()
                        ? runtime.threadFactory()
                        : runtime.threadFactory(cpus[random.nextInt(cpus.length)]);
                started.incrementAndGet();
                Thread child = factory.newThread(children::incrementAndGet);
                child.start();
                child.join();
            }
            case 13 -> {
                Thread.currentThread().interrupt();
                LockSupport.park();
                Thread.interrupted();
            }
            case 14 -> LockSupport.parkNanos(random.nextInt(1_000, 300_000));
            default -> Thread.onSpinWait();
        }
    }

    private void underLock(SplittableRandom random) {
        lock.lock();
        try {
            counts[0]++;
            if (random.nextInt(8) == 0) {
                Thread.yield();
            }
        } finally {
            lock.unlock();
        }
        locked.incrementAndGet();
    }

    private void underMonitor(SplittableRandom random) throws InterruptedException {
        synchronized (monitor) {
            counts[1]++;
            switch (random.nextInt(8)) {
                case 0 -> Thread.yield();
                case 1 -> monitor.wait(1);
                case 2 -> monitor.notifyAll();
                default -> {}
            }
        }
        synchronised.incrementAndGet();
    }

    private static void burn(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }
}
