// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tasklets (T1 to T20, J7); the races R69 to R72 are in the stress tests. */
@Timeout(60)
class TaskletTest {
    private static final int MAX_DEPTH = 65_535;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void countNoItems() {
        runtimes.doNotCountRuns();
    }

    /** A tasklet that counts its runs, and notices when two CPUs run it at once. */
    private static final class Counted extends Tasklet {
        private final Handler handler;
        private final AtomicBoolean isInside = new AtomicBoolean();
        private final AtomicInteger runs = new AtomicInteger();
        private volatile boolean hasOverlapped;
        private volatile int cpu = -1;

        Counted(WorkRuntime runtime, Handler handler) {
            super(runtime);
            this.handler = handler;
        }

        @Override
        protected void run() throws Exception {
            if (!isInside.compareAndSet(false, true)) {
                hasOverlapped = true;
            }
            runs.incrementAndGet();
            Run run = Run.current();
            cpu = run == null ? -1 : run.cpu.number; // none where the test drives the CPU
            try {
                handler.run(this);
            } finally {
                isInside.set(false);
            }
        }

        int runs() {
            assertFalse(hasOverlapped);
            return runs.get();
        }

        /** By one look: between two of them it may be scheduled. */
        boolean isIdle() {
            return !item.isBusy() && !isScheduled();
        }

        boolean isInHandler() {
            return isInside.get();
        }

        void awaitRuns(int expected) {
            Await.until("it has run", () -> isIdle() && runs() == expected);
        }
    }

    private static Counted counted(WorkRuntime runtime) {
        return new Counted(runtime, tasklet -> {});
    }

    private static void assertIdle(Counted tasklet, int runs) {
        assertTrue(tasklet.isIdle());
        assertEquals(runs, tasklet.runs());
    }

    /** What is scheduled has been looked at, and run or kept. */
    private static void flush(WorkRuntime runtime) {
        runtime.systemBh().flush();
        runtime.systemBhHighpri().flush();
    }

    /** Schedules it by a handler on that CPU. */
    private void scheduleOn(WorkRuntime runtime, int cpu, Tasklet tasklet) {
        Item scheduler = runtimes.item(work -> assertTrue(tasklet.schedule()));
        runtime.system().queueOn(cpu, scheduler);
        scheduler.flush();
    }

    // ---- T1 ----

    @Test
    void a_new_tasklet_is_idle_and_enabled() {
        WorkRuntime runtime = runtimes.runtime();
        Counted tasklet = counted(runtime);
        assertIdle(tasklet, 0);
        assertThrows(IllegalStateException.class, tasklet::enable);
        assertTrue(tasklet.schedule());
        tasklet.awaitRuns(1);
    }

    @Test
    void a_tasklet_is_made_from_a_handler() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicReference<Tasklet> seen = new AtomicReference<>();
        Tasklet tasklet = Tasklet.of(runtime, seen::set);
        tasklet.schedule();
        tasklet.kill();
        assertSame(tasklet, seen.get());
    }

    @Test
    @SuppressWarnings({"DataFlowIssue", "NullAway"})
    void null_is_refused() {
        WorkRuntime runtime = runtimes.runtime();
        assertThrows(NullPointerException.class, () -> Tasklet.of(runtime, null));
        assertThrows(NullPointerException.class, () -> Tasklet.of(null, tasklet -> {}));
        assertThrows(NullPointerException.class, () -> counted(null));
    }

    // ---- T2, T8, T9, T15 ----

    /** T2, T8: by either call; the first one says where it goes. */
    @Test
    void schedules_before_the_start_are_one_run() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Counted tasklet = counted(runtime);
        assertTrue(tasklet.schedule());
        assertFalse(tasklet.schedule());
        assertFalse(tasklet.hiSchedule());
        assertTrue(tasklet.isScheduled());
        assertFalse(tasklet.isRunning());
        gate.open();
        tasklet.awaitRuns(1);
        Counted high = counted(runtime);
        assertTrue(high.hiSchedule());
        high.awaitRuns(1);
    }

    /** T8, T9: it is not scheduled any more when the handler is entered. */
    @Test
    void a_schedule_while_it_runs_is_one_more_run() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        AtomicReference<Boolean> wasScheduled = new AtomicReference<>();
        Counted tasklet = new Counted(runtime, self -> {
            if (!gate.isOpen()) {
                wasScheduled.set(self.isScheduled());
                gate.burn();
            }
        });
        tasklet.schedule();
        Await.until("it runs", () -> wasScheduled.get() != null);
        assertTrue(tasklet.schedule());
        assertFalse(tasklet.schedule());
        assertTrue(tasklet.isScheduled() && tasklet.isRunning());
        gate.open();
        tasklet.awaitRuns(2);
        assertFalse(wasScheduled.get());
    }

    @Test
    void it_can_schedule_itself() {
        WorkRuntime runtime = runtimes.runtime();
        Counted tasklet = new Counted(runtime, self -> {
            if (((Counted) self).runs.get() < 1_000) {
                assertTrue(self.schedule());
                assertFalse(self.hiSchedule());
            }
        });
        tasklet.schedule();
        tasklet.awaitRuns(1_000);
    }

    /** T8: the run that follows sees what the caller did, also where it was told false. */
    @Test
    void a_run_sees_what_was_done_before_any_of_the_calls() {
        WorkRuntime runtime = runtimes.runtime();
        int[] written = new int[1];
        AtomicInteger read = new AtomicInteger();
        Tasklet tasklet = Tasklet.of(runtime, self -> read.set(written[0]));
        for (int i = 1; i <= 20_000; i++) {
            written[0] = i;
            if (i % 2 == 0) {
                tasklet.schedule();
            } else {
                tasklet.hiSchedule();
            }
        }
        Await.until("the last run is over", () -> read.get() == 20_000);
    }

    private Tasklet named(WorkRuntime runtime, String name) {
        return Tasklet.of(runtime, tasklet -> order.add(name));
    }

    /** T15, T12: high before normal, each in order; and both before all else. */
    @Test
    void high_goes_before_normal_and_both_before_work() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        runtime.system().queue(Work.of(work -> order.add("work")));
        runtime.systemHighpri().queue(Work.of(work -> order.add("highpri")));
        for (int i = 1; i <= 3; i++) {
            named(runtime, "normal " + i).schedule();
        }
        for (int i = 1; i <= 3; i++) {
            named(runtime, "high " + i).hiSchedule();
        }
        hand.runAll();
        assertEquals(List.of("high 1", "high 2", "high 3", "normal 1", "normal 2", "normal 3", "highpri", "work"),
                List.copyOf(order));
        hand.close();
    }

    /** T12: what is scheduled during a pass goes behind what waits. */
    @Test
    void one_that_schedules_itself_goes_behind_those_that_wait() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        for (String name : List.of("a", "b", "c")) {
            AtomicInteger runs = new AtomicInteger();
            Tasklet.of(runtime, self -> {
                order.add(name + runs.incrementAndGet());
                if (runs.get() < 3) {
                    self.schedule();
                }
            }).schedule();
        }
        hand.runAll();
        assertEquals(List.of("a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3"), List.copyOf(order));
        hand.close();
    }

    // ---- T10, T11, T17 ----

    /** T10: scheduled on all CPUs at once. */
    @Test
    void it_never_runs_twice_at_once_and_loses_no_schedule() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicInteger accepted = new AtomicInteger();
        Counted tasklet = new Counted(runtime, self -> Thread.onSpinWait());
        TestThreads.together(3, thread -> {
            for (int i = 0; i < 5_000; i++) {
                if (i % 3 == thread ? tasklet.hiSchedule() : tasklet.schedule()) {
                    accepted.incrementAndGet();
                }
            }
        });
        Await.until("it is idle", tasklet::isIdle);
        assertEquals(accepted.get(), tasklet.runs());
    }

    /** T10: others may run meanwhile on other CPUs. */
    @Test
    void different_tasklets_run_in_parallel() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        int[] cpus = runtime.cpus();
        if (cpus.length < 2) {
            return;
        }
        AtomicInteger inside = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            scheduleOn(runtime, cpus[i], Tasklet.of(runtime, self -> {
                inside.incrementAndGet();
                while (inside.get() < 2) {
                    Thread.onSpinWait();
                }
            }));
        }
        Await.until("both have run", () -> inside.get() == 2);
    }

    /** T11, R69: of the CPUs that schedule it, the one whose call was true, also while it runs on another one. */
    @Test
    void it_runs_on_the_cpu_that_scheduled_it() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        Gate gate = runtimes.gate();
        Counted tasklet = new Counted(runtime, self -> gate.burn());
        int first = RuntimeExtension.firstCpu();
        int last = RuntimeExtension.lastCpu();
        scheduleOn(runtime, first, tasklet);
        Await.until("it runs", () -> tasklet.cpu >= 0);
        assertEquals(first, tasklet.cpu);
        if (first != last) {
            scheduleOn(runtime, last, tasklet);
            Await.never("it runs there as well", () -> tasklet.runs() > 1);
        } else {
            tasklet.schedule();
        }
        gate.open();
        tasklet.awaitRuns(2);
        assertEquals(last, tasklet.cpu);
    }

    /** T11: within a handler that of its worker. */
    @Test
    void it_stays_on_its_cpu_when_it_schedules_itself() {
        WorkRuntime runtime = runtimes.runtime();
        for (int cpu : runtime.cpus()) {
            AtomicInteger strangers = new AtomicInteger();
            Counted tasklet = new Counted(runtime, self -> {
                Counted counted = (Counted) self;
                if (counted.cpu != cpu) {
                    strangers.incrementAndGet();
                }
                if (counted.runs.get() < 100) {
                    self.schedule();
                }
            });
            scheduleOn(runtime, cpu, tasklet);
            tasklet.awaitRuns(100);
            assertEquals(0, strangers.get());
        }
    }

    /** T17. */
    @Test
    void what_is_scheduled_on_a_cpu_that_goes_offline_runs() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        int last = RuntimeExtension.lastCpu();
        if (last == RuntimeExtension.firstCpu()) {
            return;
        }
        Gate gate = runtimes.occupy(runtime.system(), last);
        Counted tasklet = counted(runtime);
        Counted kept = counted(runtime);
        kept.disable();
        Item scheduler = runtimes.item(work -> assertTrue(tasklet.schedule() && kept.schedule()));
        runtime.systemBh().queueOn(last, scheduler);
        runtime.cpuOffline(last);
        gate.open();
        tasklet.awaitRuns(1);
        kept.enable();
        kept.awaitRuns(1);
        runtime.cpuOnline(last);
    }

    // ---- T3 to T6, T13, T14 ----

    /** T13: whether it was disabled or scheduled first. */
    @Test
    void what_is_scheduled_while_disabled_runs_when_enabled() {
        WorkRuntime runtime = runtimes.strictCpu();
        Counted before = counted(runtime);
        before.disableNoSync();
        assertTrue(before.schedule());
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Counted after = counted(runtime);
        assertTrue(after.hiSchedule());
        after.disableNoSync();
        gate.open();
        Await.never("they run", () -> before.runs() + after.runs() > 0);
        for (Counted tasklet : List.of(before, after)) {
            flush(runtime);
            assertTrue(tasklet.isScheduled());
            assertFalse(tasklet.isRunning());
            assertFalse(tasklet.schedule() || tasklet.hiSchedule());
            tasklet.enable();
            tasklet.awaitRuns(1);
        }
    }

    /** T13, better than the kernel: one look, not one a pass. */
    @Test
    void a_disabled_tasklet_does_not_keep_its_cpu_busy() {
        WorkRuntime runtime = runtimes.strictCpu();
        Counted tasklet = counted(runtime);
        tasklet.disable();
        tasklet.schedule();
        runtime.systemBh().flush();
        long completed = runtime.systemBh().stats().totals().completed();
        Await.never("it is looked at again", () -> runtime.systemBh().stats().totals().completed() != completed);
        tasklet.enable();
        tasklet.awaitRuns(1);
    }

    /** T11: kept for its CPU and its turn, whoever enables it. */
    @Test
    void what_is_kept_runs_where_it_was_scheduled() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        for (int cpu : runtime.cpus()) {
            Counted tasklet = counted(runtime);
            tasklet.disable();
            scheduleOn(runtime, cpu, tasklet);
            flush(runtime);
            tasklet.enable();
            tasklet.awaitRuns(1);
            assertEquals(cpu, tasklet.cpu);
        }
    }

    /** T13, T15. */
    @Test
    void what_is_kept_keeps_its_priority() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Tasklet normal = named(runtime, "normal");
        Tasklet high = named(runtime, "high");
        for (Tasklet tasklet : List.of(normal, high)) {
            tasklet.disable();
        }
        normal.schedule();
        high.hiSchedule();
        hand.runAll();
        assertTrue(order.isEmpty());
        normal.enable();
        high.enable();
        hand.runAll();
        assertEquals(List.of("high", "normal"), List.copyOf(order));
        hand.close();
    }

    /** T14: calls nest. */
    @Test
    void the_last_enable_counts() {
        WorkRuntime runtime = runtimes.runtime();
        Counted tasklet = counted(runtime);
        tasklet.disable();
        tasklet.disableNoSync();
        tasklet.schedule();
        tasklet.disable();
        tasklet.enable();
        tasklet.enable();
        Await.never("it runs", () -> tasklet.runs() > 0);
        tasklet.enable();
        tasklet.awaitRuns(1);
        assertThrows(IllegalStateException.class, tasklet::enable);
        assertIdle(tasklet, 1);
    }

    /** J4. */
    @Test
    void too_many_levels_are_refused() {
        WorkRuntime runtime = runtimes.runtime();
        Counted tasklet = counted(runtime);
        tasklet.disable();
        tasklet.schedule();
        for (int i = 1; i < MAX_DEPTH; i++) {
            tasklet.disableNoSync();
        }
        assertThrows(IllegalStateException.class, tasklet::disableNoSync);
        assertThrows(IllegalStateException.class, tasklet::disable);
        for (int i = 1; i < MAX_DEPTH; i++) {
            tasklet.enable();
        }
        assertEquals(0, tasklet.runs());
        tasklet.enable();
        tasklet.awaitRuns(1);
    }

    /** T3: does not wait. T4: does. */
    @Test
    void disable_waits_for_the_run_and_disable_no_sync_does_not() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Counted tasklet = new Counted(runtime, self -> gate.burn());
        tasklet.schedule();
        Await.until("it runs", tasklet::isInHandler);
        tasklet.disableNoSync();
        assertTrue(tasklet.isRunning());
        tasklet.schedule();
        AtomicBoolean isOver = new AtomicBoolean();
        TestThreads.Started disabler = TestThreads.start(() -> {
            tasklet.disable();
            isOver.set(true);
        });
        Await.never("it returns", isOver::get);
        gate.open();
        disabler.join();
        assertFalse(tasklet.isInHandler());
        assertEquals(1, tasklet.runs());
        Await.until("it is kept", tasklet::isScheduled);
        tasklet.enable();
        tasklet.enable();
        tasklet.awaitRuns(2);
    }

    /** T14, R70: against starts all the time. */
    @Test
    void it_does_not_run_between_disable_and_enable() {
        WorkRuntime runtime = runtimes.runtime();
        Gate enough = runtimes.gate();
        AtomicInteger wrong = new AtomicInteger();
        AtomicBoolean isDisabled = new AtomicBoolean();
        Counted tasklet = new Counted(runtime, self -> {
            if (isDisabled.get()) {
                wrong.incrementAndGet();
            }
            if (!enough.isOpen()) {
                self.schedule();
            }
        });
        tasklet.schedule();
        for (int i = 0; i < 2_000; i++) {
            tasklet.disable();
            isDisabled.set(true);
            if (tasklet.isInHandler()) {
                wrong.incrementAndGet();
            }
            isDisabled.set(false);
            tasklet.enable();
        }
        enough.open();
        Await.until("it has stopped", tasklet::isIdle);
        assertEquals(0, wrong.get());
    }

    /** T13: any order of everything that may happen: nothing is lost in the end. */
    @Test
    void a_schedule_is_never_lost_between_disable_and_enable() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicInteger written = new AtomicInteger();
        AtomicInteger read = new AtomicInteger();
        Counted tasklet = new Counted(runtime, self -> read.set(written.get()));
        CyclicBarrier barrier = new CyclicBarrier(2);
        TestThreads.Started other = TestThreads.start(() -> {
            SplittableRandom random = new SplittableRandom(7);
            for (int i = 0; i < 2_000; i++) {
                barrier.await();
                for (int k = random.nextInt(4); k >= 0; k--) {
                    tasklet.disableNoSync();
                    tasklet.enable();
                }
            }
        });
        for (int i = 1; i <= 2_000; i++) {
            assertDoesNotThrow(() -> barrier.await());
            written.set(i);
            if (i % 3 == 0) {
                tasklet.hiSchedule();
            } else {
                tasklet.schedule();
            }
            int expected = i;
            Await.until("the run has seen it", () -> read.get() == expected);
        }
        other.join();
    }

    /** G75: in a handler that must not block, it spins. */
    @Test
    void a_tasklet_can_disable_and_enable_another_one() {
        WorkRuntime runtime = runtimes.runtime();
        for (int round = 0; round < 20; round++) {
            Gate gate = runtimes.gate();
            Counted target = new Counted(runtime, self -> {
                while (!gate.isOpen()) {
                    Thread.onSpinWait();
                }
            });
            AtomicBoolean isOver = new AtomicBoolean();
            Counted disabler = new Counted(runtime, self -> {
                gate.open();
                target.disable();
                isOver.set(!target.isInHandler());
                target.enable();
            });
            scheduleOn(runtime, RuntimeExtension.firstCpu(), target);
            if (RuntimeExtension.firstCpu() != RuntimeExtension.lastCpu()) {
                Await.until("it runs", target::isInHandler);
            } else {
                gate.open();
            }
            scheduleOn(runtime, RuntimeExtension.lastCpu(), disabler);
            disabler.awaitRuns(1);
            assertTrue(isOver.get());
            target.awaitRuns(1);
        }
    }

    /** J6. */
    @Test
    void its_own_handler_can_wait_for_nothing_of_itself() {
        WorkRuntime runtime = runtimes.runtime();
        ConcurrentLinkedQueue<Throwable> thrown = new ConcurrentLinkedQueue<>();
        Counted tasklet = new Counted(runtime, self -> {
            thrown.add(assertThrows(WorkDeadlockException.class, self::disable));
            thrown.add(assertThrows(WorkDeadlockException.class, self::kill));
            self.disableNoSync();
            self.enable();
        });
        tasklet.schedule();
        tasklet.awaitRuns(1);
        assertEquals(2, thrown.size());
        tasklet.schedule(); // nothing was changed
        tasklet.awaitRuns(2);
    }

    /** J6: two that would wait for each other. */
    @Test
    void a_ring_of_waits_is_refused() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        if (RuntimeExtension.firstCpu() == RuntimeExtension.lastCpu()) {
            return;
        }
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        List<Counted> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            int other = 1 - i;
            both.add(new Counted(runtime, self -> {
                inside.incrementAndGet();
                while (inside.get() < 2) {
                    Thread.onSpinWait();
                }
                try {
                    both.get(other).disable();
                    both.get(other).enable();
                } catch (WorkDeadlockException e) {
                    refused.incrementAndGet();
                }
            }));
        }
        scheduleOn(runtime, RuntimeExtension.firstCpu(), both.get(0));
        scheduleOn(runtime, RuntimeExtension.lastCpu(), both.get(1));
        both.forEach(tasklet -> tasklet.awaitRuns(1));
        assertTrue(refused.get() <= 1, "one of them can go on");
        both.forEach(tasklet -> assertThrows(IllegalStateException.class, tasklet::enable));
    }

    // ---- T7, T16 ----

    /** T7: what was scheduled runs before it returns. */
    @Test
    void kill_waits_for_what_is_scheduled() {
        WorkRuntime runtime = runtimes.strictCpu();
        Counted idle = counted(runtime);
        idle.kill();
        assertIdle(idle, 0);
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Counted tasklet = counted(runtime);
        tasklet.schedule();
        TestThreads.Started killer = TestThreads.start(tasklet::kill);
        Await.never("it returns", killer::isDone);
        gate.open();
        killer.join();
        assertIdle(tasklet, 1);
    }

    /** T16, R71. */
    @Test
    void kill_stops_one_that_always_schedules_itself() {
        WorkRuntime runtime = runtimes.runtime();
        for (int round = 0; round < 50; round++) {
            Counted tasklet = new Counted(runtime, round % 2 == 0 ? Tasklet::schedule : Tasklet::hiSchedule);
            tasklet.schedule();
            int expected = round;
            Await.until("it runs on and on", () -> tasklet.runs() > expected);
            tasklet.kill();
            int runs = tasklet.runs();
            assertIdle(tasklet, runs);
            if (round % 10 == 0) {
                Await.never("it runs", () -> tasklet.runs() != runs);
            }
        }
    }

    /** T16. */
    @Test
    void it_can_be_scheduled_after_kill() {
        WorkRuntime runtime = runtimes.runtime();
        Counted tasklet = counted(runtime);
        for (int i = 1; i <= 100; i++) {
            assertTrue(tasklet.schedule());
            tasklet.kill();
            assertIdle(tasklet, i);
        }
    }

    /** T16, where the kernel hangs. */
    @Test
    void kill_drops_what_is_kept_of_a_disabled_one() {
        WorkRuntime runtime = runtimes.strictCpu();
        Counted tasklet = counted(runtime);
        tasklet.disable();
        tasklet.schedule();
        tasklet.kill();
        assertFalse(tasklet.isScheduled());
        tasklet.enable();
        Await.never("it runs", () -> tasklet.runs() > 0);
        tasklet.disable();
        assertTrue(tasklet.schedule(), "kill left nothing behind");
        tasklet.enable();
        tasklet.awaitRuns(1);
    }

    @Test
    void several_may_kill_at_once() {
        WorkRuntime runtime = runtimes.runtime();
        for (int round = 0; round < 50; round++) {
            Counted tasklet = new Counted(runtime, Tasklet::schedule);
            tasklet.schedule();
            TestThreads.together(3, thread -> tasklet.kill());
            assertIdle(tasklet, tasklet.runs());
            assertTrue(tasklet.schedule());
            tasklet.kill();
        }
    }

    // ---- T19, J7, J11 ----

    /** T19. */
    @Test
    void one_that_schedules_itself_for_ever_starves_nobody() {
        WorkRuntime runtime = runtimes.strictCpu();
        for (Tasklet.Handler forEver : List.<Tasklet.Handler>of(Tasklet::schedule, Tasklet::hiSchedule)) {
            Counted stream = new Counted(runtime, forEver);
            stream.schedule();
            for (Workqueue workqueue : List.of(runtime.system(), runtime.systemHighpri(), runtime.systemUnbound())) {
                for (int i = 0; i < 5; i++) {
                    Item item = runtimes.item();
                    workqueue.queue(item);
                    item.flush();
                }
            }
            Counted normal = counted(runtime);
            normal.schedule();
            normal.awaitRuns(1);
            stream.kill();
        }
    }

    /** T19, to the run: ten, then another one has a turn. */
    @Test
    void after_ten_runs_other_work_has_a_turn() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        AtomicInteger runs = new AtomicInteger();
        Tasklet.of(runtime, self -> {
            if (runs.incrementAndGet() < 25) {
                self.schedule();
            }
        }).schedule();
        for (int i = 0; i < 2; i++) {
            runtime.system().queue(Work.of(work -> order.add("work after " + runs.get())));
        }
        hand.runAll();
        assertEquals(List.of("work after 10", "work after 20"), List.copyOf(order));
        hand.close();
    }

    /** J7. */
    @Test
    void a_handler_that_blocks_is_reported_by_its_own_class() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        Counted tasklet = new Counted(runtime, self -> gate.pass());
        Counted behind = counted(runtime);
        try (Logs logs = new Logs()) {
            tasklet.schedule();
            behind.schedule();
            assertTrue(logs.await(1, "failed").contains(Counted.class.getName()));
            Throwable thrown = logs.with("failed").getFirst().getThrown();
            assertInstanceOf(BlockedInAtomicException.class, thrown);
            assertTrue(thrown.getMessage().contains(Counted.class.getName()), thrown::getMessage);
        }
        Item normal = runtimes.item();
        runtime.system().queue(normal);
        normal.flush(); // the CPU goes on
        assertEquals(0, behind.runs());
        gate.open();
        behind.awaitRuns(1);
    }

    /** J11. */
    @Test
    void what_a_handler_throws_is_logged_and_it_goes_on() {
        WorkRuntime runtime = runtimes.runtime();
        Counted tasklet = new Counted(runtime, self -> {
            throw new IllegalArgumentException("on purpose");
        });
        try (Logs logs = new Logs()) {
            for (int i = 1; i <= 3; i++) {
                tasklet.schedule();
                tasklet.awaitRuns(i);
            }
            assertTrue(logs.await(3, "failed").contains(Counted.class.getName()));
            assertEquals("on purpose", logs.with("failed").getLast().getThrown().getMessage());
        }
        tasklet.disable();
        tasklet.enable();
        tasklet.kill();
    }

    // ---- J2 ----

    @Test
    void a_closed_runtime_refuses_schedules() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        Counted tasklet = counted(runtime);
        Counted kept = counted(runtime);
        kept.disable();
        kept.schedule();
        tasklet.schedule();
        runtime.close();
        assertIdle(tasklet, 1); // accepted, so it has run
        assertThrows(RejectedExecutionException.class, tasklet::schedule);
        assertThrows(RejectedExecutionException.class, tasklet::hiSchedule);
        assertIdle(tasklet, 1);
        tasklet.disable();
        tasklet.enable();
        tasklet.kill();
        assertThrows(RejectedExecutionException.class, kept::enable);
        assertIdle(kept, 0);
        assertThrows(IllegalStateException.class, kept::enable);
        kept.kill();
    }

    /** One that always schedules itself does not keep a runtime from closing. */
    @Test
    void a_runtime_with_a_tasklet_that_goes_on_for_ever_can_be_closed() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Counted tasklet = new Counted(runtime, self -> {
            try {
                self.schedule();
            } catch (RejectedExecutionException e) {
                refused.set(e);
            }
        });
        tasklet.schedule();
        runtime.close();
        assertIdle(tasklet, tasklet.runs());
        assertInstanceOf(RejectedExecutionException.class, refused.get());
    }

    // ---- direct instances ----

    /** Nobody has claimed it, and its state says pending. */
    @Test
    void what_runs_unclaimed_is_running_and_not_scheduled() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Counted tasklet = counted(runtime);
        tasklet.schedule();
        assertTrue(tasklet.isScheduled() && !tasklet.isRunning());
        HandDriven.Started started = hand.next();
        assertTrue(tasklet.item.isPending() && !tasklet.item.isRunning());
        assertTrue(tasklet.isRunning() && !tasklet.isScheduled());
        assertTrue(tasklet.toString().endsWith(" running"), tasklet::toString);
        assertTrue(tasklet.schedule());
        assertTrue(tasklet.isRunning() && tasklet.isScheduled());
        assertFalse(tasklet.schedule());
        started.end();
        assertTrue(tasklet.isScheduled() && !tasklet.isRunning());
        assertEquals(List.of(tasklet.item), hand.runAll());
        assertFalse(tasklet.isRunning() || tasklet.isScheduled());
        hand.close();
    }

    /** The share still says that it ran there when it is scheduled anew. */
    @Test
    void one_that_has_run_unclaimed_is_scheduled_and_not_running() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Counted tasklet = counted(runtime);
        for (int i = 0; i < 3; i++) {
            assertTrue(tasklet.schedule());
            assertTrue(tasklet.isScheduled() && !tasklet.isRunning());
            assertFalse(tasklet.schedule());
            assertEquals(List.of(tasklet.item), hand.runAll());
        }
        hand.close();
    }

    /** G10, J2: as a workqueue that closes does. The entry stays in the ring. */
    @Test
    void what_was_taken_back_does_not_run_in_place_of_what_is_scheduled_later() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Counted tasklet = counted(runtime);
        Counted other = counted(runtime);
        tasklet.schedule();
        assertFalse(tasklet.item.takeBack(2));
        assertTrue(tasklet.item.takeBack(1));
        assertFalse(tasklet.isScheduled());
        other.schedule();
        assertTrue(tasklet.schedule());
        assertEquals(List.of(other.item, tasklet.item), hand.runAll());
        assertTrue(tasklet.schedule());
        assertEquals(List.of(tasklet.item), hand.runAll());
        hand.close();
    }

    /** G10: taken back too late. */
    @Test
    void what_runs_unclaimed_is_not_taken_back() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Counted tasklet = counted(runtime);
        tasklet.schedule();
        HandDriven.Started started = hand.next();
        assertFalse(tasklet.item.takeBack(1));
        assertTrue(tasklet.isRunning());
        started.end();
        assertFalse(tasklet.isRunning() || tasklet.isScheduled());
        hand.close();
    }

    /** While nothing of its share may start. */
    @Test
    void one_that_has_to_wait_runs_afterwards() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        BoundShare share = (BoundShare) runtime.systemBh().allShares().getFirst();
        share.hold(new CountDownLatch(1));
        hand.deliver();
        Counted tasklet = counted(runtime);
        Counted dropped = counted(runtime);
        tasklet.schedule();
        dropped.schedule();
        assertEquals(List.of(), hand.runAll());
        assertTrue(tasklet.isScheduled());
        assertFalse(tasklet.schedule());
        assertTrue(dropped.item.takeBack(1));
        share.limitChanged();
        assertEquals(List.of(tasklet.item), hand.runAll());
        hand.close();
    }

    /** Disabled between its schedule and its start, and between its start and its handler. */
    @Test
    void what_was_queued_before_it_was_disabled_is_kept() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Counted tasklet = counted(runtime);
        tasklet.schedule();
        tasklet.disable();
        assertEquals(List.of(tasklet.item), hand.runAll());
        assertEquals(0, tasklet.runs());
        assertTrue(tasklet.isScheduled());
        tasklet.enable();
        assertEquals(List.of(tasklet.item), hand.runAll());
        tasklet.schedule();
        HandDriven.Started started = hand.next();
        tasklet.disableNoSync();
        assertTrue(tasklet.schedule());
        started.end();
        assertEquals(List.of(tasklet.item), hand.runAll());
        assertTrue(tasklet.isScheduled());
        tasklet.enable();
        assertEquals(List.of(tasklet.item), hand.runAll());
        assertFalse(tasklet.isRunning() || tasklet.isScheduled());
        hand.close();
    }

    /** The item that a handler is told is the engine's own: what is done to it is done to any. */
    @Test
    void the_item_of_a_tasklet_can_be_cancelled_and_disabled() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Counted tasklet = counted(runtime);
        tasklet.schedule();
        assertTrue(tasklet.item.cancel());
        assertEquals(List.of(), hand.runAll());
        tasklet.schedule();
        assertTrue(tasklet.item.disable());
        assertFalse(tasklet.schedule());
        assertEquals(List.of(), hand.runAll());
        assertTrue(tasklet.item.enable());
        assertTrue(tasklet.schedule());
        assertEquals(List.of(tasklet.item), hand.runAll());
        hand.close();
    }

    /** J6: it waits in the lane of the caller, who would wait for it. */
    @Test
    void a_bh_handler_cannot_wait_for_one_that_is_queued_behind_it() {
        WorkRuntime runtime = runtimes.strictCpu();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Counted behind = counted(runtime);
        Counted first = new Counted(runtime, self -> {
            behind.schedule();
            thrown.set(assertThrows(WorkDeadlockException.class, behind::kill));
        });
        first.schedule();
        first.awaitRuns(1);
        behind.awaitRuns(1);
        assertTrue(thrown.get().getMessage().contains("kill() for " + Counted.class.getName()), thrown::toString);
    }

    /** The same where the ring is full: what overflows is an ordinary item. */
    @Test
    void a_bh_handler_cannot_wait_for_one_that_has_overflowed() {
        WorkRuntime runtime = runtimes.strictCpu();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Counted behind = counted(runtime);
        List<Counted> many = new ArrayList<>();
        for (int i = 0; i < 1500; i++) {
            many.add(counted(runtime));
        }
        Counted first = new Counted(runtime, self -> {
            many.forEach(Tasklet::schedule);
            behind.schedule();
            thrown.set(assertThrows(WorkDeadlockException.class, behind::kill));
        });
        first.schedule();
        first.awaitRuns(1);
        many.forEach(tasklet -> tasklet.awaitRuns(1));
        behind.awaitRuns(1);
        assertInstanceOf(WorkDeadlockException.class, thrown.get());
    }

    /** It is looked at while others claim it. */
    @Test
    void what_runs_is_never_seen_not_running() {
        WorkRuntime runtime = runtimes.strictCpu();
        for (int round = 0; round < 200; round++) {
            AtomicBoolean isInside = new AtomicBoolean();
            AtomicBoolean mayEnd = new AtomicBoolean();
            Counted tasklet = new Counted(runtime, self -> {
                isInside.set(true);
                while (!mayEnd.get()) {
                    Thread.onSpinWait();
                }
            });
            tasklet.schedule();
            Await.until("it runs", isInside::get);
            TestThreads.Started claimer = TestThreads.start(() -> {
                tasklet.disableNoSync();
                tasklet.item.look();
                tasklet.enable();
            });
            while (!claimer.isDone()) {
                assertTrue(tasklet.isRunning());
                assertFalse(tasklet.isScheduled());
            }
            claimer.join();
            mayEnd.set(true);
            tasklet.awaitRuns(1);
        }
    }

    /** As an item that any workqueue takes. */
    @Test
    void the_item_of_a_tasklet_runs_where_it_is_queued() {
        WorkRuntime runtime = runtimes.runtime();
        Counted tasklet = counted(runtime);
        assertTrue(runtime.systemUnbound().queue(tasklet.item));
        tasklet.awaitRuns(1);
        assertTrue(tasklet.schedule());
        tasklet.awaitRuns(2);
    }

    /** What a dump says is queued. */
    @Test
    void a_dump_names_what_is_queued_as_its_text_does() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Counted tasklet = counted(runtime);
        String name = tasklet.toString();
        tasklet.schedule();
        assertTrue(runtime.dump().contains(name.substring(0, name.indexOf('@'))), runtime::dump);
        hand.runAll();
        hand.close();
    }

    // ---- the rest ----

    @Test
    void its_text_says_what_it_is_and_does() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        AtomicReference<String> inside = new AtomicReference<>("");
        Counted tasklet = new Counted(runtime, self -> {
            inside.set(self + " / " + Work.current());
            gate.burn();
        });
        assertTrue(tasklet.toString().matches(".*Counted@[0-9a-f]+"), tasklet::toString);
        tasklet.disable();
        tasklet.schedule();
        flush(runtime);
        assertTrue(tasklet.toString().endsWith(" scheduled disabled"), tasklet::toString);
        tasklet.enable();
        Await.until("it runs", () -> !inside.get().isEmpty());
        assertTrue(inside.get().matches("(.*Counted@[0-9a-f]+ running) / \\1"), inside::get);
        assertTrue(runtime.dump().contains(Counted.class.getName()), runtime::dump);
        gate.open();
        tasklet.awaitRuns(1);
        Tasklet plain = Tasklet.of(runtime, self -> {});
        assertTrue(plain.toString().contains(TaskletTest.class.getName()), plain::toString);
    }

    @Test
    void scheduling_allocates_nothing() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicInteger runs = new AtomicInteger();
        Tasklet tasklet = Tasklet.of(runtime, self -> runs.incrementAndGet());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = 0;
        int rounds = 20_000;
        for (int i = 0; i < 2 * rounds; i++) {
            if (i == rounds) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            tasklet.schedule();
            while (runs.get() <= i) {
                Thread.onSpinWait();
            }
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < rounds, () -> bytes + " bytes for " + rounds + " schedules");
    }
}
