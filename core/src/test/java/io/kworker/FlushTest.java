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

/** Waiting for an item (G50 to G54). */
@Timeout(60)
class FlushTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static TestThreads.Started flusher(Item item, AtomicBoolean answer) {
        TestThreads.Started flusher = TestThreads.start(() -> answer.set(item.flush()));
        Await.until("someone waits for the item", item::hasWaiters);
        return flusher;
    }

    /** G53. */
    @Test
    void flushing_an_item_that_was_never_queued_returns_false() {
        assertFalse(runtimes.item().flush());
    }

    /** G53. */
    @Test
    void flushing_an_idle_item_returns_false() {
        Workqueue workqueue = runtimes.runtime().system();
        Item item = runtimes.item();
        workqueue.queue(item);
        item.flush();
        assertFalse(item.flush());
        workqueue.queue(item);
        item.cancelSync();
        assertFalse(item.flush());
    }

    /** G50. */
    @Test
    void flushing_a_pending_item_waits_for_its_run() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        runtime.system().queue(item);
        AtomicBoolean answer = new AtomicBoolean();
        TestThreads.Started flusher = flusher(item, answer);
        Await.never("the flush returns", flusher::isDone);
        gate.open();
        flusher.join();
        assertTrue(answer.get());
        assertEquals(1, item.runs());
        assertFalse(item.isBusy());
    }

    /** G50. */
    @Test
    void flushing_a_running_item_waits_for_that_run() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        AtomicBoolean isOver = new AtomicBoolean();
        Item item = runtimes.item(work -> {
            gate.pass();
            isOver.set(true);
        });
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        AtomicBoolean answer = new AtomicBoolean();
        TestThreads.Started flusher = flusher(item, answer);
        Await.never("the flush returns", flusher::isDone);
        gate.open();
        flusher.join();
        assertTrue(answer.get());
        assertTrue(isOver.get());
    }

    /** G50: the last instance queued before the call, which is the pending one, and that is after the running one. */
    @Test
    void flushing_an_item_that_runs_and_is_pending_waits_for_both() {
        WorkRuntime runtime = runtimes.runtime();
        List<Gate> gates = List.of(runtimes.gate(), runtimes.gate());
        Item item = runtimes.item(work -> gates.get(((Item) work).runs() - 1).pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        runtime.system().queue(item);
        AtomicBoolean answer = new AtomicBoolean();
        TestThreads.Started flusher = flusher(item, answer);
        gates.get(0).open();
        Await.until("it runs again", () -> item.runs() == 2);
        Await.never("the flush returns", flusher::isDone);
        gates.get(1).open();
        flusher.join();
        assertTrue(answer.get());
    }

    /** G50: not extended by what is queued after the call. */
    @Test
    void a_flush_does_not_wait_for_an_instance_queued_later() {
        WorkRuntime runtime = runtimes.runtime();
        List<Gate> gates = List.of(runtimes.gate(), runtimes.gate());
        Item item = runtimes.item(work -> gates.get(((Item) work).runs() - 1).pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        AtomicBoolean answer = new AtomicBoolean();
        TestThreads.Started flusher = flusher(item, answer);
        runtime.system().queue(item);
        gates.get(0).open();
        flusher.join();
        assertTrue(answer.get());
        assertTrue(item.isBusy());
        gates.get(1).open();
        item.flush();
        assertEquals(2, item.runs());
    }

    /** G50: an item that queues itself for ever can be flushed. */
    @Test
    void a_flush_of_an_item_that_keeps_queueing_itself_returns() {
        WorkRuntime runtime = runtimes.runtime();
        Gate stop = runtimes.gate();
        Item item = runtimes.item(work -> {
            if (!stop.isOpen()) {
                runtime.system().queue(work);
            }
        });
        runtime.system().queue(item);
        for (int i = 0; i < 1_000; i++) {
            assertTrue(item.flush());
        }
        stop.open();
        Await.until("it has stopped", () -> !item.isBusy());
    }

    /** G51, R14: true though the item never ran. */
    @Test
    void a_flush_of_a_pending_item_returns_when_that_is_cancelled() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        runtime.system().queue(item);
        AtomicBoolean answer = new AtomicBoolean();
        TestThreads.Started flusher = flusher(item, answer);
        assertTrue(item.cancel());
        flusher.join();
        assertTrue(answer.get());
        gate.open();
        assertEquals(0, item.runs());
    }

    /** G52, R15. */
    @Test
    void a_flush_of_a_parked_item_moves_along_with_it() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "one", 1);
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        Item parked = runtimes.item();
        Item cancelled = runtimes.item();
        workqueue.queue(parked);
        workqueue.queue(cancelled);
        Await.until("they are parked", () -> Books.hasParked(workqueue, 0));
        Books.awaitFetched(runtime.cpuArray()[0]);
        AtomicBoolean answer = new AtomicBoolean();
        TestThreads.Started flusher = flusher(parked, answer);
        AtomicBoolean second = new AtomicBoolean();
        TestThreads.Started other = flusher(cancelled, second);
        assertTrue(cancelled.cancel());
        other.join();
        Await.never("the flush of the parked one returns", flusher::isDone);
        gate.open();
        flusher.join();
        assertTrue(answer.get() && second.get());
        assertEquals(1, parked.runs());
    }

    @Test
    void everyone_who_flushes_an_item_is_released() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        AtomicInteger released = new AtomicInteger();
        List<TestThreads.Started> flushers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            flushers.add(TestThreads.start(() -> {
                if (item.flush()) {
                    released.incrementAndGet();
                }
            }));
        }
        Await.until("they wait",
                () -> flushers.stream().allMatch(each -> each.thread.getState() == Thread.State.WAITING));
        gate.open();
        flushers.forEach(TestThreads.Started::join);
        assertEquals(20, released.get());
    }

    /** Plain fields: the flush itself has to make the run's writes visible. */
    private static final class Box {
        int value;
    }

    /** G54: also where the flush found the run over and returned false. */
    @Test
    void after_a_flush_the_runs_writes_are_visible() {
        Workqueue workqueue = runtimes.runtime().system();
        Box box = new Box();
        Item item = runtimes.item(work -> box.value++);
        int waited = 0;
        for (int i = 1; i <= 20_000; i++) {
            workqueue.queue(item);
            for (int spin = 0; spin < i % 64 * 4; spin++) {
                Thread.onSpinWait();
            }
            waited += item.flush() ? 1 : 0;
            assertEquals(i, box.value);
        }
        assertTrue(waited > 0);
    }

    /** A handler may wait for other items, also on its own CPU and in its own workqueue as long as that has a slot. */
    @Test
    void a_handler_can_flush_another_item() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "two", 2);
        Item inner = runtimes.item(work -> Thread.sleep(1));
        AtomicInteger flushed = new AtomicInteger();
        Item outer = runtimes.item(work -> {
            assertTrue(workqueue.queue(inner));
            assertTrue(inner.flush());
            flushed.incrementAndGet();
        });
        for (int i = 0; i < 50; i++) {
            workqueue.queue(outer);
            outer.flush();
        }
        assertEquals(50, flushed.get());
        assertEquals(50, inner.runs());
    }

    @Test
    void virtual_threads_of_the_jdk_can_flush() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        List<Thread> flushers = new ArrayList<>();
        AtomicInteger released = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            flushers.add(Thread.startVirtualThread(() -> {
                if (item.flush()) {
                    released.incrementAndGet();
                }
            }));
        }
        Await.until("they wait", () -> flushers.stream().allMatch(each -> each.getState() == Thread.State.WAITING));
        gate.open();
        for (Thread flusher : flushers) {
            flusher.join();
        }
        assertEquals(100, released.get());
    }

    /** An interrupt ends no wait and is not swallowed. */
    @Test
    void an_interrupted_flush_goes_on_waiting_and_keeps_the_flag() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        AtomicBoolean isKept = new AtomicBoolean();
        TestThreads.Started flusher = TestThreads.start(() -> {
            item.flush();
            isKept.set(Thread.currentThread().isInterrupted());
        });
        Await.until("someone waits for the item", item::hasWaiters);
        flusher.thread.interrupt();
        Await.never("the flush returns", flusher::isDone);
        gate.open();
        flusher.join();
        assertTrue(isKept.get());
    }

    /** Many items with their flushers, so that releases and registrations meet. */
    @Test
    void flushes_that_race_the_end_of_runs_all_return() {
        Workqueue workqueue = runtimes.runtime().system();
        Item item = runtimes.item();
        TestThreads.together(4, thread -> {
            for (int i = 0; i < 5_000; i++) {
                if (thread == 0) {
                    workqueue.queue(item);
                } else if (thread == 1 && i % 8 == 0) {
                    item.cancel();
                } else {
                    item.flush();
                }
            }
        });
        item.flush();
    }
}
