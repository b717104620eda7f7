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
