// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The transitions of the state word, one by one and by hand. */
@Timeout(60)
class WorkStateTest {
    private final Work item = Work.of(work -> {});

    /** A queueing as the workqueue does it; null where it was refused. */
    private Entry queue() {
        long found = item.pend();
        if (WorkState.refuses(found)) {
            return null;
        }
        Entry entry = WorkState.isLinked(found) ? new StandIn(item) : item;
        entry.generation = WorkState.generation(found) + 1;
        return entry;
    }

    private static final class Recorder extends Waiter {
        int released;

        Recorder(int target) {
            super(target);
        }

        @Override
        void release() {
            released++;
        }
    }

    private Recorder awaitCurrent() {
        Recorder waiter = new Recorder(WorkState.generation(item.state()));
        item.await(waiter);
        return waiter;
    }

    /** Sets the generation, which takes a long time to come about. */
    private void forceGeneration(int generation) throws ReflectiveOperationException {
        VarHandle state = MethodHandles.privateLookupIn(WorkState.class, MethodHandles.lookup())
                .findVarHandle(WorkState.class, "state", long.class);
        state.setVolatile(item, (long) generation << 32 | item.state() & 0xFFFF_FFFFL);
    }

    @Test
    void a_new_item_is_idle() {
        assertEquals(0, item.state());
        assertFalse(item.hasWaiters());
    }

    /** G2: PENDING goes before the run. */
    @Test
    void one_instance_goes_from_idle_over_pending_and_running_to_idle() {
        Entry entry = queue();
        assertSame(item, entry);
        assertTrue(item.isPending() && !item.isRunning() && WorkState.isLinked(item.state()));
        assertEquals(WorkState.Start.STARTED, item.start(entry));
        assertTrue(!item.isPending() && item.isRunning() && !WorkState.isLinked(item.state()));
        item.finish();
        assertFalse(item.isBusy());
        assertEquals(1, WorkState.generation(item.state()));
    }

    /** G1, G3. */
    @Test
    void a_pending_item_refuses_and_is_unchanged() {
        queue();
        long state = item.state();
        assertEquals(state, item.pend());
        assertEquals(state, item.state());
    }

    /** G2: the item's own entry is free again once the handler has started. */
    @Test
    void a_running_item_takes_one_more_instance_with_its_own_entry() {
        item.start(queue());
        assertSame(item, queue());
        assertTrue(WorkState.refuses(item.pend()));
        item.finish();
        assertTrue(item.isPending());
        assertEquals(WorkState.Start.STARTED, item.start(item));
        item.finish();
    }

    /** J1: an earlier instance runs. */
    @Test
    void an_instance_whose_item_runs_is_not_started() {
        item.start(queue());
        Entry second = queue();
        assertEquals(WorkState.Start.BUSY, item.start(second));
        assertTrue(item.isPending() && item.isRunning());
        item.finish();
        assertEquals(WorkState.Start.STARTED, item.start(second));
        item.finish();
    }

    /** A cancelled entry stays where it is, so the next instance needs another one. */
    @Test
    void after_a_cancellation_the_next_instance_has_a_stand_in() {
        Entry first = queue();
        item.unpend();
        assertFalse(item.isBusy());
        Entry second = queue();
        assertTrue(second instanceof StandIn);
        assertSame(item, second.work());
        assertEquals(WorkState.Start.DEAD, item.start(first));
        assertFalse(WorkState.isLinked(item.state()));
        assertTrue(item.isPending());
        item.unpend();
        assertSame(item, queue(), "its own entry is free again");
        assertEquals(WorkState.Start.DEAD, item.start(second));
        assertEquals(WorkState.Start.STARTED, item.start(item));
        item.finish();
    }

    /** In whatever order dead and living entries come out, only the living one starts. */
    @Test
    void of_many_entries_of_an_item_only_the_newest_starts() {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            entries.add(queue());
            if (i < 9) {
                item.unpend();
            }
        }
        for (int i = 0; i < 9; i++) {
            assertEquals(WorkState.Start.DEAD, item.start(entries.get(i)));
        }
        assertEquals(WorkState.Start.STARTED, item.start(entries.get(9)));
        item.finish();
    }

    @Test
    void an_entry_given_up_is_not_linked_any_more() {
        Entry entry = queue();
        item.unlink(entry);
        assertFalse(WorkState.isLinked(item.state()));
        assertTrue(item.isPending());
        item.unpend();
        Entry standIn = new StandIn(item);
        item.unlink(standIn);
        assertEquals(0, item.state() & (WorkState.PENDING | WorkState.RUNNING | WorkState.LINKED));
    }

    /** R6: a cancellation takes the instance it names and no later one. */
    @Test
    void a_cancellation_by_generation_takes_that_instance_only() {
        queue();
        assertFalse(item.unpend(2));
        assertTrue(item.unpend(1));
        assertFalse(item.unpend(1));
        queue();
        assertFalse(item.unpend(1));
        assertTrue(item.isPending());
        assertTrue(item.unpend(2));
    }

    /** G64 in small: depths count, and the item takes instances at depth 0 only. */
    @Test
    void a_disabled_item_refuses_until_the_last_enabling() {
        queue();
        assertTrue(WorkState.isPending(item.disableOnce()));
        assertFalse(item.isPending());
        item.disableOnce();
        assertTrue(WorkState.refuses(item.pend()));
        item.enableOnce();
        assertTrue(WorkState.refuses(item.pend()));
        item.enableOnce();
        assertFalse(WorkState.refuses(item.pend()));
    }

    /** J4, G65. */
    @Test
    void the_depth_does_not_overflow() {
        for (int i = 0; i < 65_535; i++) {
            item.disableOnce();
        }
        long state = item.state();
        assertThrows(IllegalStateException.class, item::disableOnce);
        assertEquals(state, item.state());
        for (int i = 0; i < 65_535; i++) {
            assertTrue(WorkState.refuses(item.pend()));
            item.enableOnce();
        }
        assertFalse(WorkState.refuses(item.pend()));
    }

    /** G62: a run in progress is not touched by it. */
    @Test
    void disabling_a_running_item_lets_it_run() {
        item.start(queue());
        queue();
        long found = item.disableOnce();
        assertTrue(WorkState.isPending(found) && WorkState.isRunning(found));
        assertTrue(item.isRunning() && !item.isPending());
        item.finish();
        item.enableOnce();
        assertFalse(item.isBusy());
    }

    // ---- waiters ----

    @Test
    void a_waiter_on_an_idle_item_is_released_at_once() {
        assertEquals(1, awaitCurrent().released);
        assertFalse(item.hasWaiters());
    }

    @Test
    void a_waiter_is_released_once_by_the_end_of_the_run() {
        Entry entry = queue();
        Recorder waiter = awaitCurrent();
        item.start(entry);
        assertEquals(0, waiter.released);
        item.finish();
        assertEquals(1, waiter.released);
        assertFalse(item.hasWaiters());
        item.start(queue());
        item.finish();
        assertEquals(1, waiter.released);
    }

    /** G51. */
    @Test
    void a_waiter_is_released_by_the_cancellation() {
        queue();
        Recorder waiter = awaitCurrent();
        item.unpend();
        assertEquals(1, waiter.released);
        queue();
        Recorder second = awaitCurrent();
        item.disableOnce();
        assertEquals(1, second.released);
        item.enableOnce();
    }

    /** G50: each by its own instance. */
    @Test
    void waiters_of_different_instances_are_released_one_after_another() {
        Entry first = queue();
        Recorder one = awaitCurrent();
        item.start(first);
        Recorder another = awaitCurrent();
        Entry second = queue();
        Recorder two = awaitCurrent();
        item.finish();
        assertEquals(List.of(1, 1, 0), List.of(one.released, another.released, two.released));
        assertTrue(item.hasWaiters());
        item.start(second);
        assertEquals(0, two.released);
        item.finish();
        assertEquals(1, two.released);
        assertFalse(item.hasWaiters());
    }

    /** R14: a waiter of the pending instance waits for the running one where the pending one is cancelled. */
    @Test
    void a_waiter_is_not_released_while_the_item_runs() {
        item.start(queue());
        queue();
        Recorder waiter = awaitCurrent();
        item.unpend();
        assertEquals(0, waiter.released);
        item.finish();
        assertEquals(1, waiter.released);
    }

    /**
     * Nothing but later starts moves an item on: neither a cancellation nor a disabling nor an entry that is unlinked.
     */
    @Test
    void an_item_has_not_moved_on_for_what_is_no_start() {
        item.start(queue());
        Entry second = queue();
        long both = item.state();
        item.unpend();
        assertFalse(WorkState.hasMovedOn(both, item.state()), "cancelled, and the earlier instance runs");
        item.disableOnce();
        assertFalse(WorkState.hasMovedOn(both, item.state()), "disabled, and the earlier instance runs");
        item.enableOnce();
        Entry third = queue();
        long linked = item.state();
        assertEquals(WorkState.Start.DEAD, item.start(second));
        assertFalse(WorkState.hasMovedOn(linked, item.state()), "unlinked, and the newest instance is pending");
        item.finish();
        assertFalse(WorkState.hasMovedOn(linked, item.state()), "the newest instance is pending");
        item.start(third);
        assertFalse(WorkState.hasMovedOn(linked, item.state()), "the newest instance runs");
    }

    /** The count of starts is small and wraps; a waiter asks right after it looked. */
    @Test
    void an_item_has_moved_on_once_a_later_instance_has_started() {
        for (int i = 0; i < 10_000; i++) {
            Entry first = queue();
            long pending = item.state();
            item.start(first);
            long running = item.state();
            assertFalse(WorkState.hasMovedOn(pending, running));
            Entry second = queue();
            item.finish();
            assertFalse(WorkState.hasMovedOn(running, item.state()));
            item.start(second);
            assertTrue(WorkState.hasMovedOn(pending, item.state()));
            assertTrue(WorkState.hasMovedOn(running, item.state()));
            item.finish();
            assertTrue(WorkState.hasMovedOn(running, item.state()));
        }
    }

    /** It lies beside the count of starts, which wraps. */
    @Test
    void the_turn_of_requests_changes_with_each_request_and_with_nothing_else() {
        for (long turn : new long[] {WorkState.TURN, 0}) {
            assertTrue(item.armByRequest(item.state()));
            assertEquals(turn, item.state() & WorkState.TURN);
            assertTrue(WorkState.isTimed(item.unpend()));
            for (int i = 0; i < 5_000; i++) {
                Entry entry = queue();
                item.start(entry);
                item.disableOnce();
                item.enableOnce();
                item.finish();
                assertEquals(turn, item.state() & WorkState.TURN);
            }
            item.arm(WorkState.Arm.IDLE);
            item.replace(WorkState.Arm.ANY);
            item.unpend();
            item.unlink(item);
            assertEquals(turn, item.state() & WorkState.TURN);
        }
    }

    /** The end of instances is told by differences, so the counter may wrap. */
    @ParameterizedTest
    @ValueSource(ints = {-3, -2, -1, 0, Integer.MAX_VALUE - 2, Integer.MAX_VALUE - 1, Integer.MAX_VALUE,
        Integer.MIN_VALUE})
    void generations_may_wrap(int generation) throws ReflectiveOperationException {
        forceGeneration(generation);
        for (int i = 0; i < 5; i++) {
            Entry entry = queue();
            assertEquals(generation + i + 1, entry.generation);
            Recorder waiter = awaitCurrent();
            assertEquals(WorkState.Start.STARTED, item.start(entry));
            Entry next = queue();
            Recorder later = awaitCurrent();
            assertTrue(item.unpend(next.generation));
            assertEquals(0, waiter.released + later.released);
            item.finish();
            assertEquals(2, waiter.released + later.released);
            assertEquals(WorkState.Start.DEAD, item.start(next));
            forceGeneration(generation + i + 1);
        }
        assertFalse(item.isBusy());
    }

    /** Nothing but the generation moves into its half of the word. */
    @Test
    void the_generation_does_not_touch_the_other_fields() throws ReflectiveOperationException {
        forceGeneration(-1);
        item.disableOnce();
        item.enableOnce();
        queue();
        assertEquals(WorkState.PENDING | WorkState.LINKED, item.state());
        item.unpend();
        assertEquals(WorkState.LINKED, item.state());
    }
}
