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

/** Requesting and freeing (I1 to I5, I11, I19, R80, R81). */
@Timeout(60)
class IrqRequestTest {
    private static final IrqLine.Primary HANDLED = action -> IrqReturn.HANDLED;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();
    @RegisterExtension final Lines lines = new Lines();

    @BeforeEach
    void count_only_what_is_ours() {
        runtimes.doNotCountRuns();
    }

    private static void refused(Class<? extends Exception> kind, String why, IrqLine line, IrqLine.Primary primary,
            IrqLine.ThreadHandler handler, IrqFlag... flags) {
        String before = line.toString();
        String message = assertThrows(kind, () -> line.request(primary, handler, "late", flags)).getMessage();
        assertTrue(message.contains(why) && message.contains("late"), message);
        assertEquals(before, line.toString());
    }

    /** I1. */
    @Test
    void a_request_needs_a_handler_and_without_a_primary_oneshot() {
        IrqLine line = lines.edge(runtimes.runtime());
        refused(IllegalArgumentException.class, "neither", line, null, null);
        refused(IllegalArgumentException.class, "needs ONESHOT", line, null, action -> {});
        refused(IllegalArgumentException.class, "needs ONESHOT", line, null, action -> {}, IrqFlag.SHARED);
    }

    /** I3, I4. */
    @Test
    void all_sharers_say_so_and_agree_about_oneshot() {
        IrqLine exclusive = lines.edge(runtimes.runtime());
        exclusive.request(HANDLED, null, "first");
        refused(IllegalStateException.class, "first], which does not share", exclusive, HANDLED, null,
                IrqFlag.SHARED);
        IrqLine shared = lines.edge(runtimes.runtime());
        shared.request(HANDLED, null, "first", IrqFlag.SHARED);
        refused(IllegalStateException.class, "not SHARED", shared, HANDLED, null);
        refused(IllegalStateException.class, "agree about ONESHOT", shared, HANDLED, null, IrqFlag.SHARED,
                IrqFlag.ONESHOT);
        shared.request(HANDLED, null, "second", IrqFlag.SHARED);
        assertEquals(2, shared.stats().actions().size());
    }

    @Test
    void a_line_has_room_for_so_many() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicInteger passes = new AtomicInteger();
        AtomicInteger runs = new AtomicInteger();
        for (int i = 0; i < IrqState.ROOM; i++) {
            line.request(action -> {
                passes.incrementAndGet();
                return IrqReturn.WAKE_THREAD;
            }, action -> runs.incrementAndGet(), "number " + i, IrqFlag.SHARED, IrqFlag.ONESHOT);
        }
        refused(IllegalStateException.class, "16 handlers", line, HANDLED, null, IrqFlag.SHARED, IrqFlag.ONESHOT);
        line.raise();
        assertEquals(IrqState.ROOM, passes.get());
        line.synchronize();
        assertEquals(IrqState.ROOM, runs.get());
    }

    /** I5. */
    @Test
    void a_line_may_begin_disabled_but_not_a_shared_one() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.edge(runtimes.runtime(), chip);
        refused(IllegalArgumentException.class, "SHARED and NO_AUTOEN", line, HANDLED, null, IrqFlag.SHARED,
                IrqFlag.NO_AUTOEN);
        line.request(HANDLED, null, "one", IrqFlag.NO_AUTOEN);
        assertTrue(chip.isMasked);
        line.raise();
        assertEquals(0, line.stats().passes());
        assertEquals(1, line.stats().disableDepth());
        line.enable();
        assertEquals(1, line.stats().passes());
        assertFalse(chip.isMasked);
    }

    /** I11: masked with the last one, and what comes meanwhile is remembered. */
    @Test
    void the_first_request_unmasks_and_the_last_free_masks() {
        Lines.Chip chip = new Lines.Chip();
        IrqLine line = lines.edge(runtimes.runtime(), chip);
        line.raise();
        assertTrue(chip.isMasked);
        IrqAction one = line.request(HANDLED, null, "one", IrqFlag.SHARED);
        assertEquals(1, line.stats().passes());
        IrqAction other = line.request(HANDLED, null, "other", IrqFlag.SHARED);
        assertEquals("one", line.free(one));
        assertFalse(chip.isMasked);
        assertEquals("other", line.free(other));
        assertTrue(chip.isMasked);
        assertThrows(IllegalStateException.class, () -> line.free(other));
        assertThrows(IllegalArgumentException.class, () -> lines.edge(runtimes.runtime()).free(one));
        assertFalse(chip.isWrong);
    }

    /** I11: levels of disabling outlive the handlers, so that handlers can be exchanged under them. */
    @Test
    void handlers_are_exchanged_on_a_disabled_line() {
        IrqLine line = lines.edge(runtimes.runtime());
        IrqAction old = line.request(HANDLED, null, "old");
        AtomicInteger passes = new AtomicInteger();
        try (IrqLine.Disabled _ = line.disabled()) {
            line.raise();
            line.free(old);
            line.request(action -> {
                passes.incrementAndGet();
                return IrqReturn.HANDLED;
            }, null, "new");
            assertEquals(0, passes.get());
        }
        assertEquals(1, passes.get());
    }

    /** I19, R81: woken, and not started. */
    @Test
    void a_freed_thread_runs_once_more_if_it_was_woken() {
        WorkRuntime runtime = runtimes.strictCpu();
        IrqLine line = lines.edge(runtime);
        Gate gate = runtimes.gate();
        AtomicInteger runs = new AtomicInteger();
        IrqAction action = line.request(null, self -> {
            runs.incrementAndGet();
            gate.pass();
        }, "one", IrqFlag.ONESHOT);
        line.wakeThread(action);
        Await.until("it runs", () -> runs.get() == 1);
        line.wakeThread(action);
        TestThreads.Started freeing = TestThreads.start(() -> line.free(action));
        Await.until("it is off the line", () -> line.stats().actions().isEmpty());
        Await.never("freeing does not wait", freeing::isDone);
        gate.open();
        freeing.join();
        assertEquals(2, runs.get());
        assertFalse(line.wakeThread(action));
        assertEquals(2, runs.get());
    }

    /** I11: waits for the primaries. */
    @Test
    void freeing_waits_for_a_primary() {
        IrqLine line = lines.edge(runtimes.runtime());
        Gate gate = runtimes.gate();
        AtomicInteger runs = new AtomicInteger();
        IrqAction action = line.request(self -> {
            gate.pass();
            return IrqReturn.WAKE_THREAD;
        }, self -> runs.incrementAndGet(), "slow");
        TestThreads.Started raising = TestThreads.start(line::raise);
        Await.until("the primary runs", line.state::isInProgress);
        TestThreads.Started freeing = TestThreads.start(() -> line.free(action));
        Await.never("freeing does not wait", freeing::isDone);
        gate.open();
        freeing.join();
        assertEquals(1, runs.get(), "what it woke has run");
        raising.join();
    }

    /** I11: it would wait for itself. */
    @Test
    void a_handler_cannot_free_itself() {
        IrqLine line = lines.edge(runtimes.runtime());
        AtomicReference<IrqAction> self = new AtomicReference<>();
        line.request(action -> {
            line.free(action);
            return IrqReturn.HANDLED;
        }, null, "primary", IrqFlag.SHARED);
        line.raise();
        assertTrue(lines.reported().getMessage().contains("a primary handler"));
        self.set(line.request(HANDLED, line::free, "thread", IrqFlag.SHARED));
        line.wakeThread(self.get());
        line.synchronize();
        assertTrue(lines.reported().getMessage().contains("its own threaded handler"));
        assertEquals(2, line.stats().actions().size());
    }

    /** A ring of waits is found; the handler is off the line all the same, and can be waited for later. */
    @Test
    void freeing_by_a_handler_that_the_thread_waits_for_throws() {
        WorkRuntime runtime = runtimes.runtime();
        IrqLine line = lines.edge(runtime);
        AtomicReference<IrqAction> action = new AtomicReference<>();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicBoolean isWaiting = new AtomicBoolean();
        Work freer = Work.of(work -> {
            Await.until("the thread waits for this", isWaiting::get);
            Await.never("it does not", () -> !action.get().thread.isRunning());
            try {
                line.free(action.get());
            } catch (WorkDeadlockException e) {
                thrown.set(e);
            }
        });
        action.set(line.request(null, self -> {
            isWaiting.set(true);
            freer.flush();
        }, "waiter", IrqFlag.ONESHOT));
        runtime.system().queue(freer);
        Await.until("it runs", freer::isRunning);
        line.raise();
        freer.flush();
        assertTrue(thrown.get() instanceof WorkDeadlockException, () -> "" + thrown.get());
        assertEquals("waiter", line.free(action.get()));
        assertThrows(IllegalStateException.class, () -> line.free(action.get()));
    }

    /** R80, I11: no wake gets lost or to somebody else, whoever comes and goes. */
    @Test
    void handlers_come_and_go_under_raises_and_wakes() {
        IrqLine line = lines.edge(runtimes.runtime(), new Lines.Chip());
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicReference<IrqAction> current = new AtomicReference<>();
        AtomicInteger late = new AtomicInteger();
        TestThreads.together(3, number -> {
            if (number == 0) {
                for (int i = 0; i < 3_000; i++) {
                    AtomicBoolean isFreed = new AtomicBoolean();
                    IrqAction action = line.request(null, self -> {
                        if (isFreed.get()) {
                            late.incrementAndGet();
                        }
                    }, "number " + i, IrqFlag.ONESHOT);
                    current.set(action);
                    line.free(action);
                    isFreed.set(true);
                    IrqStats.PerAction stats = action.stats();
                    assertEquals(stats.woken(), stats.runs());
                    assertFalse(line.state.hasActive());
                }
                isOver.set(true);
            }
            while (!isOver.get()) {
                IrqAction action = current.get();
                if (number == 1) {
                    line.raise();
                } else if (action != null) {
                    line.wakeThread(action);
                }
            }
        });
        assertEquals(0, late.get());
    }
}
