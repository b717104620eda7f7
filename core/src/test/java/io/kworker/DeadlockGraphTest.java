// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Knots of several waiting handlers are found at the wait that would close them (J6, G58, G82): that one throws, and
 * all the others go on.
 */
@Timeout(60)
class DeadlockGraphTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** A handler that does one call when the test tells it to, and ends. */
    private final class Caller {
        final Item item;
        final Gate mayEnd = runtimes.gate();
        private final Gate mayCall = runtimes.gate();
        private volatile Runnable call = () -> {};
        private volatile Thread thread;
        private volatile boolean isCalling;
        private volatile WorkDeadlockException refusal;
        private volatile boolean isBack;

        Caller() {
            item = runtimes.item(work -> {
                thread = Thread.currentThread();
                mayCall.pass();
                isCalling = true;
                try {
                    call.run();
                } catch (WorkDeadlockException e) {
                    refusal = e;
                }
                isBack = true;
                if (refusal != null) {
                    mayEnd.pass();
                }
            });
        }

        Caller queuedTo(Workqueue workqueue) {
            assertTrue(workqueue.queue(item));
            Await.until("the handler runs", () -> thread != null);
            return this;
        }

        /** Begins a call, which waits. */
        void waitsIn(Runnable what) {
            call = what;
            mayCall.open();
            Await.until("the handler waits", () -> isBack || isCalling && isAsleep());
            assertFalse(isBack, () -> "the call has returned" + (refusal == null ? "" : ", or thrown " + refusal));
        }

        /** Does a call that is refused. */
        List<String> isRefused(Runnable what) {
            call = what;
            mayCall.open();
            Await.until("the call is refused", () -> isBack);
            assertNotNull(refusal, "the call was not refused");
            List<String> lines = refusal.getMessage().lines().toList();
            mayEnd.open();
            return lines;
        }

        private boolean isAsleep() {
            Thread.State state = thread.getState();
            return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
        }

        /** Does a call that is not refused. */
        void isServed(Runnable what) {
            call = what;
            mayCall.open();
            isServed();
        }

        void isServed() {
            Await.until("the call has returned", () -> isBack);
            if (refusal != null) {
                throw new AssertionError("a false alarm", refusal);
            }
        }
    }

    /** Ways of waiting for an item. */
    enum Wait {
        FLUSH(Work::flush), CANCEL_SYNC(Work::cancelSync), DISABLE_SYNC(work -> {
            work.disableSync();
            work.enable();
        });

        private final Consumer<Work> call;

        Wait(Consumer<Work> call) {
            this.call = call;
        }

        Runnable on(Work work) {
            return () -> call.accept(work);
        }
    }

    /** Where the queues of two callers are. */
    enum Place {
        ONE_QUEUE, TWO_QUEUES, TWO_RUNTIMES, ORDERED_QUEUES, UNBOUND_QUEUE, RESCUED_QUEUES
    }

    private List<Workqueue> queues(Place place) {
        WorkRuntime runtime = runtimes.runtime();
        return switch (place) {
            case ONE_QUEUE -> List.of(runtime.system(), runtime.system());
            case TWO_QUEUES -> List.of(runtimes.queue(runtime, "first"), runtimes.queue(runtime, "second"));
            case TWO_RUNTIMES -> List.of(runtime.system(), runtimes.runtime().system());
            case ORDERED_QUEUES ->
                List.of(runtimes.queue(runtime.workqueue("first").ordered()),
                        runtimes.queue(runtime.workqueue("second").ordered()));
            case UNBOUND_QUEUE -> List.of(runtime.systemUnbound(), runtime.systemUnbound());
            case RESCUED_QUEUES ->
                List.of(runtimes.queue(runtime.workqueue("first").memReclaim()),
                        runtimes.queue(runtime.workqueue("second").memReclaim()));
        };
    }

    /** J6: A waits for B waits for A, whatever calls and queues; the message has a line for each of the two. */
    @ParameterizedTest
    @EnumSource(Place.class)
    void two_handlers_that_wait_for_each_other(Place place) {
        List<Workqueue> queues = queues(place);
        for (Wait one : Wait.values()) {
            for (Wait other : Wait.values()) {
                Caller a = new Caller().queuedTo(queues.get(0));
                Caller b = new Caller().queuedTo(queues.get(1));
                a.waitsIn(one.on(b.item));
                List<String> lines = b.isRefused(other.on(a.item));
                assertEquals(3, lines.size(), lines::toString);
                assertHop(lines.get(1), b, queues.get(1));
                assertHop(lines.get(2), a, queues.get(0));
                a.isServed();
                a.item.flush();
                b.item.flush();
                assertFalse(a.item.isBusy() || b.item.isBusy());
            }
        }
    }

    private static void assertHop(String line, Caller caller, Workqueue workqueue) {
        assertTrue(line.startsWith("  "), line);
        assertTrue(line.contains(Integer.toHexString(System.identityHashCode(caller.item))), line);
        assertTrue(line.contains("'" + workqueue.name() + "'"), line);
    }

    /** J6: one hop a line, in the order of the waits. */
    @Test
    void three_handlers_in_a_ring() {
        WorkRuntime runtime = runtimes.runtime();
        Caller a = new Caller().queuedTo(runtime.system());
        Caller b = new Caller().queuedTo(runtime.systemUnbound());
        Caller c = new Caller().queuedTo(runtime.systemHighpri());
        a.waitsIn(() -> b.item.flush());
        b.waitsIn(() -> c.item.cancelSync());
        List<String> lines = c.isRefused(() -> a.item.flush());
        assertEquals(4, lines.size(), lines::toString);
        assertHop(lines.get(1), c, runtime.systemHighpri());
        assertHop(lines.get(2), a, runtime.system());
        assertHop(lines.get(3), b, runtime.systemUnbound());
        a.isServed();
        b.isServed();
    }

    /** A handler can wait for several things one after the other, and others for it. */
    @Test
    void a_tree_of_waits_is_no_knot() {
        WorkRuntime runtime = runtimes.runtime();
        Caller root = new Caller().queuedTo(runtime.system());
        Caller left = new Caller().queuedTo(runtime.system());
        Caller right = new Caller().queuedTo(runtime.systemUnbound());
        left.waitsIn(() -> root.item.flush());
        right.waitsIn(() -> root.item.cancelSync());
        Caller top = new Caller().queuedTo(runtime.systemHighpri());
        top.waitsIn(() -> {
            left.item.flush();
            right.item.flush();
        });
        root.isServed(() -> {});
        left.isServed();
        right.isServed();
        top.isServed();
    }

    /** Threads that are no handlers never count: they are not in anybody's way. */
    @Test
    void threads_of_the_users_can_wait_for_anything() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("ordered").ordered());
        Caller a = new Caller().queuedTo(workqueue);
        Item behind = runtimes.item();
        workqueue.queue(behind);
        List<TestThreads.Started> threads = List.of(
                TestThreads.start(workqueue::flush),
                TestThreads.start(workqueue::drain),
                TestThreads.start(behind::flush),
                TestThreads.start(a.item::flush),
                TestThreads.start(a.item::cancelSync));
        Await.until("all of them wait",
                () -> threads.stream().allMatch(thread -> thread.thread.getState() == Thread.State.WAITING));
        a.isServed(() -> {});
        threads.forEach(TestThreads.Started::join);
    }

    /** Not a handler either: a thread that one has started, even while the handler waits for it. */
    @Test
    void a_thread_that_a_handler_started_is_no_handler() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "mine");
        Caller a = new Caller().queuedTo(workqueue);
        Caller b = new Caller().queuedTo(workqueue);
        a.waitsIn(() -> b.item.flush());
        b.isServed(() -> {
            Thread child = Thread.ofVirtual().start(() -> a.item.cancel());
            Threads.join(child);
        });
        a.isServed();
    }

    // ---- flush of a workqueue ----

    /** J6, G82. */
    @Test
    void a_flush_of_a_workqueue_is_a_link_of_a_ring() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue first = runtimes.queue(runtime, "first");
        Workqueue second = runtimes.queue(runtime, "second");
        Caller a = new Caller().queuedTo(first);
        Caller b = new Caller().queuedTo(second);
        a.waitsIn(second::flush);
        List<String> lines = b.isRefused(() -> a.item.flush());
        assertHop(lines.get(1), b, second);
        assertHop(lines.get(2), a, first);
        assertTrue(lines.get(2).contains("flush() of workqueue 'second'"), lines::toString);
        a.isServed();
        Caller c = new Caller().queuedTo(first);
        Caller d = new Caller().queuedTo(second);
        d.waitsIn(() -> c.item.flush());
        lines = c.isRefused(second::flush);
        assertHop(lines.get(1), c, first);
        assertHop(lines.get(2), d, second);
        d.isServed();
    }

    /** G58. */
    @Test
    void two_handlers_that_flush_each_others_workqueues() {
        for (Place place : List.of(Place.TWO_QUEUES, Place.TWO_RUNTIMES, Place.ORDERED_QUEUES)) {
            List<Workqueue> queues = queues(place);
            Caller a = new Caller().queuedTo(queues.get(0));
            Caller b = new Caller().queuedTo(queues.get(1));
            a.waitsIn(queues.get(1)::flush);
            b.isRefused(queues.get(0)::flush);
            a.isServed();
        }
    }

    /** G55: an instance queued after the flush has begun is not waited for, and so not in the way. */
    @Test
    void a_flush_is_no_obstacle_for_what_was_queued_after_it() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue first = runtimes.queue(runtime, "first");
        for (Workqueue second : List.of(runtimes.queue(runtime, "bound"),
                runtimes.queue(runtime.workqueue("unbound").unbound()))) {
            Caller before = new Caller().queuedTo(second);
            Caller a = new Caller().queuedTo(first);
            a.waitsIn(second::flush);
            Caller after = new Caller().queuedTo(second);
            after.waitsIn(() -> a.item.flush());
            before.isServed(() -> {});
            a.isServed();
            after.isServed();
        }
    }

    /** J6: of the queues of a runtime, one after another. */
    @Test
    void flushing_all_workqueues_of_another_runtime_is_a_link_too() {
        WorkRuntime runtime = runtimes.runtime();
        WorkRuntime other = runtimes.runtime();
        Caller a = new Caller().queuedTo(runtime.system());
        Caller b = new Caller().queuedTo(other.system());
        a.waitsIn(other::flushAll);
        b.isRefused(() -> a.item.flush());
        a.isServed();
    }

    /** J6, R55: a flush that is refused holds no colour for ever, and one that waits for a colour is seen as well. */
    @Test
    void twenty_refused_flushes_are_all_refused() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue first = runtimes.queue(runtime, "first");
        Workqueue second = runtimes.queue(runtime, "second");
        Caller a = new Caller().queuedTo(first);
        Caller b = new Caller().queuedTo(second);
        b.waitsIn(() -> a.item.flush());
        List<WorkDeadlockException> refusals = new ArrayList<>();
        a.isServed(() -> {
            for (int i = 0; i < 20; i++) {
                try {
                    second.flush();
                } catch (WorkDeadlockException e) {
                    refusals.add(e);
                }
            }
        });
        assertEquals(20, refusals.size());
        b.isServed();
        second.flush();
        TestThreads.together(20, number -> second.flush());
    }

    /** R55: a flusher without a colour of its own waits for what runs now as well. */
    @Test
    void a_flush_that_waits_for_a_colour_is_a_link() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue first = runtimes.queue(runtime, "first");
        Workqueue second = runtimes.queue(runtime, "second");
        Caller b = new Caller().queuedTo(second);
        List<TestThreads.Started> flushers = new ArrayList<>();
        for (int i = 0; i < Share.COLORS - 1; i++) {
            flushers.add(TestThreads.start(second::flush));
        }
        Await.until("they wait",
                () -> flushers.stream().allMatch(flusher -> flusher.thread.getState() == Thread.State.WAITING));
        Caller a = new Caller().queuedTo(first);
        a.waitsIn(second::flush);
        b.isRefused(() -> a.item.flush());
        a.isServed();
        flushers.forEach(TestThreads.Started::join);
    }

    // ---- slots ----

    /** Workqueues with one slot. */
    enum OneSlot {
        ORDERED, BOUND, UNBOUND;

        Workqueue in(RuntimeExtension runtimes, WorkRuntime runtime, String name) {
            Workqueue.Builder builder = runtime.workqueue(name);
            return runtimes.queue(switch (this) {
                case ORDERED -> builder.ordered();
                case BOUND -> builder.maxActive(1);
                case UNBOUND -> builder.unbound().maxActive(1);
            });
        }
    }

    /** G58: the own single-slot queue. */
    @ParameterizedTest
    @EnumSource(OneSlot.class)
    void a_flush_of_an_item_that_needs_the_own_slot_is_refused(OneSlot kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime, "single");
        Caller a = new Caller().queuedTo(workqueue);
        Item behind = runtimes.item();
        workqueue.queue(behind);
        List<String> lines = a.isRefused(behind::flush);
        assertEquals(2, lines.size(), lines::toString);
        assertHop(lines.get(1), a, workqueue);
        assertTrue(lines.get(1).contains("slot"), lines::toString);
        behind.flush();
        assertEquals(1, behind.runs());
    }

    /** G62: a pending instance is taken back, so it needs no slot. */
    @ParameterizedTest
    @EnumSource(OneSlot.class)
    void a_cancel_sync_of_an_item_that_needs_the_own_slot_is_no_knot(OneSlot kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime, "single");
        for (Wait wait : List.of(Wait.CANCEL_SYNC, Wait.DISABLE_SYNC)) {
            Caller a = new Caller().queuedTo(workqueue);
            Item behind = runtimes.item();
            workqueue.queue(behind);
            a.isServed(wait.on(behind));
            assertFalse(behind.isBusy());
            assertEquals(0, behind.runs());
            a.item.flush();
        }
    }

    /** J6: A holds the slot that D needs, B the one that C needs; A waits for C, and B for D. */
    @ParameterizedTest
    @EnumSource(OneSlot.class)
    void two_single_slot_queues_in_a_ring(OneSlot kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue first = kind.in(runtimes, runtime, "first");
        Workqueue second = kind.in(runtimes, runtime, "second");
        Caller a = new Caller().queuedTo(first);
        Caller b = new Caller().queuedTo(second);
        Item behindB = runtimes.item();
        Item behindA = runtimes.item();
        second.queue(behindB);
        first.queue(behindA);
        a.waitsIn(behindB::flush);
        List<String> lines = b.isRefused(behindA::flush);
        assertEquals(3, lines.size(), lines::toString);
        a.isServed();
        first.flush();
        second.flush();
        assertEquals(1, behindA.runs());
        assertEquals(1, behindB.runs());
    }

    /** J6: only the one that takes the last slot away is refused. */
    @ParameterizedTest
    @EnumSource(value = OneSlot.class, names = "ORDERED", mode = EnumSource.Mode.EXCLUDE)
    void two_waiters_that_hold_both_slots(OneSlot kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime, "two");
        workqueue.setMaxActive(2);
        Caller a = new Caller().queuedTo(workqueue);
        Caller b = new Caller().queuedTo(workqueue);
        Item behind = runtimes.item();
        workqueue.queue(behind);
        a.waitsIn(behind::flush);
        List<String> lines = b.isRefused(behind::flush);
        assertEquals(3, lines.size(), lines::toString);
        a.isServed();
        assertEquals(1, behind.runs());
    }

    /** A slot that a handler holds who waits for nothing falls free some day. */
    @ParameterizedTest
    @EnumSource(value = OneSlot.class, names = "ORDERED", mode = EnumSource.Mode.EXCLUDE)
    void a_slot_that_is_held_by_someone_who_goes_on_is_no_knot(OneSlot kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime, "two");
        workqueue.setMaxActive(2);
        Caller a = new Caller().queuedTo(workqueue);
        Caller b = new Caller().queuedTo(workqueue);
        Item behind = runtimes.item();
        workqueue.queue(behind);
        a.waitsIn(behind::flush);
        b.isServed(() -> {});
        a.isServed();
        assertEquals(1, behind.runs());
    }

    /** G36: a raised limit cuts the knot before it is one. */
    @Test
    void a_raised_limit_is_counted() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "raised", 1);
        Caller a = new Caller().queuedTo(workqueue);
        Item behind = runtimes.item();
        workqueue.queue(behind);
        workqueue.setMaxActive(2);
        a.isServed(behind::flush);
    }

    /** A21, J6: the instance that is waited for is the pending one, behind the run that is no obstacle. */
    @Test
    void the_slot_that_a_pending_instance_needs_counts_while_the_item_still_runs() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue single = runtimes.queue(runtime.workqueue("single").ordered());
        Caller a = new Caller().queuedTo(single);
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        single.queue(item);
        a.isRefused(item::flush);
        gate.open();
        item.flush();
        assertEquals(2, item.runs());
    }

    /** The same for an instance that was queued after one that was cancelled, and lies in the queue as a stand-in. */
    @ParameterizedTest
    @EnumSource(OneSlot.class)
    void the_slot_counts_of_an_item_that_was_cancelled_and_queued_again(OneSlot kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime, "single");
        Caller a = new Caller().queuedTo(workqueue);
        Item behind = runtimes.item();
        workqueue.queue(behind);
        assertTrue(behind.cancel());
        assertTrue(workqueue.queue(behind));
        a.isRefused(behind::flush);
        behind.flush();
        assertEquals(1, behind.runs());
    }

    /** G74, G75: a BH handler that waits spins, and keeps the others of its CPU from running, of any workqueue. */
    @Test
    void a_bh_handler_that_waits_for_another_one_of_its_cpu_is_refused() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue another = runtimes.queue(runtime.workqueue("bh").bh());
        Item behind = runtimes.item();
        AtomicReference<WorkDeadlockException> refusal = new AtomicReference<>();
        Item item = runtimes.item(work -> {
            another.queue(behind);
            try {
                behind.flush();
            } catch (WorkDeadlockException e) {
                refusal.set(e);
            }
        });
        runtime.systemBh().queue(item);
        item.flush();
        behind.flush();
        assertNotNull(refusal.get());
        assertEquals(1, behind.runs());
    }

    /** G57: what is frozen goes on when it is thawed, so this is no knot. */
    @Test
    void a_flush_of_a_frozen_item_is_no_knot() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue frozen = runtimes.queue(runtime.workqueue("frozen").ordered().freezable());
        runtime.freeze().join();
        Item parked = runtimes.item();
        frozen.queue(parked);
        Caller a = new Caller().queuedTo(runtime.system());
        a.waitsIn(parked::flush);
        runtime.thaw();
        a.isServed();
    }

    // ---- drain and close ----

    /** What empties a workqueue. */
    enum Emptying {
        DRAIN, CLOSE, CLOSE_OF_RUNTIME;

        Runnable of(Workqueue workqueue) {
            return switch (this) {
                case DRAIN -> workqueue::drain;
                case CLOSE -> workqueue::close;
                case CLOSE_OF_RUNTIME -> workqueue.runtime()::close;
            };
        }
    }

    /** J6, both ways round. */
    @ParameterizedTest
    @EnumSource(Emptying.class)
    void a_drain_of_the_workqueue_of_a_waiting_handler(Emptying what) {
        WorkRuntime runtime = runtimes.runtime();
        WorkRuntime other = runtimes.runtime();
        Workqueue second = runtimes.queue(other, "second");
        Caller a = new Caller().queuedTo(runtime.system());
        Caller b = new Caller().queuedTo(second);
        b.waitsIn(() -> a.item.flush());
        List<String> lines = a.isRefused(what.of(second));
        assertEquals(3, lines.size(), lines::toString);
        b.isServed();
        Item item = runtimes.item();
        assertTrue(second.queue(item), "the refused call has left its mark on the workqueue");
        Caller c = new Caller().queuedTo(runtime.system());
        Caller d = new Caller().queuedTo(second);
        c.waitsIn(what.of(second));
        d.isRefused(() -> c.item.flush());
        c.isServed();
    }

    /** J6. */
    @Test
    void draining_the_own_workqueue_is_refused() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "mine");
        for (Runnable call : List.<Runnable>of(workqueue::drain, workqueue::flush, workqueue::close,
                runtime::flushAll, runtime::close)) {
            Caller a = new Caller().queuedTo(workqueue);
            List<String> lines = a.isRefused(call);
            assertTrue(lines.getFirst().contains(call.toString().isEmpty() ? "" : "'"), lines::toString);
            a.item.flush();
        }
        assertTrue(workqueue.queue(runtimes.item()));
    }

    /** J6, G58: an item of another workqueue that is queued here again cannot run before its handler has returned. */
    @Test
    void flushing_a_workqueue_in_which_the_own_item_is_pending_is_refused() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("next").ordered());
        for (Runnable call : List.<Runnable>of(workqueue::flush, workqueue::drain, workqueue::close)) {
            Caller[] a = new Caller[1];
            a[0] = new Caller().queuedTo(runtime.system());
            a[0].isRefused(() -> {
                workqueue.queue(a[0].item);
                try {
                    call.run();
                } finally {
                    a[0].item.cancel();
                }
            });
            a[0].item.flush();
        }
    }

    /** The exception is not the end of it: who was refused can do it otherwise. */
    @Test
    void a_refused_caller_can_wait_for_something_else() {
        WorkRuntime runtime = runtimes.runtime();
        Caller a = new Caller().queuedTo(runtime.system());
        Caller b = new Caller().queuedTo(runtime.system());
        Item third = runtimes.item(work -> Thread.sleep(1));
        a.waitsIn(() -> b.item.flush());
        b.isServed(() -> {
            try {
                a.item.flush();
                throw new AssertionError("not refused");
            } catch (WorkDeadlockException e) {
                runtime.system().queue(third);
                third.flush();
            }
        });
        a.isServed();
        assertNull(a.item.failure());
        assertNull(b.item.failure());
    }
}
