// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Delayed work: semantics 2.6. */
@Timeout(60)
class DelayedWorkTest {
    private static final long MS = 1_000_000;
    private static final long HOUR = 3_600_000_000_000L;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private WorkRuntime runtime;
    private Workqueue queue;

    @BeforeEach
    void open() {
        runtime = runtimes.runtime();
        queue = runtimes.queue(runtime, "delayed");
        runtimes.doNotCountRuns();
    }

    /** G43. */
    @Test
    void without_a_delay_it_is_queued_before_the_call_returns() {
        DelayedWork work = DelayedWork.of(item -> {});
        assertTrue(queue.queueDelayed(work, 0));
        assertFalse(work.isTimed());
        work.flush();
        assertTrue(queue.queueDelayed(work, -5));
        work.flush();
        assertFalse(work.isBusy());
    }

    /** J17. */
    @Test
    void it_runs_after_the_delay_and_never_before() throws InterruptedException {
        for (long delay = 1; delay < 100 * MS; delay *= 3) {
            CountDownLatch done = new CountDownLatch(1);
            AtomicLong at = new AtomicLong();
            DelayedWork work = DelayedWork.of(item -> {
                at.set(System.nanoTime());
                done.countDown();
            });
            long start = System.nanoTime();
            assertTrue(queue.queueDelayed(work, delay));
            assertTrue(done.await(20, TimeUnit.SECONDS));
            assertTrue(at.get() - start >= delay, "early by " + (delay - (at.get() - start)));
        }
    }

    /** A13, A9. */
    @Test
    void while_it_waits_it_is_pending_and_its_delay_is_not_changed() {
        DelayedWork work = DelayedWork.of(item -> {});
        assertTrue(queue.queueDelayed(work, HOUR));
        assertTrue(work.isPending());
        assertTrue(work.isTimed());
        assertFalse(queue.queueDelayed(work, MS));
        assertFalse(queue.queue(work));
        assertTrue(work.isTimed());
        assertTrue(work.cancel());
        assertFalse(work.isPending());
        assertFalse(work.cancel());
    }

    /** A21, A22. */
    @Test
    void flush_ignores_the_timer_and_flushDelayed_ends_it() {
        AtomicInteger runs = new AtomicInteger();
        DelayedWork work = DelayedWork.of(item -> runs.incrementAndGet());
        queue.queueDelayed(work, HOUR);
        assertFalse(work.flush());
        assertTrue(work.flushDelayed());
        assertEquals(1, runs.get());
        assertFalse(work.flushDelayed());
    }

    /** A14, G46. */
    @Test
    void mod_retimes_an_idle_a_timed_and_a_queued_item() throws InterruptedException {
        AtomicInteger runs = new AtomicInteger();
        DelayedWork work = DelayedWork.of(item -> runs.incrementAndGet());
        assertFalse(queue.modDelayed(work, HOUR));
        assertTrue(queue.modDelayed(work, HOUR));
        assertTrue(queue.modDelayed(work, 0));
        work.flush();
        assertEquals(1, runs.get());

        Workqueue one = runtime.workqueue("one").maxActive(1).build();
        Gate gate = runtimes.gate();
        int cpu = RuntimeExtension.firstCpu();
        one.queueOn(cpu, Work.of(item -> gate.pass()));
        one.queueOn(cpu, work);
        assertTrue(one.modDelayedOn(cpu, work, HOUR));
        assertTrue(work.isTimed());
        gate.open();
        one.flush();
        assertEquals(1, runs.get());
        assertTrue(work.cancel());
    }

    /** J5. */
    @Test
    void mod_leaves_a_disabled_item_alone() {
        DelayedWork work = DelayedWork.of(item -> {});
        work.disable();
        assertFalse(queue.modDelayed(work, 0));
        assertFalse(queue.modDelayed(work, HOUR));
        assertFalse(work.isPending());
        work.enable();
    }

    @Test
    void disable_takes_back_the_timer() {
        DelayedWork work = DelayedWork.of(item -> {});
        queue.queueDelayed(work, HOUR);
        assertTrue(work.disable());
        assertFalse(queue.queueDelayed(work, MS));
        assertTrue(work.enableAndQueue(queue));
        work.flush();
        queue.queueDelayed(work, HOUR);
        assertTrue(work.disableSync());
        work.enable();
        queue.queueDelayed(work, HOUR);
        assertTrue(work.cancelSync());
        assertFalse(work.isPending());
    }

    @Test
    void arming_in_a_handler_stays_on_its_cpu() throws InterruptedException {
        for (int cpu : runtime.cpus()) {
            CountDownLatch done = new CountDownLatch(20);
            AtomicReference<String> wrong = new AtomicReference<>();
            DelayedWork work = DelayedWork.of(item -> {
                if (!Thread.currentThread().getName().startsWith("kworker/" + cpu + ":")) {
                    wrong.set(Thread.currentThread().getName());
                }
                done.countDown();
                if (done.getCount() > 0) {
                    queue.queueDelayed((DelayedWork) item, MS);
                }
            });
            queue.queueDelayedOn(cpu, work, MS);
            assertTrue(done.await(20, TimeUnit.SECONDS));
            assertEquals(null, wrong.get());
        }
    }

    /** J2. */
    @Test
    void close_takes_back_timers_and_a_later_one_is_rejected() {
        List<DelayedWork> all = new ArrayList<>();
        Workqueue closing = runtime.workqueue("closing").build();
        for (int i = 0; i < 100; i++) {
            DelayedWork work = DelayedWork.of(item -> {});
            all.add(work);
            closing.queueDelayedOn(runtime.cpus()[i % runtime.cpus().length], work, HOUR);
        }
        DelayedWork other = DelayedWork.of(item -> {});
        queue.queueDelayed(other, HOUR);
        closing.close();
        for (DelayedWork work : all) {
            assertFalse(work.isPending());
        }
        assertEquals(100, closing.stats().timersCancelled());
        assertTrue(other.isTimed());
        assertThrows(RejectedExecutionException.class, () -> closing.queueDelayed(all.getFirst(), HOUR));
        assertThrows(RejectedExecutionException.class, () -> closing.modDelayed(all.getFirst(), 0));
        assertFalse(all.getFirst().isPending());
        assertTrue(other.cancel());
    }

    @Test
    void a_recurring_item_keeps_its_rate_without_drift() throws InterruptedException {
        int runs = 50;
        CountDownLatch done = new CountDownLatch(runs);
        List<Long> at = new ArrayList<>();
        DelayedWork work = DelayedWork.of(item -> {
            at.add(System.nanoTime());
            done.countDown();
        });
        long start = System.nanoTime();
        assertTrue(queue.queueEvery(work, Duration.ofMillis(5)));
        assertFalse(queue.queueEvery(work, Duration.ofMillis(7)));
        assertTrue(done.await(20, TimeUnit.SECONDS));
        work.cancelSync(); // false where it meets the item in a run
        assertFalse(work.isBusy());
        int seen = at.size();
        for (int i = 0; i < seen; i++) {
            assertTrue(at.get(i) - start >= (i + 1) * 5 * MS, "run " + i + " was early");
        }
        assertTrue(work.overruns() + seen >= runs);
    }

    @Test
    void a_recurring_item_that_takes_too_long_leaves_runs_out() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(3);
        DelayedWork work = DelayedWork.of(item -> {
            Thread.sleep(20);
            done.countDown();
        });
        queue.queueEvery(work, Duration.ofMillis(5));
        assertTrue(done.await(20, TimeUnit.SECONDS));
        assertTrue(work.cancelSync() || !work.isBusy());
        assertFalse(work.isBusy());
        assertTrue(work.overruns() >= 6, "only " + work.overruns());
    }

    /** Issue 5, 4: wherever in its cycle it is met, there is no run after cancelSync. */
    @Test
    void after_cancelSync_a_recurring_item_has_no_stray_run() {
        for (int round = 0; round < 100; round++) {
            AtomicInteger runs = new AtomicInteger();
            DelayedWork work = DelayedWork.of(item -> runs.incrementAndGet());
            assertTrue(queue.queueEvery(work, 200_000));
            int least = round % 4;
            Await.until("it has run", () -> runs.get() >= least);
            work.cancelSync();
            int seen = runs.get();
            assertFalse(work.isBusy());
            if (round % 10 == 0) {
                Await.never("it runs again", () -> runs.get() != seen);
            }
            assertEquals(seen, runs.get());
        }
    }

    /** Cancelled by its own handler, and begun anew there. */
    @Test
    void a_recurring_item_ends_itself_and_may_begin_anew() {
        AtomicInteger runs = new AtomicInteger();
        DelayedWork work = DelayedWork.of(item -> {
            if (runs.incrementAndGet() % 5 == 0) {
                item.cancel();
            }
        });
        for (int round = 1; round <= 5; round++) {
            assertTrue(queue.queueEvery(work, MS / 2));
            int last = 5 * round;
            Await.until("it has run five times", () -> runs.get() == last && !work.isBusy());
        }
        Await.never("it goes on", () -> runs.get() != 25);
    }

    /** J2: closing during a run ends it; J11: an exception does not. */
    @Test
    void a_recurring_item_survives_its_exceptions_and_not_its_workqueue() {
        AtomicInteger failures = new AtomicInteger();
        Workqueue closing = runtime.workqueue("closing")
                .exceptionHandler((item, thrown) -> failures.incrementAndGet())
                .build();
        DelayedWork work = DelayedWork.of(item -> {
            throw new IllegalStateException("meant to");
        });
        DelayedWork slow = DelayedWork.of(item -> Thread.sleep(3));
        closing.queueEvery(work, MS / 2);
        closing.queueEvery(slow, MS);
        Await.until("it has failed often", () -> failures.get() > 20);
        closing.close();
        int seen = failures.get();
        assertFalse(work.isBusy() || slow.isBusy());
        Await.never("it goes on", () -> failures.get() != seen);
        assertTrue(queue.queue(work));
        work.flush();
        assertFalse(work.isBusy());
    }

    /** J2, G49: what expires during a drain is reported, and the item idle; so with one that recurs. */
    @Test
    void a_timer_that_expires_during_a_drain_is_reported() {
        AtomicReference<Throwable> reported = new AtomicReference<>();
        Workqueue draining = runtimes.queue(runtime.workqueue("draining")
                .exceptionHandler((item, thrown) -> reported.compareAndSet(null, thrown)));
        Gate gate = runtimes.gate();
        AtomicInteger runs = new AtomicInteger();
        Work holder = Work.of(item -> gate.pass());
        draining.queue(holder);
        DelayedWork work = DelayedWork.of(item -> runs.incrementAndGet());
        TestThreads.Started drainer = TestThreads.start(draining::drain);
        Await.until("it drains", () -> {
            try {
                boolean queued = draining.queueDelayed(work, 30 * MS);
                work.cancel();
                return !queued;
            } catch (RejectedExecutionException e) {
                return true;
            }
        });
        AtomicReference<DelayedWork> chained = new AtomicReference<>();
        gate.open();
        drainer.join();
        Workqueue second = runtimes.queue(runtime.workqueue("second")
                .exceptionHandler((item, thrown) -> reported.compareAndSet(null, thrown)));
        Gate inside = runtimes.gate();
        chained.set(DelayedWork.of(item -> runs.incrementAndGet()));
        second.queueDelayed(chained.get(), 20 * MS);
        second.queue(Work.of(item -> inside.pass()));
        TestThreads.Started again = TestThreads.start(second::drain);
        Await.until("the timer has expired", () -> !chained.get().isPending());
        inside.open();
        again.join();
        Await.until("it is reported, or was queued before the drain",
                () -> runs.get() == 1 || reported.get() instanceof RejectedExecutionException);
        assertFalse(chained.get().isBusy());
    }

    /** J6: an item that could only start after the handler which waits for it, wherever its timer lay. */
    @Test
    void flushDelayed_of_an_item_that_needs_the_slot_of_its_caller_is_refused() {
        Workqueue one = runtimes.queue(runtime.workqueue("one").ordered());
        for (int cpu : runtime.cpus()) {
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            AtomicInteger runs = new AtomicInteger();
            DelayedWork work = DelayedWork.of(item -> runs.incrementAndGet());
            assertTrue(one.queueDelayedOn(cpu, work, HOUR));
            Work waiting = Work.of(item -> {
                try {
                    work.flushDelayed();
                } catch (WorkDeadlockException e) {
                    thrown.set(e);
                }
            });
            one.queue(waiting);
            waiting.flush();
            assertTrue(thrown.get() instanceof WorkDeadlockException);
            work.flush();
            assertEquals(1, runs.get());
        }
    }

    /** G48 does not hold here: the timers of a CPU that is offline expire on those that are left. */
    @Test
    void the_timer_of_a_cpu_that_is_offline_expires() {
        int cpu = RuntimeExtension.lastCpu();
        if (runtime.cpus().length == 1) {
            return;
        }
        runtime.cpuOffline(cpu);
        AtomicInteger runs = new AtomicInteger();
        DelayedWork work = DelayedWork.of(item -> runs.incrementAndGet());
        assertTrue(queue.queueDelayedOn(cpu, work, MS));
        Await.until("it runs", () -> runs.get() == 1);
        runtime.cpuOnline(cpu);
    }

    @Test
    void handlers_sleep_on_the_wheel_and_are_never_early() throws InterruptedException {
        int count = 1_000;
        CountDownLatch done = new CountDownLatch(count);
        AtomicInteger early = new AtomicInteger();
        for (int i = 0; i < count; i++) {
            int ms = 1 + i % 20;
            queue.queue(Work.of(item -> {
                long start = System.nanoTime();
                Thread.sleep(ms);
                if (System.nanoTime() - start < ms * MS) {
                    early.incrementAndGet();
                }
                done.countDown();
            }));
        }
        assertTrue(done.await(30, TimeUnit.SECONDS));
        assertEquals(0, early.get());
    }

    @Test
    void foreign_arms_and_cancels_leave_nothing_in_the_wheels() {
        DelayedWork[] works = new DelayedWork[100];
        for (int i = 0; i < works.length; i++) {
            works[i] = DelayedWork.of(item -> {});
        }
        for (int round = 0; round < 2_000; round++) {
            for (DelayedWork work : works) {
                assertTrue(queue.queueDelayed(work, HOUR));
            }
            for (DelayedWork work : works) {
                assertTrue(work.cancel());
            }
        }
        Await.until("the wheels are empty", () -> {
            queue.queueOn(RuntimeExtension.firstCpu(), Work.of(item -> {}));
            queue.queueOn(RuntimeExtension.lastCpu(), Work.of(item -> {}));
            queue.flush();
            int left = 0;
            for (Cpu cpu : runtime.cpuArray()) {
                left += cpu.timers.size();
            }
            return left == 0;
        });
    }
}
