// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.kworker.Await;
import io.kworker.Gate;
import io.kworker.RuntimeExtension;
import io.kworker.TestThreads;
import io.kworker.Work;
import io.kworker.WorkRuntime;
import io.kworker.Workqueue;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Raising, primaries and threaded handlers (I2, I3, I10, I13 to I17, I21). */
@Timeout(60)
class IrqLineTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();
    @RegisterExtension final Lines lines = new Lines();

    @BeforeEach
    void count_only_what_is_ours() {
        runtimes.doNotCountRuns();
    }

    @Test
    void a_primary_runs_in_the_thread_that_raises() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicReference<Thread> seen = new AtomicReference<>();
        line.request(action -> {
            seen.set(Thread.currentThread());
            return IrqReturn.HANDLED;
        }, null, "one");
        line.raise();
        assertSame(Thread.currentThread(), seen.get());
        IrqStats stats = line.stats();
        assertEquals(1, stats.raised());
        assertEquals(1, stats.passes());
        assertEquals(1, stats.handled());
    }

    /** I2. */
    @Test
    void a_woken_handler_runs_on_a_worker_and_may_sleep() {
        IrqLine line = lines.edge(runtimes.runtime());
        Gate gate = runtimes.gate();
        AtomicReference<Thread> seen = new AtomicReference<>();
        IrqAction action = line.request(self -> IrqReturn.WAKE_THREAD, self -> {
            gate.pass();
            seen.set(Thread.currentThread());
        }, "sleeper");
        line.raise();
        Await.until("it sleeps", action.thread::isRunning);
        assertFalse(line.synchronizeHardirq(), "I8: a thread is active");
        gate.open();
        line.synchronize();
        assertNotSame(Thread.currentThread(), seen.get());
        assertTrue(line.synchronizeHardirq());
        assertEquals(List.of(new IrqStats.PerAction("sleeper", 1, 1)), line.stats().actions());
    }

    /** I2: the kernel warns once. */
    @Test
    void waking_a_thread_that_is_not_there_is_reported_once() {
        IrqLine line = lines.edge(runtimes.runtime());
        line.request(action -> IrqReturn.WAKE_THREAD, null, "confused");
        line.raise();
        line.raise();
        assertTrue(lines.reported().getMessage().contains("confused] returned WAKE_THREAD"));
        assertEquals(2, line.stats().handled());
    }

    /** The guide's "work queue from interrupt". */
    @Test
    void a_primary_queues_work() {
        WorkRuntime runtime = runtimes.runtime();
        IrqLine line = lines.edge(runtime);
        AtomicInteger runs = new AtomicInteger();
        Work work = Work.of(self -> runs.incrementAndGet());
        line.request(action -> {
            runtime.system().queue(work);
            return IrqReturn.HANDLED;
        }, null, "queuer");
        line.raise();
        work.flush();
        assertEquals(1, runs.get());
    }

    /** I13, I17: nobody's raise is lost, and the primary sees what each raiser wrote. */
    @Test
    void primaries_of_a_line_never_run_twice_at_once_and_see_what_was_written_before_each_raise() {
        IrqLine line = lines.edge(runtimes.runtime());
        int threads = 4;
        int each = 20_000;
        int[] written = new int[threads * 16];
        int[] seen = new int[threads * 16];
        AtomicBoolean isInside = new AtomicBoolean();
        AtomicBoolean hasOverlapped = new AtomicBoolean();
        line.request(action -> {
            if (!isInside.compareAndSet(false, true)) {
                hasOverlapped.set(true);
            }
            System.arraycopy(written, 0, seen, 0, seen.length);
            isInside.set(false);
            return IrqReturn.HANDLED;
        }, null, "one");
        TestThreads.together(threads, number -> {
            for (int i = 1; i <= each; i++) {
                written[number * 16] = i;
                line.raise();
            }
        });
        line.disable();
        for (int i = 0; i < threads; i++) {
            assertEquals(each, seen[i * 16], "what thread " + i + " wrote last");
        }
        assertFalse(hasOverlapped.get());
        IrqStats stats = line.stats();
        assertEquals((long) threads * each, stats.raised());
        assertTrue(stats.passes() <= stats.raised() && stats.passes() > 0);
    }

    /** I17: any number of edges during a pass is one more pass, in the same thread. */
    @Test
    void edges_during_a_pass_are_replayed_once() {
        IrqLine line = lines.edge(runtimes.runtime());
        Gate gate = runtimes.gate();
        List<Thread> passes = new ArrayList<>();
        line.request(action -> {
            passes.add(Thread.currentThread());
            if (passes.size() == 1) {
                gate.pass();
            }
            return IrqReturn.HANDLED;
        }, null, "slow");
        TestThreads.Started first = TestThreads.start(line::raise);
        Await.until("the first pass is under way", line.state::isInProgress);
        for (int i = 0; i < 5; i++) {
            line.raise();
        }
        gate.open();
        first.join();
        assertEquals(2, passes.size());
        assertSame(passes.getFirst(), passes.getLast());
        assertNotSame(Thread.currentThread(), passes.getFirst());
        assertEquals(6, line.stats().raised());
    }

    /** I17: raised by its own primary. */
    @Test
    void a_primary_that_raises_its_own_line_is_run_again_afterwards() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicInteger depth = new AtomicInteger();
        AtomicInteger passes = new AtomicInteger();
        line.request(action -> {
            assertEquals(1, depth.incrementAndGet());
            if (passes.incrementAndGet() < 3) {
                line.raise();
            }
            depth.decrementAndGet();
            return IrqReturn.HANDLED;
        }, null, "again");
        line.raise();
        assertEquals(3, passes.get());
    }

    /** I14, I15: wakes before the start are one run, wakes during it one more. */
    @Test
    void wakes_coalesce() {
        IrqLine line = lines.edge(runtimes.strictCpu());
        Gate gate = runtimes.gate();
        AtomicInteger runs = new AtomicInteger();
        IrqAction action = line.request(self -> IrqReturn.WAKE_THREAD, self -> {
            runs.incrementAndGet();
            gate.pass();
        }, "sleeper");
        line.raise();
        Await.until("it runs", () -> runs.get() == 1);
        for (int i = 0; i < 5; i++) {
            line.raise();
        }
        assertFalse(line.wakeThread(action));
        gate.open();
        line.synchronize();
        assertEquals(2, runs.get());
        assertEquals(new IrqStats.PerAction("sleeper", 2, 2), line.stats().actions().getFirst());
    }

    /** I3, I16: masked until the last woken handler is done; an edge meanwhile is remembered. */
    @Test
    void a_oneshot_line_stays_masked_until_all_woken_threads_are_done() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.edge(runtimes.runtime(), chip);
        Gate first = runtimes.gate();
        Gate second = runtimes.gate();
        AtomicInteger passes = new AtomicInteger();
        line.request(action -> passes.incrementAndGet() == 1 ? IrqReturn.WAKE_THREAD : IrqReturn.HANDLED,
                action -> first.pass(), "first", IrqFlag.ONESHOT, IrqFlag.SHARED);
        line.request(action -> passes.get() == 1 ? IrqReturn.WAKE_THREAD : IrqReturn.NONE,
                action -> second.pass(), "second", IrqFlag.ONESHOT, IrqFlag.SHARED);
        line.raise();
        assertTrue(chip.isMasked);
        line.raise();
        line.raise();
        first.open();
        Await.until("the first one is done", () -> line.stats().actions().getFirst().runs() == 1);
        Await.never("it is unmasked too early", () -> !chip.isMasked || passes.get() != 1);
        second.open();
        Await.until("it is unmasked, and the edges are replayed as one", () -> passes.get() == 2);
        line.synchronize();
        Await.until("it is at rest", () -> !line.state.isInProgress());
        assertFalse(chip.isMasked);
        assertFalse(chip.isWrong);
        assertEquals(2, line.stats().passes());
        assertEquals(3, line.stats().raised());
    }

    /** I16: a primary that wakes nobody. */
    @Test
    void a_oneshot_line_is_not_masked_by_a_primary_that_wakes_nobody() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.level(runtimes.runtime(), chip);
        line.request(action -> {
            assertTrue(chip.isMasked, "a level line is masked while its primaries run");
            return IrqReturn.HANDLED;
        }, action -> {}, "one", IrqFlag.ONESHOT);
        line.raise();
        assertFalse(chip.isMasked);
        assertEquals(2, chip.unmasked, "by the request and after the pass");
    }

    /** I16, I7: disabled meanwhile. */
    @Test
    void the_end_of_a_oneshot_thread_does_not_unmask_a_line_that_was_disabled_meanwhile() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.level(runtimes.runtime(), chip);
        Gate gate = runtimes.gate();
        IrqAction action = line.request(null, self -> gate.pass(), "one", IrqFlag.ONESHOT);
        line.raise();
        line.disableNoSync();
        gate.open();
        action.thread.flush();
        assertTrue(chip.isMasked);
        line.enable();
        assertFalse(chip.isMasked);
        assertFalse(chip.isWrong);
    }

    /** I1, I3. */
    @Test
    void without_a_primary_a_raise_wakes_the_thread() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicInteger runs = new AtomicInteger();
        line.request(null, action -> runs.incrementAndGet(), "one", IrqFlag.ONESHOT);
        line.raise();
        Await.until("it has run", () -> runs.get() == 1);
    }

    /** I17: a level line that is still asserted is looked at again; raises of a masked one mean nothing. */
    @Test
    void a_level_line_is_looked_at_again_when_it_is_unmasked() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.level(runtimes.runtime(), chip);
        AtomicInteger passes = new AtomicInteger();
        line.request(action -> {
            line.raise();
            chip.isAsserted = passes.incrementAndGet() < 3;
            return IrqReturn.HANDLED;
        }, null, "one");
        assertEquals(0, passes.get());
        line.raise();
        assertEquals(3, passes.get());
        line.disable();
        line.raise();
        line.enable();
        assertEquals(3, passes.get());
        chip.isAsserted = true;
        passes.set(1);
        line.disable();
        line.enable();
        assertEquals(3, passes.get());
        assertFalse(chip.isWrong);
    }

    /** What a source raises as soon as it is unmasked is not lost, though the line is still in progress. */
    @Test
    void a_level_source_may_raise_from_within_unmask() {
        AtomicInteger passes = new AtomicInteger();
        AtomicReference<IrqLine> self = new AtomicReference<>();
        IrqLine line = lines.make(IrqLine.level(runtimes.runtime(), "level", new IrqChip() {
            @Override
            public void unmask() {
                if (passes.get() == 1) {
                    self.get().raise();
                }
            }
        }));
        self.set(line);
        line.request(action -> {
            passes.incrementAndGet();
            return IrqReturn.HANDLED;
        }, null, "one");
        line.raise();
        assertEquals(2, passes.get());
    }

    /** I10. */
    @Test
    void a_thread_is_woken_by_hand_and_masks_nothing() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.edge(runtimes.runtime(), chip);
        Gate gate = runtimes.gate();
        AtomicInteger entered = new AtomicInteger();
        IrqAction action = line.request(null, self -> {
            entered.incrementAndGet();
            gate.pass();
        }, "one", IrqFlag.ONESHOT);
        assertTrue(line.wakeThread(action));
        Await.until("the handler runs, so that this is another wake-up", () -> entered.get() == 1);
        assertFalse(chip.isMasked);
        assertTrue(line.wakeThread(action), "one more run");
        assertFalse(line.wakeThread(action));
        gate.open();
        line.synchronize();
        assertEquals(2, line.stats().actions().getFirst().runs());
        IrqAction plain = lines.edge(runtimes.runtime()).request(self -> IrqReturn.HANDLED, null, "plain");
        assertThrows(IllegalArgumentException.class, () -> line.wakeThread(plain));
        assertThrows(IllegalArgumentException.class, () -> plain.line().wakeThread(plain));
    }

    @Test
    void a_primary_that_throws_is_reported_and_counts_as_none_and_the_others_run() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicInteger others = new AtomicInteger();
        line.request(action -> {
            throw new IllegalArgumentException("broken");
        }, null, "broken", IrqFlag.SHARED);
        line.request(action -> {
            others.incrementAndGet();
            return IrqReturn.NONE;
        }, null, "other", IrqFlag.SHARED);
        line.raise();
        assertEquals("broken", lines.reported().getMessage());
        assertEquals(1, others.get());
        assertEquals(1, line.stats().unhandled());
    }

    @Test
    void a_threaded_handler_and_a_chip_that_throw_are_reported_and_the_line_goes_on() {
        AtomicBoolean isBroken = new AtomicBoolean();
        IrqLine line = lines.make(IrqLine.level(runtimes.runtime(), "level", new IrqChip() {
            @Override
            public void mask() {
                if (isBroken.get()) {
                    throw new IllegalStateException("no mask");
                }
            }
        }));
        AtomicInteger runs = new AtomicInteger();
        line.request(null, action -> {
            runs.incrementAndGet();
            throw new IllegalArgumentException("broken");
        }, "broken", IrqFlag.ONESHOT);
        line.raise();
        Await.until("it is reported", () -> lines.reports() == 1);
        assertEquals("broken", lines.reported().getMessage());
        line.synchronize();
        Await.until("it is at rest", () -> !line.state.isMasked() && !line.state.isInProgress());
        isBroken.set(true);
        line.raise();
        Await.until("both are reported", () -> lines.reports() == 2);
        isBroken.set(false);
        line.synchronize();
        assertEquals(2, runs.get());
        assertEquals(2, lines.reports());
        lines.forget();
    }

    /** The kernel's 99,900 of 100,000. */
    @Test
    void a_line_that_nobody_wants_is_stopped_and_gets_one_more_chance() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.edge(runtimes.runtime(), chip);
        AtomicInteger passes = new AtomicInteger();
        line.request(action -> {
            passes.incrementAndGet();
            return IrqReturn.NONE;
        }, null, "stranger", IrqFlag.SHARED);
        while (!line.stats().isStopped() && line.stats().raised() < 1_000_000) {
            line.raise(); // on a machine that stops for a tenth of a second it takes another round
        }
        assertTrue(line.stats().isStopped());
        assertTrue(chip.isMasked);
        assertTrue(lines.reported().getMessage().contains("stranger"));
        int before = passes.get();
        assertEquals(0, before % SpuriousCount.WINDOW);
        line.raise();
        assertEquals(before, passes.get());
        line.disable();
        line.enable();
        assertTrue(line.stats().isStopped(), "the one has nothing to do with the other");
        line.enable();
        assertFalse(line.stats().isStopped());
        assertEquals(before + 1, passes.get(), "the edge was remembered");
        assertThrows(IllegalStateException.class, line::enable);
        while (!line.stats().isStopped() && line.stats().raised() < 2_000_000) {
            line.raise();
        }
        assertTrue(lines.reported().getMessage().contains("is stopped"));
        line.request(action -> IrqReturn.HANDLED, null, "owner", IrqFlag.SHARED);
        assertFalse(line.stats().isStopped());
        for (int i = 0; i <= SpuriousCount.WINDOW; i++) {
            line.raise();
        }
        assertFalse(line.stats().isStopped());
    }

    @Test
    void a_line_that_is_wanted_once_in_a_while_is_not_stopped() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicInteger passes = new AtomicInteger();
        line.request(action -> passes.incrementAndGet() % 500 == 0 ? IrqReturn.HANDLED : IrqReturn.NONE, null, "rare");
        for (int i = 0; i < 2 * SpuriousCount.WINDOW; i++) {
            line.raise();
        }
        assertFalse(line.stats().isStopped());
    }

    /** I21. */
    @Test
    void a_wake_after_the_runtime_was_closed_is_reported_and_nobody_waits_for_it() {
        WorkRuntime runtime = runtimes.runtime();
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.level(runtime, chip);
        IrqAction action = line.request(null, self -> {}, "late", IrqFlag.ONESHOT);
        runtime.close();
        line.raise();
        assertSame(RejectedExecutionException.class, lines.reported().getClass());
        assertFalse(chip.isMasked);
        line.wakeThread(action);
        assertSame(RejectedExecutionException.class, lines.reported().getClass());
        assertEquals("late", line.free(action));
    }

    @Test
    void threaded_handlers_run_on_the_workqueue_that_was_given() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue ordered = runtimes.queue(runtime.workqueue("threads").ordered());
        IrqLine line = lines.make(IrqLine.edge(runtime, "edge").workqueue(ordered));
        line.request(null, action -> {}, "one", IrqFlag.ONESHOT);
        line.raise();
        ordered.flush();
        assertEquals(1, line.stats().actions().getFirst().runs());
        assertThrows(IllegalArgumentException.class,
                () -> IrqLine.edge(runtime, "edge").workqueue(runtime.systemBh()));
        assertThrows(IllegalArgumentException.class,
                () -> IrqLine.edge(runtimes.runtime(), "edge").workqueue(ordered));
    }

    @Test
    void raising_allocates_nothing() {
        IrqLine line = lines.level(runtimes.oneCpu(), new Lines.Chip());
        line.request(action -> IrqReturn.HANDLED, null, "one");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) { // what the compilers and others do counts at first
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int j = 0; j < 1_000; j++) {
                line.raise();
            }
            allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, allocated);
    }
}
