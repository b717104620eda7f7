// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kworker.Await;
import io.kworker.Gate;
import io.kworker.RuntimeExtension;
import io.kworker.TestThreads;
import io.kworker.Work;
import io.kworker.WorkDeadlockException;
import io.kworker.WorkRuntime;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Disabling and waiting (I6 to I9, I12, I17, I18, R77, R79). */
@Timeout(60)
class IrqDisableTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();
    @RegisterExtension final Lines lines = new Lines();

    @BeforeEach
    void count_only_what_is_ours() {
        runtimes.doNotCountRuns();
    }

    /** I7, I17, I18. */
    @Test
    void levels_nest_and_edges_are_replayed_once_when_the_last_one_goes() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.edge(runtimes.runtime(), chip);
        line.request(action -> IrqReturn.HANDLED, null, "one");
        line.disable();
        line.disableNoSync();
        assertTrue(line.disableHardirq());
        assertEquals(3, line.stats().disableDepth());
        for (int i = 0; i < 3; i++) {
            line.raise();
            assertEquals(0, line.stats().passes());
            assertTrue(chip.isMasked);
            line.enable();
        }
        assertEquals(1, line.stats().passes());
        assertEquals(3, line.stats().raised());
        assertFalse(chip.isMasked);
        line.raise();
        assertEquals(2, line.stats().passes());
        assertFalse(chip.isWrong);
    }

    /** I7: as J4. */
    @Test
    void an_enable_too_many_throws_and_changes_nothing() {
        IrqLine line = lines.edge(runtimes.runtime());
        line.request(action -> IrqReturn.HANDLED, null, "one");
        assertThrows(IllegalStateException.class, line::enable);
        line.raise();
        assertEquals(1, line.stats().passes());
    }

    @Test
    void a_level_too_many_throws_and_changes_nothing() {
        IrqLine line = lines.edge(runtimes.runtime());
        for (int i = 0; i < IrqState.MAX_DEPTH; i++) {
            line.disableNoSync();
        }
        assertThrows(IllegalStateException.class, line::disableNoSync);
        assertThrows(IllegalStateException.class, line::disable);
        assertThrows(IllegalStateException.class,
                () -> line.request(action -> IrqReturn.HANDLED, null, "one", IrqFlag.NO_AUTOEN));
        assertEquals(IrqState.MAX_DEPTH, line.stats().disableDepth());
        assertEquals(0, line.stats().actions().size());
    }

    /** I12. */
    @Test
    void the_guard_enables_once() {
        IrqLine line = lines.edge(runtimes.runtime());
        line.request(action -> IrqReturn.HANDLED, null, "one");
        try (IrqLine.Disabled _ = line.disabled()) {
            line.raise();
            assertEquals(0, line.stats().passes());
        }
        assertEquals(1, line.stats().passes());
        IrqLine.Disabled guard = line.disabled();
        guard.close();
        guard.close();
        assertEquals(0, line.stats().disableDepth());
    }

    /** I18: from a primary without waiting; the pass that was remembered does not come. */
    @Test
    void a_primary_may_disable_its_line_without_waiting() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.edge(runtimes.runtime(), chip);
        AtomicInteger passes = new AtomicInteger();
        line.request(action -> {
            passes.incrementAndGet();
            line.disableNoSync();
            line.raise();
            return IrqReturn.HANDLED;
        }, null, "one");
        line.raise();
        assertEquals(1, passes.get());
        assertTrue(chip.isMasked);
        line.enable();
        assertEquals(2, passes.get());
        assertEquals(1, line.stats().disableDepth());
        assertFalse(chip.isWrong);
    }

    /** I18: would wait for itself. */
    @Test
    void waiting_calls_by_the_own_primary_are_refused() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicInteger refused = new AtomicInteger();
        line.request(action -> {
            for (Runnable call : calls(line)) {
                assertThrows(IllegalStateException.class, call::run);
                refused.incrementAndGet();
            }
            return IrqReturn.HANDLED;
        }, null, "one");
        line.raise();
        assertEquals(calls(line).length, refused.get());
        assertEquals(0, line.stats().disableDepth());
    }

    private static Runnable[] calls(IrqLine line) {
        return new Runnable[] {line::synchronize, line::disable, line::disabled, line::synchronizeHardirq,
            line::disableHardirq};
    }

    /** I18; those that wait for primaries only are fine. */
    @Test
    void waiting_calls_by_the_own_thread_are_refused() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicInteger refused = new AtomicInteger();
        line.request(null, action -> {
            for (int i = 0; i < 3; i++) {
                assertThrows(IllegalStateException.class, calls(line)[i]::run);
                refused.incrementAndGet();
            }
            assertFalse(line.synchronizeHardirq());
            assertFalse(line.disableHardirq());
            line.enable();
        }, "one", IrqFlag.ONESHOT);
        line.raise();
        line.synchronize();
        assertEquals(3, refused.get());
        assertEquals(0, line.stats().disableDepth());
    }

    /** I6, and it takes its level back. */
    @Test
    void a_disable_that_could_never_end_throws_and_changes_nothing() {
        WorkRuntime runtime = runtimes.runtime();
        IrqLine line = lines.edge(runtime);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicBoolean isWaiting = new AtomicBoolean();
        AtomicReference<IrqAction> action = new AtomicReference<>();
        Work other = Work.of(work -> {
            Await.until("the thread waits for this", isWaiting::get);
            Await.never("it does not", () -> !action.get().thread.isRunning());
            try {
                line.disable();
            } catch (WorkDeadlockException e) {
                thrown.set(e);
            }
        });
        action.set(line.request(action0 -> IrqReturn.WAKE_THREAD, self -> {
            isWaiting.set(true);
            other.flush();
        }, "waiter"));
        runtime.system().queue(other);
        Await.until("it runs", other::isRunning);
        line.raise();
        other.flush();
        assertTrue(thrown.get() instanceof WorkDeadlockException, () -> "" + thrown.get());
        assertEquals(0, line.stats().disableDepth());
    }

    /** I6, I8, I9. */
    @Test
    void disabling_waits_for_primaries_and_threads_as_far_as_it_says() {
        IrqLine line = lines.edge(runtimes.runtime());
        Gate primary = runtimes.gate();
        Gate thread = runtimes.gate();
        AtomicInteger passes = new AtomicInteger();
        IrqAction action = line.request(self -> {
            primary.pass();
            passes.incrementAndGet();
            return IrqReturn.WAKE_THREAD;
        }, self -> thread.pass(), "slow");
        TestThreads.Started raising = TestThreads.start(line::raise);
        Await.until("the primary runs", line.state::isInProgress);
        line.disableNoSync();
        AtomicBoolean isQuiet = new AtomicBoolean(true);
        TestThreads.Started hard = TestThreads.start(() -> isQuiet.set(line.disableHardirq()));
        TestThreads.Started full = TestThreads.start(line::disable);
        Await.never("one of them does not wait", () -> hard.isDone() || full.isDone());
        primary.open();
        hard.join();
        raising.join();
        assertEquals(1, passes.get());
        assertFalse(isQuiet.get(), "a thread is active");
        Await.never("disable() does not wait for the thread", full::isDone);
        thread.open();
        full.join();
        assertEquals(1, action.stats().runs());
        line.raise();
        assertEquals(1, passes.get());
        for (int i = 0; i < 3; i++) {
            line.enable();
        }
        assertEquals(2, passes.get());
    }

    /** R79: nothing runs between disable and enable, whatever is raised. */
    @Test
    void nothing_runs_while_the_line_is_disabled() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.edge(runtimes.runtime(), chip);
        AtomicBoolean isOver = new AtomicBoolean();
        int[] count = new int[2];
        line.request(action -> {
            count[0]++;
            return (count[0] & 1) == 0 ? IrqReturn.WAKE_THREAD : IrqReturn.HANDLED;
        }, action -> count[1]++, "one", IrqFlag.ONESHOT);
        TestThreads.together(3, number -> {
            if (number == 0) {
                for (int i = 0; i < 3_000; i++) {
                    line.disable();
                    int primaries = count[0];
                    int threads = count[1];
                    for (int j = 0; j < 20; j++) {
                        assertEquals(primaries, count[0]);
                        assertEquals(threads, count[1]);
                        Thread.onSpinWait();
                    }
                    line.enable();
                }
                isOver.set(true);
            }
            while (!isOver.get()) {
                line.raise();
            }
        });
        assertFalse(chip.isWrong);
    }

    /** I9, R79: a storm does not hold up a waiter. */
    @Test
    void synchronize_ends_under_a_storm() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicBoolean isOver = new AtomicBoolean();
        line.request(action -> {
            if (!isOver.get()) {
                line.raise(); // for ever in progress
            }
            return IrqReturn.WAKE_THREAD;
        }, action -> {}, "storm");
        TestThreads.Started raising = TestThreads.start(line::raise);
        Await.until("it storms", line.state::isInProgress);
        for (int i = 0; i < 100; i++) {
            line.synchronizeHardirq();
            line.synchronize();
        }
        isOver.set(true);
        raising.join();
    }

    /** R77, R78, I16: the thread may be done before the primary that woke it. */
    @Test
    void a_oneshot_line_never_stays_masked() {
        for (boolean isLevel : new boolean[] {false, true}) {
            Lines.Chip chip = new Lines.Chip();
            WorkRuntime runtime = runtimes.runtime();
            IrqLine line = isLevel ? lines.level(runtime, chip) : lines.edge(runtime, chip);
            AtomicInteger runs = new AtomicInteger();
            line.request(null, action -> runs.incrementAndGet(), "one", IrqFlag.ONESHOT);
            for (int i = 1; i <= 5_000; i++) {
                int wanted = i;
                line.raise();
                Await.until("it is unmasked", () -> runs.get() == wanted && !chip.isMasked);
            }
            assertFalse(chip.isWrong);
        }
    }
}
