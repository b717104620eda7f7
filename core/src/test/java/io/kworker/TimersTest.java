// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Timers of CPUs that the test drives: what lies in a wheel, step by step. */
@Timeout(60)
class TimersTest {
    private static final long HOUR = 3_600_000_000_000L;

    private static final Topology MACHINE =
            Topology.of(BitSet.valueOf(new long[] {0b11}), core -> core, cache -> 0, node -> 0);

    private final WorkRuntime runtime = HandDriven.runtime(MACHINE);
    private final Workqueue queue = runtime.workqueue("delayed").build();
    private final Timers first = runtime.cpuArray()[0].timers;
    private final Timers second = runtime.cpuArray()[1].timers;
    private final AtomicInteger runs = new AtomicInteger();
    private final DelayedWork work = DelayedWork.of(item -> runs.incrementAndGet());
    private boolean isClosed;

    @AfterEach
    void close() {
        if (!isClosed) {
            HandDriven.close(runtime);
        }
        assertFalse(work.isBusy());
    }

    /** The last owner lets go of both CPUs, before anything is closed. */
    private void abandon(Timers... all) {
        isClosed = true;
        for (Timers timers : all) {
            timers.cpu.abandon();
        }
    }

    private void apply() {
        first.applyOperations();
        second.applyOperations();
        first.applyOperations();
    }

    /** Work.current() gives a handler the item of its task, which anybody can take back and queue from then on. */
    @Test
    void an_item_that_has_run_is_armed_by_others_than_its_maker() {
        Countdown countdown = Countdown.ofMaker(work);
        queue.queue(work);
        runAll();
        countdown.arm(queue, first.cpu, 1L << 40, WorkState.Arm.IDLE, null);
        work.cancel();
        countdown.armHere(first, queue, 1L << 41, WorkState.Arm.IDLE);
        apply();
        assertEquals(1, alarms());
        assertEquals(1L << 41, countdown.tick);
        work.cancel();
        first.removeIf(alarm -> alarm == countdown);
    }

    private int alarms() {
        return first.size() + second.size();
    }

    private void runAll() {
        runtime.engines().forEach(engine -> ((HandDriven) engine).runAll());
    }

    @Test
    void a_cancelled_instance_leaves_the_wheel() {
        queue.queueDelayedOn(0, work, HOUR);
        apply();
        assertEquals(1, alarms());
        assertTrue(work.cancel());
        assertEquals(1, alarms());
        apply();
        assertEquals(0, alarms());
        assertFalse(first.hasOperations());
    }

    /** What was submitted while it was awake has rung no bell. */
    @Test
    void a_cpu_that_has_announced_its_sleep_takes_in_what_waits_and_wakes_for_it() {
        queue.queueDelayedOn(0, work, HOUR);
        first.publishSleep();
        assertEquals(Long.MAX_VALUE, first.untilNext(System.nanoTime()));
        assertTrue(first.settle());
        assertEquals(1, first.size());
        assertTrue(first.untilNext(System.nanoTime()) <= HOUR + runtime.ticks().length());
        assertTrue(work.cancel());
        apply();
    }

    /** Who submits goes by what was published, and does not wake the CPU for anything later. */
    @Test
    void a_cpu_sleeps_no_longer_than_it_has_published_if_the_alarm_has_left_meanwhile() {
        queue.queueDelayedOn(0, work, HOUR);
        apply();
        assertTrue(work.cancel());
        first.publishSleep();
        assertTrue(first.settle());
        assertEquals(0, first.size());
        assertTrue(first.untilNext(System.nanoTime()) <= HOUR + runtime.ticks().length());
    }

    @Test
    void an_instance_cancelled_before_it_arrives_never_gets_into_the_wheel() {
        queue.queueDelayedOn(0, work, HOUR);
        work.cancel();
        apply();
        assertEquals(0, alarms());
    }

    /** The successor arrives dead; nobody else knows of the alarm in whose place it was armed. */
    @Test
    void a_dead_successor_takes_the_alarm_of_its_predecessor_out_of_the_wheel() {
        for (int cpu = 0; cpu < 2; cpu++) {
            queue.queueDelayedOn(0, work, HOUR);
            apply();
            assertEquals(1, alarms());
            assertTrue(queue.modDelayedOn(cpu, work, 2 * HOUR));
            assertTrue(work.cancel());
            apply();
            assertEquals(0, alarms());
        }
    }

    /** R26: of two that arrive in the wrong order the later one stands. */
    @Test
    void a_dead_predecessor_does_not_disturb_its_successor() {
        queue.queueDelayedOn(0, work, HOUR);
        queue.modDelayedOn(1, work, HOUR);
        queue.modDelayedOn(0, work, 2 * HOUR);
        apply();
        apply();
        assertEquals(1, first.size());
        assertEquals(0, second.size());
        assertTrue(work.cancel());
        apply();
        assertEquals(0, alarms());
    }

    /** It has one message in the ring, which so never gets full. */
    @Test
    void an_item_that_is_armed_and_cancelled_again_and_again_wakes_nobody_and_allocates_nothing() {
        DelayedWork other = sleepingFor(HOUR / 2);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int rounds = 10_000;
        long before = 0;
        for (int i = 1; i <= 2 * rounds; i++) {
            if (i == rounds) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            assertTrue(queue.queueDelayedOn(0, work, i * HOUR));
            assertTrue(work.cancel());
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < rounds, () -> bytes + " bytes for " + rounds + " armings");
        assertTrue(queue.queueDelayedOn(0, work, 3 * HOUR));
        assertTrue(queue.modDelayedOn(0, work, 2 * HOUR));
        assertTrue(first.cpu.doorbell.isAsleep());
        apply();
        assertEquals(2, first.size());
        assertTrue(work.countdown.tick <= runtime.ticks().after(System.nanoTime(), 2 * HOUR));
        assertTrue(work.cancel());
        assertTrue(other.cancel());
        apply();
        assertEquals(0, alarms());
    }

    @Test
    void a_request_that_is_due_before_its_cpu_wakes_rings_though_its_message_is_in_the_ring() {
        DelayedWork other = sleepingFor(2 * HOUR);
        queue.queueDelayedOn(0, work, 3 * HOUR);
        assertTrue(queue.modDelayedOn(0, work, 3 * HOUR));
        assertTrue(first.cpu.doorbell.isAsleep());
        assertTrue(queue.modDelayedOn(0, work, HOUR));
        assertFalse(first.cpu.doorbell.isAsleep());
        assertTrue(work.cancel());
        assertTrue(other.cancel());
        apply();
        assertEquals(0, alarms());
    }

    /** The first CPU sleeps until the timer of an item. */
    private DelayedWork sleepingFor(long nanos) {
        DelayedWork other = DelayedWork.of(item -> runs.incrementAndGet());
        queue.queueDelayedOn(0, other, nanos);
        apply();
        first.publishSleep();
        first.cpu.doorbell.announce();
        assertTrue(first.settle());
        return other;
    }

    @Test
    void a_refused_arming_leaves_the_request_before_it() {
        queue.queueDelayedOn(0, work, HOUR);
        assertFalse(queue.queueDelayedOn(0, work, 2 * HOUR));
        apply();
        assertEquals(1, first.size());
        assertTrue(work.countdown.tick <= runtime.ticks().after(System.nanoTime(), HOUR));
        assertFalse(queue.queueDelayedOn(0, work, 2 * HOUR));
        apply();
        assertTrue(work.countdown.tick <= runtime.ticks().after(System.nanoTime(), HOUR));
        assertTrue(work.cancel());
        apply();
        assertEquals(0, alarms());
    }

    /** A14: the message is in the ring of one CPU when the item moves to another; the request goes after it. */
    @Test
    void a_request_arrives_though_its_item_has_moved_meanwhile() {
        queue.queueDelayedOn(0, work, HOUR);
        apply();
        assertTrue(queue.modDelayedOn(1, work, HOUR)); // a message of its own
        assertTrue(queue.modDelayedOn(0, work, 2 * HOUR));
        assertTrue(queue.modDelayedOn(1, work, 3 * HOUR));
        apply();
        assertEquals(0, first.size());
        assertEquals(1, second.size());
        assertTrue(queue.modDelayedOn(1, work, 2 * HOUR));
        apply();
        assertEquals(1, second.size());
        assertTrue(work.cancel());
        apply();
        assertEquals(0, alarms());
    }

    /** J2: whoever closes finds what is in the ring only. */
    @Test
    void a_request_that_waits_at_the_end_of_its_cpu_is_taken_back() {
        queue.queueDelayedOn(0, work, HOUR);
        queue.modDelayedOn(0, work, 2 * HOUR);
        abandon(first, second);
        assertFalse(work.isPending());
        assertFalse(first.hasOperations());
        queue.queueDelayedOn(0, work, HOUR);
        assertFalse(work.isPending());
        assertEquals(0, alarms());
    }

    /** J2: what the sweep overlooks, as its operation or message comes into the ring later, does not stay pending. */
    @Test
    void what_arrives_after_the_sweep_of_its_workqueue_is_taken_back() {
        DelayedWork away = DelayedWork.of(item -> {});
        Countdown makers = Countdown.ofMaker(Work.of(item -> {}));
        queue.queueDelayedOn(0, work, HOUR);
        away.countdown.arm(queue, first.cpu, 1L << 40, WorkState.Arm.IDLE, null);
        apply();
        away.countdown.arm(queue, second.cpu, 1L << 40, WorkState.Arm.ANY, null);
        queue.modDelayedOn(0, work, HOUR);
        makers.arm(queue, first.cpu, 1L << 40, WorkState.Arm.IDLE, null);
        queue.endTimers();
        apply();
        assertFalse(work.isPending());
        assertFalse(away.isPending());
        assertFalse(makers.work.isPending());
        assertEquals(0, alarms());
        assertEquals(3, queue.stats().timersCancelled());
    }

    /** A14: armed for another CPU it moves there. */
    @Test
    void it_moves_from_wheel_to_wheel() {
        queue.queueDelayedOn(0, work, HOUR);
        apply();
        assertEquals(1, first.size());
        queue.modDelayedOn(1, work, HOUR);
        apply();
        assertEquals(0, first.size());
        assertEquals(1, second.size());
        assertTrue(queue.modDelayedOn(0, work, HOUR));
        apply();
        apply();
        assertEquals(1, first.size());
        assertEquals(0, second.size());
        assertTrue(work.cancel());
        apply();
        assertEquals(0, alarms());
    }

    @Test
    void a_sleep_that_is_over_before_it_arrives_is_not_set() {
        AtomicInteger wakeUps = new AtomicInteger();
        Sleep sleep = Sleep.begin(first, wakeUps::incrementAndGet, HOUR);
        assertTrue(first.hasOperations());
        sleep.expire(first);
        first.applyOperations();
        assertEquals(0, first.size());
        assertEquals(1, wakeUps.get());
        assertFalse(sleep.cancel(false));
    }

    @Test
    void a_sleep_leaves_the_wheel_when_it_is_cancelled() {
        Sleep sleep = Sleep.begin(first, runs::incrementAndGet, HOUR);
        first.applyOperations();
        assertEquals(1, first.size());
        assertTrue(sleep.cancel(false));
        first.applyOperations();
        assertEquals(0, first.size());
        assertTrue(sleep.isDone());
        assertFalse(sleep.cancel(false));
        assertEquals(0, runs.get());
    }

    /** A thread of a handler that outlives the runtime goes on sleeping by the JDK's timer. */
    @Test
    void a_sleep_outlives_its_cpu_and_can_be_cancelled_then() {
        Sleep lasting = Sleep.begin(first, runs::incrementAndGet, HOUR);
        Sleep brief = Sleep.begin(first, runs::incrementAndGet, 1_000_000);
        abandon(first, second);
        Await.until("the brief one ends", () -> runs.get() == 1);
        assertTrue(lasting.cancel(false));
        Sleep late = Sleep.begin(first, runs::incrementAndGet, 1_000_000);
        Await.until("so does one that begins after the end of the CPU", () -> runs.get() == 2);
        assertFalse(late.cancel(false));
        assertEquals(0, alarms());
    }

    /** J2: it does not stay pending for ever. */
    @Test
    void what_still_counts_down_at_the_end_of_its_cpu_is_taken_back() {
        queue.queueDelayedOn(0, work, HOUR);
        apply();
        DelayedWork onItsWay = DelayedWork.of(item -> {});
        queue.queueDelayedOn(1, onItsWay, HOUR);
        abandon(first, second);
        assertFalse(work.isPending());
        assertFalse(onItsWay.isPending());
        DelayedWork late = DelayedWork.of(item -> {});
        queue.queueDelayedOn(0, late, HOUR); // its queuer would find the workqueue closed, had it been closed
        assertFalse(late.isPending());
        assertEquals(0, alarms());
        assertFalse(first.hasOperations() || second.hasOperations());
    }

    /** An item that was at home on a CPU that has ended goes where it is armed next. */
    @Test
    void an_item_survives_the_end_of_its_home() {
        WorkRuntime other = HandDriven.runtime();
        try {
            Workqueue there = other.workqueue("there").build();
            Timers wheels = other.cpuArray()[0].timers;
            int cpu = other.cpus()[0];
            queue.queueDelayedOn(0, work, HOUR);
            apply();
            assertTrue(there.modDelayedOn(cpu, work, HOUR)); // on its way, by the first CPU
            abandon(first, second);
            wheels.applyOperations();
            assertEquals(1, wheels.size());
            assertTrue(work.isTimed());
            assertTrue(there.modDelayedOn(cpu, work, 2 * HOUR));
            wheels.applyOperations();
            assertEquals(1, wheels.size());
            assertTrue(work.cancel());
            wheels.applyOperations();
            assertEquals(0, wheels.size());
        } finally {
            HandDriven.of(other).close();
        }
    }

    /** A22 on an item whose timer is taken back at the same time: it returns. */
    @Test
    void flushDelayed_returns_though_its_cpu_has_ended() {
        queue.queueDelayedOn(0, work, HOUR);
        apply();
        int generation = WorkState.generation(work.state());
        abandon(first, second);
        work.countdown.shorten(generation, 0);
        assertFalse(first.hasOperations());
        assertFalse(work.flushDelayed());
    }

    /** A22: what is on its way is not overtaken by the message that hurries it. */
    @Test
    void flushDelayed_finds_an_instance_that_is_on_its_way() {
        queue.queueDelayedOn(0, work, HOUR);
        TestThreads.Started flushing = TestThreads.start(() -> assertTrue(work.flushDelayed()));
        Await.until("it has run", () -> {
            apply();
            runAll();
            return flushing.isDone();
        });
        flushing.join();
        assertEquals(1, runs.get());
        assertEquals(0, alarms());
    }

    /** An hour has not passed, but who asked for a run by mod gets one; the next is due when it was. */
    @Test
    void a_recurring_item_that_is_run_before_its_time_keeps_its_times() {
        queue.queueEvery(work, HOUR);
        apply();
        long due = work.countdown.tick;
        for (int i = 1; i < 4; i++) {
            assertTrue(queue.modDelayed(work, 0));
            runAll();
            apply();
            assertEquals(i, runs.get());
            assertTrue(work.isTimed());
            assertEquals(due, work.countdown.tick);
        }
        assertEquals(0, work.overruns());
        assertTrue(work.cancelSync());
    }

    @Test
    void a_refused_queueEvery_changes_nothing() {
        queue.queueEvery(work, HOUR);
        apply();
        long due = work.countdown.tick;
        assertFalse(queue.queueEvery(work, 2 * HOUR));
        assertTrue(queue.modDelayed(work, 0));
        runAll();
        apply();
        assertEquals(due, work.countdown.tick);
        assertTrue(work.cancel());
        assertTrue(queue.queue(work));
        assertFalse(queue.queueEvery(work, HOUR));
        runAll();
        assertFalse(work.isBusy());
    }

    @Test
    void periods_and_delays_as_long_as_can_be_do_not_end_in_the_past() {
        SoftTimer timer = SoftTimer.of(runtime, t -> runs.incrementAndGet());
        timer.modAfter(Duration.ofDays(1_000_000));
        queue.queueEvery(work, Long.MAX_VALUE);
        DelayedWork delayed = DelayedWork.of(item -> runs.incrementAndGet());
        queue.queueDelayed(delayed, Long.MAX_VALUE);
        apply();
        first.look(System.nanoTime() + HOUR);
        second.look(System.nanoTime() + HOUR);
        runAll();
        assertEquals(0, runs.get());
        assertEquals(3, alarms());
        assertTrue(timer.delete());
        assertTrue(work.cancel());
        assertTrue(delayed.cancel());
    }

    /** J2: a timer that the last handlers of a closing workqueue arm is taken back. */
    @Test
    void a_timer_armed_by_the_last_handler_of_a_closing_workqueue_is_taken_back() {
        Workqueue closing = runtime.workqueue("closing").build();
        closing.queueOn(0, Work.of(item -> closing.queueDelayedOn(1, work, HOUR)));
        TestThreads.Started closer = TestThreads.start(closing::close);
        Await.until("it is closed", () -> {
            runAll();
            return closer.isDone();
        });
        closer.join();
        assertFalse(work.isPending());
        apply();
        assertEquals(0, alarms());
    }

    /** J2: the recurrence is over with the workqueue; in another one the item runs once. */
    @Test
    void a_recurrence_ends_with_its_workqueue() {
        Workqueue closing = runtime.workqueue("closing").build();
        closing.queueEvery(work, HOUR);
        TestThreads.Started closer = TestThreads.start(closing::close);
        Await.until("it is closed", () -> {
            runAll();
            return closer.isDone();
        });
        closer.join();
        assertFalse(work.isPending());
        assertTrue(queue.queue(work));
        runAll();
        assertEquals(1, runs.get());
        assertFalse(work.isBusy());
    }

    /** A million deadlines at one tick, or far away, are one look at one slot. */
    @Test
    void equal_deadlines_expire_in_batches_and_all_of_them() {
        int count = 100_000;
        for (int i = 0; i < count; i++) {
            queue.queueDelayedOn(0, DelayedWork.of(item -> runs.incrementAndGet()), HOUR);
            if (i % 1_000 == 0) {
                apply();
            }
        }
        apply();
        assertEquals(count, first.size());
        long then = System.nanoTime() + 2 * HOUR;
        while (first.isDue(then)) {
            int before = first.size();
            first.look(then);
            assertTrue(before - first.size() <= 64);
        }
        assertEquals(0, first.size());
        runAll();
        assertEquals(count, runs.get());
    }
}
