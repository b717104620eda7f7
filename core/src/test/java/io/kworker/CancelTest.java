// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Taking items back (G6, G62, G63, J3), and what that says of their runs (R13, R18, R19). */
@Timeout(60)
class CancelTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** G63. */
    @Test
    void cancelling_a_pending_item_returns_true_and_it_does_not_run() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        Item behind = runtimes.item();
        runtime.system().queue(item);
        runtime.system().queue(behind);
        assertTrue(item.cancel());
        assertFalse(item.isBusy());
        assertFalse(item.cancel());
        gate.open();
        behind.flush();
        assertEquals(0, item.runs());
    }

    /** J3, G63. */
    @Test
    void cancelling_an_idle_item_returns_false_and_changes_nothing() {
        Item item = runtimes.item();
        long state = item.state();
        assertFalse(item.cancel());
        assertFalse(item.cancelSync());
        assertEquals(state, item.state());
    }

    /**
     * J3: a queueing is never refused for a cancellation that found the item idle; in the kernel it may be (G7, R20).
     */
    @Test
    void a_queueing_of_an_idle_item_is_not_refused_while_someone_cancels_it() {
        Workqueue workqueue = runtimes.runtime().system();
        Item item = runtimes.item();
        AtomicBoolean isOver = new AtomicBoolean();
        TestThreads.Started canceller = TestThreads.start(() -> {
            while (!isOver.get()) {
                item.cancel();
            }
        });
        try {
            for (int i = 0; i < 20_000; i++) {
                assertTrue(workqueue.queue(item));
                item.flush();
            }
        } finally {
            isOver.set(true);
            canceller.join();
        }
    }

    /** G63: "was pending", never "was running"; the run goes on. */
    @Test
    void cancelling_a_running_item_returns_false_and_lets_it_run() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        AtomicBoolean hasEnded = new AtomicBoolean();
        Item item = runtimes.item(work -> {
            gate.pass();
            hasEnded.set(true);
        });
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        assertFalse(item.cancel());
        assertTrue(item.isRunning());
        gate.open();
        item.flush();
        assertTrue(hasEnded.get());
    }

    @Test
    void cancelling_an_item_that_runs_and_is_pending_takes_back_the_pending_instance_only() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        assertTrue(runtime.system().queue(item));
        assertTrue(item.cancel());
        assertFalse(item.isPending());
        assertTrue(item.isRunning());
        gate.open();
        item.flush();
        assertEquals(1, item.runs());
    }

    /** G6: the call that returned false had counted on the cancelled instance. */
    @Test
    void an_item_can_be_queued_again_after_a_cancellation() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        assertTrue(runtime.system().queue(item));
        assertFalse(runtime.system().queue(item));
        assertTrue(item.cancel());
        assertTrue(runtime.system().queue(item));
        assertTrue(item.cancelSync());
        assertTrue(runtime.system().queue(item));
        gate.open();
        item.flush();
        assertEquals(1, item.runs());
    }

    /** The pending instance waits for the run of its item in another workqueue: cancelled there too. */
    @Test
    void an_instance_that_waits_for_a_run_elsewhere_can_be_cancelled() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue other = runtimes.queue(runtime, "other", 1);
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        other.queue(item);
        Books.awaitFetched(runtime.cpuArray()[0]);
        assertTrue(item.cancel());
        assertTrue(runtime.system().queue(item));
        assertTrue(item.cancel());
        assertTrue(other.queue(item));
        gate.open();
        item.flush();
        assertEquals(2, item.runs());
        Item next = runtimes.item();
        other.queue(next);
        next.flush();
    }

    @Test
    void a_handler_can_cancel_its_own_pending_instance() {
        Workqueue workqueue = runtimes.runtime().system();
        AtomicBoolean answers = new AtomicBoolean();
        Item item = runtimes.item(work -> {
            boolean idle = work.cancel();
            boolean queued = workqueue.queue(work);
            boolean pending = work.cancel();
            answers.set(!idle && queued && pending);
        });
        workqueue.queue(item);
        item.flush();
        assertTrue(answers.get());
        assertEquals(1, item.runs());
    }

    /** R13: true and it never runs, or false and it has started. */
    @Test
    void a_cancellation_that_races_the_start_is_right_either_way() {
        Workqueue workqueue = runtimes.runtime().system();
        Item item = runtimes.item();
        int cancelled = 0;
        for (int i = 0; i < 20_000; i++) {
            int before = item.runs();
            assertTrue(workqueue.queue(item));
            for (int spin = 0; spin < i % 32; spin++) {
                Thread.onSpinWait();
            }
            boolean isCancelled = i % 2 == 0 ? item.cancel() : item.cancelSync();
            item.flush();
            assertEquals(isCancelled ? before : before + 1, item.runs());
            cancelled += isCancelled ? 1 : 0;
        }
        assertTrue(cancelled > 0);
    }

    // ---- cancelSync ----

    /** G62, G63. */
    @Test
    void cancel_sync_of_a_running_item_waits_and_returns_false() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        AtomicBoolean answer = new AtomicBoolean(true);
        TestThreads.Started canceller = TestThreads.start(() -> answer.set(item.cancelSync()));
        Await.until("someone waits for the item", item::hasWaiters);
        Await.never("it returns", canceller::isDone);
        gate.open();
        canceller.join();
        assertFalse(answer.get());
        assertFalse(item.isBusy());
    }

    /** G63: true for the pending instance, though it waited for the running one too. */
    @Test
    void cancel_sync_of_an_item_that_runs_and_is_pending_waits_and_returns_true() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        runtime.system().queue(item);
        AtomicBoolean answer = new AtomicBoolean();
        TestThreads.Started canceller = TestThreads.start(() -> answer.set(item.cancelSync()));
        Await.until("someone waits for the item", item::hasWaiters);
        Await.never("it returns", canceller::isDone);
        gate.open();
        canceller.join();
        assertTrue(answer.get());
        assertEquals(1, item.runs());
    }

    /** G62: the handler's own queueing and that of others is refused and forgotten, and works again afterwards. */
    @Test
    void during_a_cancel_sync_queueing_is_refused_and_afterwards_it_works() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        AtomicBoolean self = new AtomicBoolean(true);
        Item item = runtimes.item(work -> {
            if (((Item) work).runs() == 1) {
                gate.pass();
                self.set(runtime.system().queue(work));
            }
        });
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        TestThreads.Started canceller = TestThreads.start(item::cancelSync);
        Await.until("someone waits for the item", item::hasWaiters);
        assertFalse(runtime.system().queue(item));
        assertFalse(item.isPending());
        gate.open();
        canceller.join();
        assertFalse(self.get());
        assertFalse(item.isBusy());
        assertEquals(1, item.runs());
        assertTrue(runtime.system().queue(item));
        item.flush();
        assertEquals(2, item.runs());
    }

    /** G62, R18: a handler that queues itself for ever is stopped. */
    @Test
    void cancel_sync_stops_an_item_that_queues_itself() {
        WorkRuntime runtime = runtimes.runtime();
        for (int i = 0; i < 200; i++) {
            Item item = runtimes.item(work -> {
                runtime.system().queue(work);
                if (((Item) work).runs() % 3 == 0) {
                    Thread.sleep(0, 50_000);
                }
            });
            runtime.system().queue(item);
            Await.until("it runs", () -> item.runs() > 2);
            item.cancelSync();
            assertFalse(item.isBusy());
            int runs = item.runs();
            if (i % 50 == 0) {
                Await.never("it runs again", () -> item.runs() != runs);
            }
        }
    }

    /** R19: both return after the run, at most one with true, and the item is enabled afterwards. */
    @Test
    void of_two_simultaneous_cancel_syncs_at_most_one_returns_true() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item(work -> Thread.sleep(0, 100_000));
        for (int i = 0; i < 300; i++) {
            assertTrue(runtime.system().queue(item));
            if (i % 2 == 0) {
                Await.until("it runs", () -> !item.isPending());
                runtime.system().queue(item);
            }
            AtomicInteger trues = new AtomicInteger();
            TestThreads.together(2, thread -> {
                if (item.cancelSync()) {
                    trues.incrementAndGet();
                }
                assertFalse(item.isBusy());
            });
            assertTrue(trues.get() <= 1);
        }
    }

    /** G54 for cancelSync. */
    @Test
    void after_a_cancel_sync_the_runs_writes_are_visible() {
        Workqueue workqueue = runtimes.runtime().system();
        int[] value = new int[1];
        Item item = runtimes.item(work -> value[0]++);
        for (int i = 0; i < 10_000; i++) {
            workqueue.queue(item);
            for (int spin = 0; spin < i % 64; spin++) {
                Thread.onSpinWait();
            }
            item.cancelSync();
            assertEquals(item.runs(), value[0]);
        }
    }

    /** An interrupt ends no wait and is not swallowed. */
    @Test
    void an_interrupted_cancel_sync_goes_on_waiting_and_keeps_the_flag() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        AtomicBoolean isKept = new AtomicBoolean();
        TestThreads.Started canceller = TestThreads.start(() -> {
            item.cancelSync();
            isKept.set(Thread.currentThread().isInterrupted());
        });
        Await.until("someone waits for the item", item::hasWaiters);
        canceller.thread.interrupt();
        Await.never("it returns", canceller::isDone);
        gate.open();
        canceller.join();
        assertTrue(isKept.get());
    }

    /** A cancelled item leaves no trace: nothing behind it is lost or delayed. */
    @Test
    void items_around_cancelled_ones_all_run() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "two", 2);
        List<Item> kept = new ArrayList<>();
        List<Item> dropped = new ArrayList<>();
        AtomicInteger cancelled = new AtomicInteger();
        for (int i = 0; i < 5_000; i++) {
            Item item = runtimes.item();
            workqueue.queue(item);
            if (i % 2 == 0) {
                dropped.add(item);
                cancelled.addAndGet(item.cancel() ? 1 : 0);
            } else {
                kept.add(item);
            }
        }
        kept.forEach(Work::flush);
        dropped.forEach(Work::flush);
        assertTrue(kept.stream().allMatch(item -> item.runs() == 1));
        assertEquals(dropped.size() - cancelled.get(), dropped.stream().mapToInt(Item::runs).sum());
    }
}
