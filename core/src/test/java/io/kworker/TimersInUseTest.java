// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Timers, and handlers that sleep, on CPUs that are busy, taken away, offline, idle or closed (J17). */
@Timeout(60)
class TimersInUseTest {
    private static final long MS = 1_000_000;
    private static final long HOUR = 3_600_000_000_000L;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static void burn(long nanos) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            Thread.onSpinWait();
        }
    }

    // ---- from everywhere ----

    /** Which would be unmounted in the middle of the engine, and no owner of its CPU any more. */
    @Test
    void a_worker_never_waits_for_a_lock_over_timers_that_go_to_another_cpu() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder());
        runtimes.doNotCountRuns();
        Workqueue queue = runtimes.queue(runtime, "timers");
        List<DelayedWork> items = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            items.add(DelayedWork.of(work -> {}));
        }
        TestThreads.together(8, thread -> {
            Random random = new Random(thread);
            for (int i = 0; i < 200_000; i++) {
                int cpu = random.nextBoolean() ? RuntimeExtension.firstCpu() : RuntimeExtension.lastCpu();
                queue.modDelayedOn(cpu, items.get(random.nextInt(items.size())), random.nextInt(300_000));
            }
        });
        for (DelayedWork item : items) {
            TestThreads.start(item::flushDelayed).join();
        }
    }

    /** J2: an arming that its workqueue let pass while it was open, and that reaches the wheel after the sweep. */
    @Test
    void a_timer_that_reaches_its_cpu_after_the_close_is_taken_back_and_counted() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder());
        Workqueue queue = runtimes.queue(runtime, "closed");
        DelayedWork work = DelayedWork.of(item -> {});
        queue.queueDelayedOn(RuntimeExtension.firstCpu(), work, HOUR);
        queue.close();
        assertEquals(1, queue.stats().timersCancelled());
        Timers timers = runtime.cpuArray()[0].timers;
        work.countdown.armAway(timers, queue, timers, 1L << 40, WorkState.Arm.IDLE);
        Await.until("it is taken back", () -> !work.isPending());
        assertEquals(2, queue.stats().timersCancelled());
    }

    // ---- a busy CPU ----

    /** Long items queued already: the clock is not looked at only after 64 of them. */
    @Test
    void a_timer_armed_among_long_items_is_not_late_by_many_of_them() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue queue = runtime.system();
        Gate gate = runtimes.occupy(queue, RuntimeExtension.firstCpu());
        AtomicInteger items = new AtomicInteger();
        AtomicInteger until = new AtomicInteger(-1);
        SoftTimer timer = SoftTimer.of(runtime, t -> until.set(items.get()));
        runtimes.doNotCountRuns();
        queue.queue(runtimes.item(item -> timer.modAfter(Duration.ofMillis(1))));
        for (int i = 0; i < 100; i++) {
            queue.queue(runtimes.item(item -> {
                items.incrementAndGet();
                burn(MS);
            }));
        }
        gate.open();
        Await.until("the timer expires", () -> until.get() >= 0);
        assertTrue(until.get() <= 20, until + " items went before it");
    }

    /** Short items without end, each of which queues the next. */
    @Test
    void timers_expire_beside_short_items() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue queue = runtime.system();
        Gate gate = runtimes.gate();
        Item[] items = new Item[4];
        for (int i = 0; i < items.length; i++) {
            items[i] = runtimes.item(item -> {
                if (!gate.isOpen()) {
                    queue.queue(item);
                }
            });
            queue.queue(items[i]);
        }
        runtimes.doNotCountRuns();
        AtomicInteger expired = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            SoftTimer.of(runtime, t -> expired.incrementAndGet()).modAfter(Duration.ofNanos(i * 100_000L));
        }
        Await.until("all have expired", () -> expired.get() == 100);
        gate.open();
    }

    /** G28: the hog loses its CPU to what the timer has queued, whether the timer was armed here or elsewhere. */
    @Test
    void timers_expire_though_a_handler_does_not_come_back() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu())
                .cpuIntensiveThreshold(Duration.ofMillis(10)));
        Workqueue queue = runtime.system();
        AtomicInteger expired = new AtomicInteger();
        runtimes.doNotCountRuns();
        Gate gate = runtimes.gate();
        Item hog = runtimes.item(item -> {
            SoftTimer.of(runtime, t -> expired.incrementAndGet()).modAfter(Duration.ofMillis(1));
            gate.burn();
        });
        queue.queue(hog);
        Await.until("its own timer expires", () -> expired.get() == 1);
        assertTrue(hog.isRunning());
        gate.open(); // in fallback two hogs would keep all threads that the JDK has for handlers
        hog.flush();
        Gate second = runtimes.occupy(queue, RuntimeExtension.firstCpu());
        SoftTimer.of(runtime, t -> expired.incrementAndGet()).modAfter(Duration.ofMillis(1));
        Await.until("one that was armed from elsewhere expires", () -> expired.get() == 2);
        second.open();
    }

    /** A handler that arms and cancels all the time is in the engine for moments, and hogs its CPU all the same. */
    @Test
    void a_handler_that_arms_timers_all_the_time_loses_its_cpu() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu())
                .cpuIntensiveThreshold(Duration.ofMillis(10)));
        Workqueue queue = runtime.system();
        Gate gate = runtimes.gate();
        DelayedWork work = DelayedWork.of(item -> {});
        Item hog = runtimes.item(item -> {
            while (!gate.isOpen()) {
                queue.queueDelayed(work, HOUR);
                work.cancel();
            }
        });
        queue.queue(hog);
        Await.until("it runs", () -> hog.runs() == 1);
        Item next = runtimes.item();
        queue.queue(next);
        Await.until("the next one runs", () -> next.runs() == 1);
        assertTrue(hog.isRunning());
        gate.open();
        hog.flush();
        assertFalse(work.isPending());
    }

    /** A handler on a carrier that has lost its CPU arms timers there all the same. */
    @Test
    void a_handler_that_has_lost_its_cpu_arms_timers_and_sleeps() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu())
                .cpuIntensiveThreshold(Duration.ofMillis(5)));
        Workqueue queue = runtime.system();
        Gate gate = runtimes.gate();
        AtomicInteger expired = new AtomicInteger();
        AtomicLong slept = new AtomicLong(-1);
        DelayedWork work = DelayedWork.of(item -> expired.incrementAndGet());
        Item hog = runtimes.item(item -> {
            gate.burn();
            queue.queueDelayed(work, 2 * MS);
            long start = System.nanoTime();
            Thread.sleep(3);
            slept.set(System.nanoTime() - start);
            queue.modDelayed(work, 2 * MS);
        });
        queue.queue(hog);
        Await.until("it runs", () -> hog.runs() == 1);
        Item next = runtimes.item();
        queue.queue(next);
        next.flush();
        gate.open();
        hog.flush();
        assertTrue(slept.get() >= 3 * MS);
        Await.until("the timer expires", () -> expired.get() >= 1 && !work.isBusy());
        runtimes.doNotCountRuns();
    }

    @Test
    void timers_expire_while_a_strategy_of_the_users_idles() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu())
                .idleStrategy(() -> new SleepingMillisIdleStrategy(1)));
        AtomicInteger expired = new AtomicInteger();
        runtimes.doNotCountRuns();
        for (int i = 1; i <= 20; i++) {
            int expected = i;
            long deadline = System.nanoTime() + i * MS / 4;
            AtomicLong at = new AtomicLong();
            SoftTimer.of(runtime, t -> {
                at.set(System.nanoTime());
                expired.incrementAndGet();
            }).mod(deadline);
            Await.until("it expires", () -> expired.get() == expected);
            assertTrue(at.get() - deadline >= 0);
        }
    }

    // ---- sleeping handlers ----

    /** Each kind of timed wait ends by its time, and not before. */
    @Test
    void every_kind_of_timed_wait_in_a_handler_lasts_its_time() throws Exception {
        WorkRuntime runtime = runtimes.oneCpu();
        Object monitor = new Object();
        Semaphore none = new Semaphore(0);
        SynchronousQueue<Object> empty = new SynchronousQueue<>();
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            List<Work.Handler> waits = List.of(
                    item -> Thread.sleep(5),
                    item -> {
                        long end = System.nanoTime() + 5 * MS;
                        while (System.nanoTime() - end < 0) {
                            LockSupport.parkNanos(end - System.nanoTime());
                        }
                    },
                    item -> {
                        synchronized (monitor) {
                            monitor.wait(5);
                        }
                    },
                    item -> assertFalse(none.tryAcquire(5, TimeUnit.MILLISECONDS)),
                    item -> assertEquals(null, empty.poll(5, TimeUnit.MILLISECONDS)),
                    item -> {
                        try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                            socket.setSoTimeout(5);
                            InputStream in = socket.getInputStream();
                            assertThrows(SocketTimeoutException.class, in::read);
                        }
                    },
                    item -> {
                        try (SocketChannel channel = SocketChannel.open(
                                new InetSocketAddress(server.getInetAddress(), server.getLocalPort()))) {
                            channel.socket().setSoTimeout(5);
                            InputStream in = channel.socket().getInputStream();
                            assertThrows(SocketTimeoutException.class, in::read);
                        }
                    });
            List<Item> all = new ArrayList<>();
            AtomicInteger early = new AtomicInteger();
            for (Work.Handler wait : waits) {
                Item item = runtimes.item(self -> {
                    long start = System.nanoTime();
                    wait.run(self);
                    if (System.nanoTime() - start < 5 * MS) {
                        early.incrementAndGet();
                    }
                });
                all.add(item);
                runtime.system().queue(item);
            }
            all.forEach(Work::flush);
            assertEquals(0, early.get());
        }
    }

    /** A sleeper that is woken before its time leaves the wheel. */
    @Test
    void unparked_and_interrupted_and_notified_sleepers_wake_at_once_and_leave_the_wheel() {
        WorkRuntime runtime = runtimes.oneCpu();
        Object monitor = new Object();
        List<Thread> threads = new ArrayList<>();
        List<Work.Handler> waits = List.of(
                item -> LockSupport.parkNanos(HOUR),
                item -> {
                    assertThrows(InterruptedException.class, () -> Thread.sleep(HOUR / MS));
                },
                item -> {
                    synchronized (monitor) {
                        monitor.wait(HOUR / MS);
                    }
                });
        List<Item> all = new ArrayList<>();
        for (int round = 0; round < 50; round++) {
            threads.clear();
            all.clear();
            for (Work.Handler wait : waits) {
                Item item = runtimes.item(self -> {
                    synchronized (threads) {
                        threads.add(Thread.currentThread());
                    }
                    wait.run(self);
                });
                all.add(item);
                runtime.system().queue(item);
            }
            Await.until("all sleep", () -> {
                synchronized (threads) {
                    return threads.size() == waits.size()
                            && threads.stream().allMatch(thread -> thread.getState() == Thread.State.TIMED_WAITING);
                }
            });
            LockSupport.unpark(threads.get(0));
            threads.get(1).interrupt();
            synchronized (monitor) {
                monitor.notifyAll();
            }
            all.forEach(Work::flush);
        }
        Await.until("the wheels are empty", () -> {
            Item item = runtimes.item();
            runtime.system().queue(item);
            item.flush();
            return runtime.cpuArray()[0].timers.size() == 0;
        });
    }

    /** Waits that end by their time and waits that are ended before it, one after the other, with one object. */
    @Test
    void a_worker_uses_its_sleep_again() {
        WorkRuntime runtime = runtimes.oneCpu();
        Semaphore permits = new Semaphore(0);
        AtomicInteger early = new AtomicInteger();
        Set<Object> sleeps = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
        int rounds = 20;
        Item item = runtimes.item(self -> {
            threads.add(Thread.currentThread());
            for (int i = 0; i < rounds; i++) {
                assertTrue(permits.tryAcquire(HOUR, TimeUnit.NANOSECONDS));
                long start = System.nanoTime();
                Thread.sleep(2);
                if (System.nanoTime() - start < 2 * MS) {
                    early.incrementAndGet();
                }
                if (Run.current() instanceof Worker worker && worker.sleep != null) {
                    sleeps.add(worker.sleep);
                }
            }
        });
        runtime.system().queue(item);
        for (int i = 0; i < rounds; i++) {
            Await.until("it waits", () -> !threads.isEmpty() && permits.hasQueuedThreads()
                    && threads.getFirst().getState() == Thread.State.TIMED_WAITING);
            permits.release();
        }
        item.flush();
        assertEquals(0, early.get());
        assertEquals(TestMode.isCarrier() ? 1 : 0, sleeps.size());
    }

    /** Sleepers of a CPU that is taken away, goes offline and comes back all wake, and none early. */
    @Test
    void sleepers_wake_during_take_overs_and_while_their_cpu_is_offline() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpuIntensiveThreshold(Duration.ofMillis(2)));
        Workqueue queue = runtimes.queue(runtime, "sleepers");
        AtomicInteger awake = new AtomicInteger();
        AtomicInteger early = new AtomicInteger();
        int sleepers = 300;
        for (int i = 0; i < sleepers; i++) {
            int ms = 1 + i % 40;
            int cpu = i % 2 == 0 ? RuntimeExtension.firstCpu() : RuntimeExtension.lastCpu();
            queue.queueOn(cpu, runtimes.item(item -> {
                for (int n = 0; n < 3; n++) {
                    long start = System.nanoTime();
                    Thread.sleep(ms);
                    if (System.nanoTime() - start < ms * MS) {
                        early.incrementAndGet();
                    }
                    if (ms % 10 == 0) {
                        burn(5 * MS);
                    }
                }
                awake.incrementAndGet();
            }));
        }
        if (runtime.cpus().length > 1) {
            runtime.cpuOffline(RuntimeExtension.lastCpu());
            Await.until("half of them are over", () -> awake.get() > sleepers / 2);
            runtime.cpuOnline(RuntimeExtension.lastCpu());
        }
        Await.until("all are over", () -> awake.get() == sleepers);
        assertEquals(0, early.get());
    }

    /** A thread that a handler has started goes on sleeping when its runtime has been closed. */
    @Test
    void threads_of_handlers_that_sleep_outlive_the_runtime() {
        WorkRuntime runtime = runtimes.runtime();
        int count = 20;
        CountDownLatch begun = new CountDownLatch(count);
        CountDownLatch over = new CountDownLatch(count);
        AtomicInteger early = new AtomicInteger();
        runtime.system().queue(runtimes.item(item -> {
            for (int i = 0; i < count; i++) {
                int n = i;
                Thread.startVirtualThread(() -> {
                    begun.countDown();
                    for (int ms : new int[] {20 + n, 1, 30}) {
                        long start = System.nanoTime();
                        try {
                            Thread.sleep(ms);
                        } catch (InterruptedException e) {
                            early.incrementAndGet();
                        }
                        if (System.nanoTime() - start < ms * MS) {
                            early.incrementAndGet();
                        }
                    }
                    over.countDown();
                });
            }
        }));
        Await.open("they sleep", begun);
        runtime.close();
        Await.open("they have woken", over);
        assertEquals(0, early.get());
    }

    // ---- idle, and memory ----

    /** A runtime with nothing but a timer an hour away sleeps: its threads use no CPU. */
    @Test
    void a_runtime_that_waits_for_a_far_timer_sleeps() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue queue = runtimes.queue(runtime, "far");
        DelayedWork work = DelayedWork.of(item -> {});
        for (Cpu cpu : runtime.cpuArray()) {
            queue.queueOn(cpu.number, runtimes.item(item -> {}));
        }
        queue.queueDelayed(work, HOUR);
        queue.flush();
        for (Cpu cpu : runtime.cpuArray()) {
            Await.until("CPU " + cpu.number + " sleeps", () -> cpu.doorbell.isAsleep());
            Await.never("it wakes", () -> !cpu.doorbell.isAsleep());
        }
        assertTrue(work.cancel());
    }

    /** Issue 5, 1: what is cancelled does not pile up, neither in a wheel nor on the way there. */
    @Test
    void foreign_arms_and_cancels_of_fresh_items_keep_memory_flat() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue queue = runtimes.queue(runtime, "fresh");
        int most = 0;
        for (int i = 1; i <= 500_000; i++) {
            DelayedWork work = DelayedWork.of(item -> {});
            assertTrue(queue.queueDelayed(work, HOUR));
            if (i % 3 == 0) {
                queue.modDelayed(work, 2 * HOUR);
            }
            assertTrue(work.cancel());
            if (i % 1_000 == 0) {
                for (Cpu cpu : runtime.cpuArray()) {
                    most = Math.max(most, cpu.timers.size());
                }
            }
        }
        assertTrue(most <= 10_000, most + " alarms at a time");
        for (Cpu cpu : runtime.cpuArray()) {
            Item item = runtimes.item();
            queue.queueOn(cpu.number, item);
            item.flush();
            Await.until("its wheels are empty", () -> {
                Item next = runtimes.item();
                queue.queueOn(cpu.number, next);
                next.flush();
                return cpu.timers.size() == 0 && !cpu.timers.hasOperations();
            });
        }
    }

    /** An item that goes from runtime to runtime, armed here and there, and closed in between. */
    @Test
    void an_item_armed_in_two_runtimes_in_turn_is_never_lost() {
        AtomicInteger runs = new AtomicInteger();
        DelayedWork work = DelayedWork.of(item -> runs.incrementAndGet());
        WorkRuntime lasting = runtimes.runtime();
        runtimes.doNotCountRuns();
        for (int round = 1; round <= 50; round++) {
            int expected = round;
            try (WorkRuntime brief = RuntimeExtension.builder().build()) {
                assertTrue(brief.system().queueDelayed(work, HOUR));
                assertTrue(lasting.system().modDelayed(work, HOUR));
                assertTrue(brief.system().modDelayed(work, HOUR));
                if (round % 2 == 0) {
                    assertTrue(lasting.system().modDelayed(work, HOUR));
                }
            }
            assertEquals(round % 2 == 0, work.isPending());
            assertEquals(round % 2 == 0, lasting.system().modDelayed(work, MS));
            Await.until("it runs", () -> runs.get() == expected && !work.isBusy());
        }
    }
}
