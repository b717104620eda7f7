// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An item that is cancelled while it waits for a slot holds up nobody (R14, R15, R45, G51). */
@Timeout(60)
class CancelParkedTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** What waits for all that is queued. */
    enum Call {
        FLUSH, DRAIN, CLOSE;

        void on(Workqueue workqueue) {
            switch (this) {
                case FLUSH -> workqueue.flush();
                case DRAIN -> workqueue.drain();
                case CLOSE -> workqueue.close();
            }
        }
    }

    private List<Item> queued(Workqueue workqueue, int count) {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(runtimes.item());
            assertTrue(workqueue.queue(items.getLast()));
        }
        return items;
    }

    private Workqueue frozen(FreezeTest.Kind kind, WorkRuntime runtime) {
        Workqueue workqueue = kind.in(runtimes, runtime);
        runtime.freeze().join();
        return workqueue;
    }

    /** Cancelled first, then waited for. */
    @ParameterizedTest
    @EnumSource(FreezeTest.Kind.class)
    void a_frozen_workqueue_whose_items_were_cancelled_is_empty(FreezeTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = frozen(kind, runtime);
        for (Call call : Call.values()) {
            List<Item> items = queued(workqueue, 10);
            items.forEach(item -> assertTrue(item.cancel()));
            TestThreads.start(() -> call.on(workqueue)).join();
            assertEquals(0, items.stream().mapToInt(Item::runs).sum());
        }
        runtime.thaw();
    }

    /** Waited for first, then cancelled, in any order; what is alive is waited for (G57). */
    @ParameterizedTest
    @EnumSource(FreezeTest.Kind.class)
    void the_wait_for_a_frozen_workqueue_ends_with_the_last_cancel(FreezeTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = frozen(kind, runtime);
        for (Call call : Call.values()) {
            List<Item> items = queued(workqueue, 10);
            Collections.shuffle(items, new Random(call.ordinal()));
            TestThreads.Started waiter = TestThreads.start(() -> call.on(workqueue));
            Await.never("it ends", waiter::isDone);
            Item last = items.removeLast();
            items.forEach(item -> assertTrue(item.cancel()));
            Await.never("it ends", waiter::isDone);
            assertTrue(last.cancel());
            waiter.join();
        }
        runtime.thaw();
    }

    /** The one that is left runs after the thaw. */
    @ParameterizedTest
    @EnumSource(FreezeTest.Kind.class)
    void what_was_not_cancelled_is_waited_for(FreezeTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = frozen(kind, runtime);
        List<Item> items = queued(workqueue, 5);
        TestThreads.Started flusher = TestThreads.start(workqueue::flush);
        Await.never("it ends", flusher::isDone);
        Item kept = items.remove(2);
        items.forEach(Item::cancel);
        Await.never("it ends", flusher::isDone);
        runtime.thaw();
        flusher.join();
        assertEquals(1, kept.runs());
    }

    /** What is queued again after the cancel goes to the tail, and belongs to the next flush. */
    @ParameterizedTest
    @EnumSource(FreezeTest.Kind.class)
    void an_item_cancelled_and_queued_again_belongs_to_the_next_flush(FreezeTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = frozen(kind, runtime);
        Item item = queued(workqueue, 1).getFirst();
        TestThreads.Started first = TestThreads.start(workqueue::flush);
        Await.never("it ends", first::isDone);
        assertTrue(item.cancel());
        assertTrue(workqueue.queue(item));
        first.join();
        TestThreads.Started second = TestThreads.start(workqueue::flush);
        Await.never("it ends", second::isDone);
        runtime.thaw();
        second.join();
        assertEquals(1, item.runs());
    }

    /** All slots are held: the flush waits for the holder only, and the others have their turn. */
    @ParameterizedTest
    @EnumSource(value = FreezeTest.Kind.class, names = {"BOUND_ONE", "UNBOUND_ONE", "ORDERED"})
    void only_the_running_one_is_waited_for_where_the_others_were_cancelled(FreezeTest.Kind kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item running = runtimes.item(work -> gate.pass());
        workqueue.queue(running);
        Await.until("it runs", running::isRunning);
        List<Item> items = queued(workqueue, 5);
        TestThreads.Started early = TestThreads.start(workqueue::flush);
        Await.never("it ends", early::isDone);
        items.forEach(item -> assertTrue(item.cancel()));
        TestThreads.Started late = TestThreads.start(workqueue::flush);
        Await.never("it ends", () -> early.isDone() || late.isDone());
        Gate next = runtimes.gate();
        Item behind = runtimes.item(work -> next.pass());
        workqueue.queue(behind);
        gate.open();
        early.join();
        late.join();
        assertTrue(behind.isBusy(), "it is not over");
        next.open();
    }

    /** R45: a share in the line for a slot of the node that others hold gives its place up, with a flush too. */
    @Test
    void a_slot_granted_for_cancelled_items_goes_on_though_a_flush_waits() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("by cpu").unbound().affinity(Affinity.CPU).maxActive(1));
        for (int round = 0; round < 20; round++) {
            Gate gate = runtimes.gate();
            Item holder = runtimes.item(work -> gate.pass());
            assertTrue(workqueue.queueOn(RuntimeExtension.firstCpu(), holder));
            Await.until("it runs", holder::isRunning);
            Item parked = runtimes.item();
            assertTrue(workqueue.queueOn(RuntimeExtension.lastCpu(), parked));
            TestThreads.Started flusher = TestThreads.start(workqueue::flush);
            Item behind = runtimes.item();
            Await.until("it is on its way", () -> flusher.thread.getState() != Thread.State.RUNNABLE);
            assertTrue(workqueue.queueOn(RuntimeExtension.firstCpu(), behind));
            assertTrue(parked.cancel());
            gate.open();
            flusher.join();
            TestThreads.start(behind::flush).join();
            assertEquals(1, behind.runs());
        }
    }

    /** The cancel may come from anywhere, from a handler of the same CPU too, and does not wait. */
    @Test
    void a_handler_may_cancel_what_waits() {
        WorkRuntime runtime = runtimes.oneCpu();
        for (FreezeTest.Kind kind : FreezeTest.Kind.values()) {
            Workqueue workqueue = frozen(kind, runtime);
            List<Item> items = queued(workqueue, 3);
            TestThreads.Started flusher = TestThreads.start(workqueue::flush);
            Await.never("it ends", flusher::isDone);
            Item canceller = runtimes.item(work -> items.forEach(Item::cancel));
            runtime.systemBh().queue(canceller);
            flusher.join();
            assertFalse(items.stream().anyMatch(Item::isBusy));
            runtime.thaw();
        }
    }

    /** Flushes, freezes, items cancelled and queued again: whatever the order, all of it ends. */
    @ParameterizedTest
    @EnumSource(FreezeTest.Kind.class)
    void flushes_end_whatever_is_cancelled_meanwhile(FreezeTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            items.add(runtimes.item());
        }
        Random random = new Random(1);
        for (int round = 0; round < 100; round++) {
            runtime.freeze().join();
            items.forEach(workqueue::queue);
            List<TestThreads.Started> flushers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                flushers.add(TestThreads.start(workqueue::flush));
                Item again = items.get(random.nextInt(items.size()));
                again.cancel();
                workqueue.queue(again);
            }
            if (random.nextBoolean()) {
                Collections.shuffle(items, random);
                items.forEach(Item::cancel);
                flushers.forEach(TestThreads.Started::join);
                runtime.thaw();
            } else {
                runtime.thaw();
                flushers.forEach(TestThreads.Started::join);
            }
        }
    }
}
