// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Closing a workqueue or a runtime: drains, refuses strangers, loses nothing (J2, G59 to G61). */
@Timeout(60)
class CloseTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** What is closed in tests that hold for both. */
    enum Closed {
        WORKQUEUE {
            @Override
            void close(Workqueue workqueue) {
                workqueue.close();
            }
        },
        RUNTIME {
            @Override
            void close(Workqueue workqueue) {
                workqueue.runtime().close();
            }
        };

        abstract void close(Workqueue workqueue);
    }

    /** A close under way, which does not return before the gates it waits for are open. */
    private static TestThreads.Started closing(Closed what, Workqueue workqueue) {
        TestThreads.Started closer = TestThreads.start(() -> what.close(workqueue));
        Await.until("the closer waits", () -> closer.isDone() || closer.thread.getState() == Thread.State.WAITING);
        Await.never("close() returns", closer::isDone);
        return closer;
    }

    private static void assertRejected(Workqueue workqueue, Item item) {
        String message = assertThrows(RejectedExecutionException.class, () -> workqueue.queue(item)).getMessage();
        assertTrue(message.contains("'" + workqueue.name() + "'"), message);
        assertTrue(message.contains("clos"), message);
        assertFalse(item.isBusy());
    }

    /** Whatever state an item is in. */
    @ParameterizedTest
    @EnumSource(Closed.class)
    void close_waits_for_pending_running_sleeping_and_parked_items(Closed what) {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime, "three", 3);
        Gate asleep = runtimes.gate();
        Gate busy = runtimes.gate();
        List<Item> items = new ArrayList<>();
        items.add(runtimes.item(work -> asleep.pass()));
        items.add(runtimes.item(work -> asleep.pass()));
        for (int i = 0; i < 20; i++) {
            items.add(runtimes.item(work -> asleep.pass()));
        }
        items.forEach(workqueue::queue);
        Books.awaitFetched(runtime.cpuArray()[0]);
        Item hog = runtimes.item(work -> busy.burn());
        runtime.system().queue(hog);
        Await.until("the CPU is busy", () -> hog.runs() == 1);
        for (int i = 0; i < 20; i++) {
            items.add(runtimes.item());
            workqueue.queue(items.getLast());
        }
        TestThreads.Started closer = closing(what, workqueue);
        busy.open();
        Await.never("close() returns", closer::isDone);
        asleep.open();
        closer.join();
        assertTrue(items.stream().allMatch(item -> item.runs() == 1 && !item.isBusy()));
    }

    /** J2: to the caller, with the item idle and good for another workqueue. */
    @ParameterizedTest
    @EnumSource(Closed.class)
    void queueing_from_outside_is_refused_during_and_after_a_close(Closed what) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "closing");
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        TestThreads.Started closer = closing(what, workqueue);
        Item item = runtimes.item();
        assertRejected(workqueue, item);
        gate.open();
        closer.join();
        assertRejected(workqueue, item);
        Workqueue another = runtimes.runtime().system();
        assertTrue(another.queue(item));
        item.flush();
        assertEquals(1, item.runs());
    }

    /** J2: a refusal takes nothing from an instance that is pending elsewhere. */
    @Test
    void a_refused_item_that_is_pending_elsewhere_stays_so() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue closed = runtimes.queue(runtime, "closed");
        closed.close();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        runtime.system().queue(item);
        assertThrows(RejectedExecutionException.class, () -> closed.queue(item));
        assertTrue(item.isPending());
        gate.open();
        item.flush();
        assertEquals(1, item.runs());
    }

    /** G59, G60: chained work is accepted until there is none. */
    @ParameterizedTest
    @EnumSource(Closed.class)
    void handlers_may_go_on_queueing_until_all_is_done(Closed what) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "chained", 2);
        Gate gate = runtimes.gate();
        int length = 300;
        List<Item> chain = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            int next = i + 1;
            chain.add(runtimes.item(work -> {
                gate.pass();
                if (next < length) {
                    int[] cpus = runtime.cpus();
                    assertTrue(workqueue.queueOn(cpus[next % cpus.length], chain.get(next)));
                    if (next % 7 == 0) {
                        Thread.sleep(0, 200_000);
                    }
                }
            }));
        }
        Item repeater = runtimes.item(work -> {
            gate.pass();
            if (((Item) work).runs() < length) {
                workqueue.queue(work);
            }
        });
        workqueue.queue(chain.getFirst());
        workqueue.queue(repeater);
        TestThreads.Started closer = closing(what, workqueue);
        gate.open();
        closer.join();
        assertTrue(chain.stream().allMatch(item -> item.runs() == 1));
        assertEquals(length, repeater.runs());
    }

    /** G59: while a runtime closes, its workqueues may be queued to by each other's handlers. */
    @Test
    void handlers_may_queue_to_other_workqueues_of_a_closing_runtime() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue a = runtimes.queue(runtime, "a", 1);
        Workqueue b = runtimes.queue(runtime, "b", 1);
        Gate gate = runtimes.gate();
        int hops = 200;
        Item item = runtimes.item(work -> {
            gate.pass();
            int run = ((Item) work).runs();
            if (run < hops) {
                assertTrue((run % 3 == 0 ? a : run % 3 == 1 ? b : runtime.system()).queue(work));
            }
        });
        a.queue(item);
        TestThreads.Started closer = closing(Closed.RUNTIME, a);
        gate.open();
        closer.join();
        assertEquals(hops, item.runs());
    }

    /** G59: another workqueue's handlers are strangers to one that is closed by itself. */
    @Test
    void handlers_of_other_workqueues_are_refused_by_a_closing_one() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "closing");
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        TestThreads.Started closer = closing(Closed.WORKQUEUE, workqueue);
        Item item = runtimes.item();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Item stranger = runtimes.item(work -> {
            try {
                workqueue.queue(item);
            } catch (Throwable t) {
                thrown.set(t);
            }
        });
        runtime.system().queue(stranger);
        stranger.flush();
        assertEquals(RejectedExecutionException.class, thrown.get().getClass());
        gate.open();
        closer.join();
    }

    /** G59: a thread that a handler started is no worker. */
    @Test
    void threads_that_handlers_started_are_refused_by_a_closing_workqueue() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "closing");
        Gate gate = runtimes.gate();
        Item item = runtimes.item();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        workqueue.queue(runtimes.item(work -> {
            gate.pass();
            Thread child = Thread.startVirtualThread(() -> {
                try {
                    workqueue.queue(item);
                } catch (Throwable t) {
                    thrown.set(t);
                }
            });
            child.join();
        }));
        TestThreads.Started closer = closing(Closed.WORKQUEUE, workqueue);
        gate.open();
        closer.join();
        assertEquals(RejectedExecutionException.class, thrown.get().getClass());
        assertFalse(item.isBusy());
    }

    /** J1 and J2: an accepted instance that waits for its item's run in another workqueue is not forgotten. */
    @Test
    void close_of_a_workqueue_waits_for_an_item_that_still_runs_in_another_one() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "closing");
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        assertTrue(workqueue.queue(item));
        Books.awaitFetched(runtime.cpuArray()[0]);
        TestThreads.Started closer = closing(Closed.WORKQUEUE, workqueue);
        gate.open();
        closer.join();
        assertFalse(item.isBusy());
        assertEquals(2, item.runs());
    }

    /** J1 and J2: nor where it runs in another runtime. */
    @Test
    void close_of_a_runtime_waits_for_an_item_that_still_runs_in_another_one() {
        WorkRuntime other = runtimes.oneCpu();
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        other.system().queue(item);
        Await.until("the item runs", item::isRunning);
        assertTrue(runtime.system().queue(item));
        Books.awaitFetched(runtime.cpuArray()[0]);
        TestThreads.Started closer = closing(Closed.RUNTIME, runtime.system());
        gate.open();
        closer.join();
        assertFalse(item.isBusy());
        assertEquals(2, item.runs());
    }

    /** The same, with the waiting instance cancelled: it must not hold up the close for ever. */
    @ParameterizedTest
    @EnumSource(Closed.class)
    void close_does_not_wait_for_ever_for_a_cancelled_item_that_still_runs_elsewhere(Closed what) {
        WorkRuntime other = runtimes.oneCpu();
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "closing");
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        other.system().queue(item);
        Await.until("the item runs", item::isRunning);
        assertTrue(workqueue.queue(item));
        Books.awaitFetched(runtime.cpuArray()[0]);
        assertTrue(item.cancel());
        TestThreads.Started closer = TestThreads.start(() -> what.close(workqueue));
        gate.open();
        closer.join();
        item.flush();
        assertEquals(1, item.runs());
    }

    @ParameterizedTest
    @EnumSource(Closed.class)
    void cancelled_items_do_not_hold_up_a_close(Closed what) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "one", 1);
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        List<Item> parked = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            parked.add(runtimes.item());
            workqueue.queue(parked.getLast());
        }
        Books.awaitFetched(runtime.cpuArray()[0]);
        TestThreads.Started closer = closing(what, workqueue);
        parked.forEach(item -> assertTrue(item.cancel()));
        gate.open();
        closer.join();
        assertTrue(parked.stream().allMatch(item -> item.runs() == 0));
    }

    /** Every caller waits, whoever came first. */
    @ParameterizedTest
    @EnumSource(Closed.class)
    void close_is_idempotent_and_every_caller_waits(Closed what) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "closing");
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        workqueue.queue(item);
        List<TestThreads.Started> closers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            closers.add(closing(what, workqueue));
        }
        gate.open();
        closers.forEach(TestThreads.Started::join);
        assertFalse(item.isBusy());
        what.close(workqueue);
        what.close(workqueue);
    }

    /** Both at once, in either order. */
    @Test
    void a_workqueue_and_its_runtime_can_be_closed_at_the_same_time() {
        for (int round = 0; round < 30; round++) {
            WorkRuntime runtime = runtimes.runtime();
            Workqueue workqueue = runtimes.queue(runtime, "closing");
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                items.add(runtimes.item());
                workqueue.queue(items.getLast());
            }
            TestThreads.together(3, thread -> {
                if (thread == 0) {
                    runtime.close();
                } else {
                    workqueue.close();
                }
                assertTrue(items.stream().allMatch(item -> item.runs() == 1 && !item.isBusy()));
            });
        }
    }

    /** An interrupt ends no wait and is not swallowed. */
    @ParameterizedTest
    @EnumSource(Closed.class)
    void an_interrupted_close_goes_on_waiting_and_keeps_the_flag(Closed what) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "closing");
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        AtomicBoolean isKept = new AtomicBoolean();
        TestThreads.Started closer = TestThreads.start(() -> {
            what.close(workqueue);
            isKept.set(Thread.currentThread().isInterrupted());
        });
        Await.until("the closer waits", () -> closer.thread.getState() == Thread.State.WAITING);
        closer.thread.interrupt();
        Await.never("close() returns", closer::isDone);
        gate.open();
        closer.join();
        assertTrue(isKept.get());
    }

    @Test
    void closing_a_runtime_closes_its_workqueues() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "mine");
        runtime.close();
        assertRejected(workqueue, runtimes.item());
        assertRejected(runtime.system(), runtimes.item());
        workqueue.close();
        String message =
                assertThrows(RejectedExecutionException.class, () -> runtime.workqueue("late").build()).getMessage();
        assertTrue(message.contains("'late'") && message.contains("'test'"), message);
    }

    @Test
    void closing_a_workqueue_leaves_the_others_alone() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "closing");
        Workqueue other = runtimes.queue(runtime, "other");
        Gate gate = runtimes.gate();
        Item sleeper = runtimes.item(work -> gate.pass());
        other.queue(sleeper);
        workqueue.close();
        assertTrue(sleeper.isBusy());
        Item item = runtimes.item();
        assertTrue(other.queue(item));
        item.flush();
        gate.open();
    }

    @Test
    void the_system_queue_is_closed_with_its_runtime_only() {
        WorkRuntime runtime = runtimes.runtime();
        assertThrows(UnsupportedOperationException.class, runtime.system()::close);
        Item item = runtimes.item();
        assertTrue(runtime.system().queue(item));
        item.flush();
    }

    /** As many runtimes as one likes, one after another and at the same time. */
    @Test
    void runtimes_come_and_go() {
        for (int i = 0; i < 50; i++) {
            try (WorkRuntime runtime = runtimes.start(RuntimeExtension.builder());
                    Workqueue workqueue = runtimes.queue(runtime, "short-lived")) {
                workqueue.queue(runtimes.item());
            }
        }
    }
}
