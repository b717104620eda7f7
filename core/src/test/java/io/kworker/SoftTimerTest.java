// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Timers: semantics 3.2. */
@Timeout(60)
class SoftTimerTest {
    private static final long MS = 1_000_000;
    private static final long HOUR = 3_600_000_000_000L;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private WorkRuntime runtime;
    private final AtomicInteger calls = new AtomicInteger();

    @BeforeEach
    void start() {
        runtime = runtimes.runtime();
        runtimes.doNotCountRuns();
    }

    private SoftTimer counting() {
        return SoftTimer.of(runtime, timer -> calls.incrementAndGet());
    }

    private static long in(long nanos) {
        return System.nanoTime() + nanos;
    }

    /** M2, M11, J17. */
    @Test
    void it_expires_at_its_deadline_and_never_before() {
        for (long delay = 1; delay < 100 * MS; delay *= 3) {
            CountDownLatch done = new CountDownLatch(1);
            AtomicLong at = new AtomicLong();
            SoftTimer timer = SoftTimer.of(runtime, t -> {
                at.set(System.nanoTime());
                done.countDown();
            });
            long deadline = in(delay);
            assertFalse(timer.mod(deadline));
            Await.open("the timer expires", done);
            assertTrue(at.get() - deadline >= 0, "early by " + (deadline - at.get()));
        }
    }

    /** M11. */
    @Test
    void a_deadline_that_is_past_comes_at_once() {
        SoftTimer timer = counting();
        assertFalse(timer.mod(in(-HOUR)));
        Await.until("it expires", () -> calls.get() == 1);
        assertFalse(timer.modAfter(Duration.ofSeconds(-1)));
        Await.until("it expires", () -> calls.get() == 2);
    }

    /** M2, M6, M10. */
    @Test
    void mod_says_whether_it_was_pending_and_delete_too() {
        SoftTimer timer = counting();
        assertFalse(timer.isPending());
        assertFalse(timer.delete());
        assertFalse(timer.mod(in(HOUR)));
        assertTrue(timer.isPending());
        assertTrue(timer.mod(in(2 * HOUR)));
        assertTrue(timer.delete());
        assertFalse(timer.isPending());
        assertEquals(0, calls.get());
    }

    /** M3. */
    @Test
    void modPending_never_starts_it() {
        SoftTimer timer = counting();
        assertFalse(timer.modPending(in(MS)));
        assertFalse(timer.isPending());
        timer.mod(in(HOUR));
        assertTrue(timer.modPending(in(MS)));
        Await.until("it expires", () -> calls.get() == 1);
    }

    /** M4. */
    @Test
    void reduce_only_makes_it_earlier_and_starts_it_if_inactive() {
        SoftTimer timer = counting();
        assertFalse(timer.reduce(in(HOUR)));
        assertTrue(timer.reduce(in(2 * HOUR)));
        assertTrue(timer.isPending());
        assertTrue(timer.reduce(in(MS)));
        Await.until("it expires", () -> calls.get() == 1);
        timer.mod(in(5 * MS));
        assertTrue(timer.reduce(in(HOUR)) || calls.get() == 2);
        Await.until("it expires", () -> calls.get() >= 2);
        timer.delete();
    }

    /** M12. */
    @Test
    void the_callback_may_arm_its_own_timer_which_is_not_pending_then() {
        CountDownLatch done = new CountDownLatch(100);
        AtomicBoolean wasPending = new AtomicBoolean();
        SoftTimer timer = SoftTimer.of(runtime, t -> {
            if (t.isPending()) {
                wasPending.set(true);
            }
            done.countDown();
            if (done.getCount() > 0) {
                t.mod(System.nanoTime() + 10_000);
            }
        });
        timer.mod(in(0));
        Await.open("it has expired a hundred times", done);
        assertFalse(wasPending.get());
    }

    /** M8, M15, R76. */
    @Test
    void deleteSync_ends_a_timer_that_arms_itself() {
        for (int i = 0; i < 200; i++) {
            SoftTimer timer = SoftTimer.of(runtime, t -> {
                calls.incrementAndGet();
                t.mod(System.nanoTime());
            });
            timer.mod(in(0));
            int before = calls.get();
            Await.until("it expires", () -> calls.get() > before);
            timer.deleteSync();
            int after = calls.get();
            assertFalse(timer.isPending());
            assertFalse(timer.isRunning());
            assertEquals(after, calls.get());
        }
    }

    /** M9. */
    @Test
    void after_a_shutdown_nobody_arms_it() {
        SoftTimer timer = counting();
        timer.mod(in(HOUR));
        assertTrue(timer.shutdown());
        assertFalse(timer.shutdown());
        assertFalse(timer.mod(in(0)));
        assertFalse(timer.reduce(in(0)));
        assertFalse(timer.modPending(in(0)));
        assertFalse(timer.isPending());
        assertFalse(timer.shutdownSync());
        Await.never("it expires", () -> calls.get() > 0);
    }

    @Test
    void deleteSync_in_its_own_callback_is_refused() {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        SoftTimer timer = SoftTimer.of(runtime, t -> {
            try {
                t.deleteSync();
            } catch (WorkDeadlockException e) {
                thrown.set(e);
            }
        });
        timer.mod(in(0));
        Await.until("it has thrown", () -> thrown.get() != null);
    }

    /** M17: the timer queues the work, and the work arms the timer. */
    @Test
    void a_cycle_of_timer_and_work_is_ended_by_shutting_the_timer_down_first() {
        Workqueue queue = runtimes.queue(runtime, "work");
        AtomicReference<SoftTimer> timer = new AtomicReference<>();
        Work work = Work.of(item -> {
            calls.incrementAndGet();
            timer.get().mod(System.nanoTime() + 10_000);
        });
        timer.set(SoftTimer.of(runtime, t -> queue.queue(work)));
        timer.get().mod(in(0));
        Await.until("it has gone round", () -> calls.get() > 10);
        timer.get().shutdownSync();
        work.cancelSync();
        int after = calls.get();
        assertFalse(work.isBusy());
        assertFalse(timer.get().isPending());
        Await.never("it goes on", () -> calls.get() != after);
    }

    @Test
    void a_deferrable_one_waits_until_the_cpu_is_awake() {
        SoftTimer timer = SoftTimer.deferrable(runtime, t -> calls.incrementAndGet());
        int cpu = RuntimeExtension.firstCpu();
        timer.modOn(cpu, in(MS));
        Workqueue queue = runtimes.queue(runtime, "work");
        Await.until("it expires, since the CPU is woken", () -> {
            queue.queueOn(cpu, Work.of(item -> {}));
            return calls.get() == 1;
        });
    }

    /** M1: it expires when its CPU is woken, and not before that. */
    @Test
    void a_deferrable_one_does_not_wake_its_cpu() {
        Cpu cpu = runtime.cpuArray()[0];
        SoftTimer timer = SoftTimer.deferrable(runtime, t -> calls.incrementAndGet());
        Await.until("the CPU sleeps", cpu.doorbell::isAsleep);
        timer.modOn(cpu.number, in(MS));
        Await.never("it expires", () -> calls.get() > 0);
        assertTrue(timer.isPending());
        Workqueue queue = runtimes.queue(runtime, "work");
        Await.until("it expires", () -> {
            queue.queueOn(cpu.number, Work.of(item -> {}));
            return calls.get() == 1;
        });
    }

    /** M13: each start, told by a false, is a callback or was taken back. */
    @Test
    void of_several_threads_that_arm_it_one_wins() {
        SoftTimer timer = counting();
        AtomicInteger started = new AtomicInteger();
        AtomicInteger takenBack = new AtomicInteger();
        TestThreads.together(4, thread -> {
            for (int i = 0; i < 2_000; i++) {
                if (i % 5 == thread) {
                    takenBack.addAndGet(timer.delete() ? 1 : 0);
                } else if (!timer.mod(in(i % 3 * 100_000L))) {
                    started.incrementAndGet();
                }
            }
        });
        takenBack.addAndGet(timer.deleteSync() ? 1 : 0);
        assertFalse(timer.isPending() || timer.isRunning());
        assertEquals(started.get(), calls.get() + takenBack.get());
    }

    /** M5: {@code add_timer_on}. */
    @Test
    void it_expires_on_the_cpu_that_was_named() {
        for (int cpu : runtime.cpus()) {
            AtomicReference<String> name = new AtomicReference<>();
            SoftTimer timer = SoftTimer.of(runtime, t -> name.set(Thread.currentThread().getName()));
            timer.modOn(cpu, in(MS));
            Await.until("it expires", () -> name.get() != null);
            assertTrue(name.get().startsWith("kworker/" + cpu + ":"), name.get());
        }
        assertThrows(IllegalArgumentException.class, () -> counting().modOn(1 << 20, in(0)));
    }

    /** M9, M12, M18: the callback may end its own timer. */
    @Test
    void the_callback_may_shut_its_own_timer_down() {
        SoftTimer timer = SoftTimer.of(runtime, t -> {
            t.mod(in(0));
            t.shutdown();
            calls.incrementAndGet();
        });
        timer.mod(in(0));
        Await.until("it expires", () -> calls.get() == 1);
        timer.shutdownSync();
        assertFalse(timer.mod(in(0)));
        Await.never("it expires again", () -> calls.get() > 1);
    }

    /** M8, M9: the two that wait return after the callback. */
    @Test
    void deleteSync_and_shutdownSync_wait_for_the_callback() {
        for (int i = 0; i < 2; i++) {
            boolean isShutdown = i == 1;
            Gate gate = runtimes.gate();
            AtomicBoolean isOver = new AtomicBoolean();
            CountDownLatch entered = new CountDownLatch(1);
            SoftTimer timer = SoftTimer.of(runtime, t -> {
                entered.countDown();
                gate.burn();
                isOver.set(true);
            });
            timer.mod(in(0));
            Await.open("the callback runs", entered);
            assertTrue(timer.isRunning());
            assertFalse(timer.isPending());
            TestThreads.Started waiter = TestThreads.start(() -> {
                assertFalse(isShutdown ? timer.shutdownSync() : timer.deleteSync());
                assertTrue(isOver.get());
            });
            Await.until("somebody waits", () -> waiter.thread.getState() == Thread.State.WAITING);
            assertFalse(timer.mod(in(0)));
            gate.open();
            waiter.join();
            timer.mod(in(HOUR));
            assertEquals(!isShutdown, timer.isPending());
            timer.delete();
        }
    }

    /** J11: what a callback throws is logged, and timers go on. */
    @Test
    void a_callback_that_throws_does_no_harm() {
        SoftTimer timer = SoftTimer.of(runtime, t -> {
            if (calls.incrementAndGet() < 3) {
                t.mod(in(0));
            }
            throw new IllegalStateException("meant to");
        });
        timer.mod(in(0));
        Await.until("it has thrown three times", () -> calls.get() == 3);
        timer.deleteSync();
    }

    @Test
    void closing_the_runtime_takes_it_back() {
        SoftTimer timer = counting();
        timer.mod(in(HOUR));
        runtime.close();
        assertFalse(timer.isPending());
        assertThrows(RejectedExecutionException.class, () -> timer.mod(in(HOUR)));
        assertFalse(timer.isPending());
    }

    @Test
    void a_thousand_timers_armed_from_everywhere_all_expire_once() {
        int count = 1_000;
        AtomicInteger[] seen = new AtomicInteger[count];
        for (int i = 0; i < count; i++) {
            AtomicInteger mine = new AtomicInteger();
            seen[i] = mine;
            SoftTimer timer = SoftTimer.of(runtime, t -> mine.incrementAndGet());
            long delay = i % 50 * 200_000L;
            if (i % 2 == 0) {
                timer.mod(in(delay));
            } else {
                runtime.system().queue(Work.of(item -> timer.mod(in(delay))));
            }
        }
        for (AtomicInteger one : seen) {
            Await.until("it has expired", () -> one.get() == 1);
        }
    }
}
