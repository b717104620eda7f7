// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Items that cannot be queued for a while (G62 to G67, J4, R18 to R23, A17, A31 to A33). */
@Timeout(60)
class DisableTest {
    private static final int MAX_DEPTH = 65_535;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** An item that waits behind a busy CPU. */
    private Item pending(WorkRuntime runtime) {
        runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        assertTrue(runtime.system().queue(item));
        return item;
    }

    private static void assertIdle(Item item, int runs) {
        assertFalse(item.isBusy());
        assertEquals(runs, item.runs());
    }

    /** A31, G66: idle. */
    @Test
    void an_idle_item_is_disabled_and_enabled() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item();
        assertFalse(item.disable());
        assertFalse(runtime.system().queue(item));
        assertFalse(runtime.systemUnbound().queue(item));
        assertFalse(item.isBusy());
        assertTrue(item.enable());
        assertTrue(runtime.system().queue(item));
        item.flush();
        assertIdle(item, 1);
    }

    /** A31, G66: pending; the instance is taken back, and those who flush it are released. */
    @Test
    void disabling_takes_back_the_pending_instance() {
        WorkRuntime runtime = runtimes.strictCpu();
        Item item = pending(runtime);
        TestThreads.Started flusher = TestThreads.start(item::flush);
        Await.until("someone waits", item::hasWaiters);
        assertTrue(item.disable());
        flusher.join();
        assertFalse(item.disable(), "there was nothing pending any more");
        assertFalse(item.enable());
        assertTrue(item.enable());
        assertIdle(item, 0);
    }

    /** G66: during a run; the call does not wait, and the run cannot queue its item again. */
    @Test
    void disabling_during_a_run_does_not_wait_for_it() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        AtomicBoolean requeued = new AtomicBoolean(true);
        Item item = runtimes.item(work -> {
            gate.pass();
            requeued.set(runtime.system().queue(work));
        });
        runtime.system().queue(item);
        Await.until("it runs", item::isRunning);
        runtime.system().queue(item);
        assertTrue(item.disable());
        assertTrue(item.isRunning());
        gate.open();
        item.flush();
        assertFalse(requeued.get());
        assertTrue(item.enable());
        assertIdle(item, 1);
    }

    /** A handler may disable its own item. */
    @Test
    void a_handler_can_disable_its_own_item() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicBoolean wasPending = new AtomicBoolean();
        Item item = runtimes.item(work -> {
            runtime.system().queue(work);
            wasPending.set(work.disable());
        });
        runtime.system().queue(item);
        item.flush();
        assertTrue(wasPending.get());
        assertFalse(runtime.system().queue(item));
        assertTrue(item.enable());
        assertIdle(item, 1);
    }

    /** A32: waits for the run, and leaves the item disabled. */
    @Test
    void disable_sync_waits_for_the_run() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        long[] written = new long[1];
        Item item = runtimes.item(work -> {
            gate.pass();
            written[0] = 1;
        });
        runtime.system().queue(item);
        Await.until("it runs", item::isRunning);
        AtomicBoolean kept = new AtomicBoolean();
        TestThreads.Started disabler = TestThreads.start(() -> {
            assertFalse(item.disableSync());
            assertEquals(1, written[0]);
            kept.set(Thread.interrupted());
        });
        Await.until("someone waits", item::hasWaiters);
        assertFalse(runtime.system().queue(item));
        disabler.thread.interrupt();
        Await.never("the call returns", disabler::isDone);
        gate.open();
        disabler.join();
        assertTrue(kept.get());
        assertFalse(runtime.system().queue(item));
        assertTrue(item.enable());
        assertIdle(item, 1);
    }

    /** A32, G63: tells whether an instance was pending, not whether one ran. */
    @Test
    void disable_sync_of_an_item_that_runs_and_is_pending_returns_true() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("it runs", item::isRunning);
        runtime.system().queue(item);
        TestThreads.Started disabler = TestThreads.start(() -> assertTrue(item.disableSync()));
        Await.until("it is disabled", () -> WorkState.depth(item.state()) > 0);
        gate.open();
        disabler.join();
        assertTrue(item.enable());
        assertIdle(item, 1);
    }

    /** G64: as many enables as disables. */
    @Test
    void the_depth_counts() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item();
        for (int i = 0; i < 5; i++) {
            assertFalse(item.disable());
        }
        for (int i = 0; i < 4; i++) {
            assertFalse(item.enable());
            assertFalse(runtime.system().queue(item));
        }
        assertTrue(item.enable());
        assertTrue(runtime.system().queue(item));
        item.flush();
        assertIdle(item, 1);
    }

    /** G64: a cancelSync within leaves the depth as it was. */
    @Test
    void cancel_sync_within_a_disabled_period_leaves_the_depth() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item();
        item.disable();
        item.disable();
        assertFalse(item.cancelSync());
        assertFalse(item.cancel());
        assertFalse(item.enable());
        assertFalse(item.cancelSync());
        assertFalse(runtime.system().queue(item));
        assertTrue(item.enable());
        assertTrue(runtime.system().queue(item));
        item.flush();
    }

    /** J4, R23: one enable too many throws; nothing is changed, and a pending instance survives. */
    @Test
    void an_enable_too_many_throws_and_changes_nothing() {
        WorkRuntime runtime = runtimes.strictCpu();
        Item item = pending(runtime);
        String message = assertThrows(IllegalStateException.class, item::enable).getMessage();
        assertTrue(message.contains(Item.class.getName()), message);
        assertThrows(IllegalStateException.class, () -> item.enableAndQueue(runtime.system()));
        assertTrue(item.isPending());
        item.disable();
        assertTrue(item.enable());
        assertThrows(IllegalStateException.class, item::enable);
        assertIdle(item, 0);
    }

    /** J4, R23: of an item that runs, too. */
    @Test
    void an_enable_too_many_leaves_a_run_and_its_successor_alone() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("it runs", item::isRunning);
        runtime.system().queue(item);
        assertThrows(IllegalStateException.class, item::enable);
        gate.open();
        item.flush();
        assertIdle(item, 2);
    }

    /** J4, G65: 65,535 levels; one more throws, changes nothing, and takes nothing. */
    @Test
    void the_depth_cannot_overflow() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item();
        for (int i = 0; i < MAX_DEPTH; i++) {
            item.disable();
        }
        assertThrows(IllegalStateException.class, item::disable);
        assertThrows(IllegalStateException.class, item::disableSync);
        assertThrows(IllegalStateException.class, item::cancelSync);
        assertFalse(item.cancel());
        for (int i = 1; i < MAX_DEPTH; i++) {
            assertFalse(item.enable());
        }
        assertFalse(runtime.system().queue(item));
        assertTrue(item.enable());
        assertThrows(IllegalStateException.class, item::enable);
        assertTrue(runtime.system().queue(item));
        item.flush();
        assertIdle(item, 1);
    }

    /** J4: by a handler that could wait, too; the failed call is not left in the graph of waits. */
    @Test
    void a_failed_cancel_sync_of_a_handler_leaves_no_wait() {
        WorkRuntime runtime = runtimes.runtime();
        Item deep = runtimes.item();
        for (int i = 0; i < MAX_DEPTH; i++) {
            deep.disable();
        }
        AtomicInteger failures = new AtomicInteger();
        Item item = runtimes.item(work -> {
            try {
                deep.cancelSync();
            } catch (IllegalStateException e) {
                failures.incrementAndGet();
            }
        });
        runtime.system().queue(item);
        item.flush();
        assertEquals(1, failures.get());
    }

    /** A17: queues on reaching zero, whether or not anything was refused meanwhile. */
    @Test
    void enable_and_queue_queues_when_the_depth_reaches_zero() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item();
        item.disable();
        item.disable();
        assertFalse(item.enableAndQueue(runtime.system()));
        assertFalse(item.isBusy());
        assertTrue(item.enableAndQueue(runtime.systemUnbound()));
        item.flush();
        assertIdle(item, 1);
        item.disable();
        assertFalse(runtime.system().queue(item));
        assertTrue(item.enableAndQueue(runtime.system()));
        item.flush();
        assertIdle(item, 2);
    }

    /** A17, J2. */
    @Test
    void enable_and_queue_to_a_closed_workqueue_enables_and_throws() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue closed = runtimes.queue(runtime, "closed");
        closed.close();
        Item item = runtimes.item();
        item.disable();
        assertThrows(RejectedExecutionException.class, () -> item.enableAndQueue(closed));
        assertThrows(NullPointerException.class, () -> item.enableAndQueue(null));
        assertTrue(runtime.system().queue(item));
        item.flush();
    }

    /** G67: what is refused is forgotten. */
    @Test
    void refused_queueings_are_forgotten() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item();
        item.disable();
        for (int i = 0; i < 10; i++) {
            assertFalse(runtime.system().queue(item));
        }
        assertTrue(item.enable());
        runtime.system().flush();
        assertIdle(item, 0);
    }

    /** R21, R22: no run while the depth is above zero, whatever races; afterwards as many runs as were accepted. */
    @Test
    void nothing_starts_while_an_item_is_disabled() {
        WorkRuntime runtime = runtimes.runtime();
        List<Workqueue> queues = List.of(runtime.system(), runtime.systemUnbound(),
                runtimes.queue(runtime.workqueue("ordered").ordered()));
        AtomicBoolean mustRest = new AtomicBoolean();
        AtomicInteger wrong = new AtomicInteger();
        AtomicLong accepted = new AtomicLong();
        AtomicLong takenBack = new AtomicLong();
        Item item = runtimes.item(work -> {
            if (mustRest.get()) {
                wrong.incrementAndGet();
            }
        });
        AtomicBoolean isOver = new AtomicBoolean();
        List<TestThreads.Started> queuers = new ArrayList<>();
        for (Workqueue workqueue : queues) {
            queuers.add(TestThreads.start(() -> {
                while (!isOver.get()) {
                    if (workqueue.queue(item)) {
                        accepted.incrementAndGet();
                    }
                }
            }));
        }
        for (int i = 0; i < 2_000; i++) {
            if (item.disableSync()) {
                takenBack.incrementAndGet();
            }
            mustRest.set(true);
            assertFalse(item.isBusy());
            Thread.onSpinWait();
            mustRest.set(false);
            assertTrue(item.enable());
        }
        isOver.set(true);
        queuers.forEach(TestThreads.Started::join);
        item.flush();
        assertEquals(0, wrong.get());
        assertEquals(accepted.get(), item.runs() + takenBack.get());
    }

    /** R19, G62: of many at once all return after the run, at most one took it back, and the depth is right. */
    @Test
    void many_stops_at_once_leave_the_depth_right() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item(work -> Thread.sleep(0, 50_000));
        int turns = 200;
        CyclicBarrier barrier = new CyclicBarrier(4);
        AtomicLong accepted = new AtomicLong();
        AtomicLong takenBack = new AtomicLong();
        AtomicInteger busy = new AtomicInteger();
        TestThreads.together(4, number -> {
            SplittableRandom random = new SplittableRandom(number);
            for (int i = 0; i < turns; i++) {
                if (number == 0 && runtime.system().queue(item)) {
                    accepted.incrementAndGet();
                }
                barrier.await();
                boolean disables = random.nextBoolean();
                if (disables ? item.disableSync() : item.cancelSync()) {
                    takenBack.incrementAndGet();
                }
                if (item.isBusy()) {
                    busy.incrementAndGet();
                }
                barrier.await();
                if (disables) {
                    item.enable();
                }
                barrier.await();
            }
        });
        assertEquals(0, busy.get());
        assertEquals(accepted.get(), item.runs() + takenBack.get());
        assertThrows(IllegalStateException.class, item::enable);
        assertTrue(runtime.system().queue(item));
        item.flush();
    }

    /** G64, R21: nested levels by several threads; runs only at zero. */
    @Test
    void levels_of_several_threads_add_up() {
        WorkRuntime runtime = runtimes.runtime();
        Item item = runtimes.item();
        AtomicInteger levels = new AtomicInteger();
        AtomicInteger enabled = new AtomicInteger();
        TestThreads.together(4, number -> {
            for (int i = 0; i < 2_000; i++) {
                levels.incrementAndGet();
                item.disable();
                if (runtime.system().queue(item)) {
                    throw new AssertionError("queued while this thread has it disabled");
                }
                if (item.enable()) {
                    enabled.incrementAndGet();
                }
            }
        });
        assertTrue(enabled.get() > 0 && enabled.get() <= levels.get());
        assertThrows(IllegalStateException.class, item::enable);
        assertIdle(item, 0);
    }

    /** G64, J1: whatever workqueue or runtime it is queued to. */
    @Test
    void an_item_is_disabled_for_all_workqueues_and_runtimes() {
        WorkRuntime first = runtimes.runtime();
        WorkRuntime second = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        first.system().queue(item);
        Await.until("it runs", item::isRunning);
        assertTrue(second.systemUnbound().queue(item));
        assertTrue(item.disable());
        assertFalse(second.system().queue(item));
        assertFalse(first.systemUnbound().queue(item));
        gate.open();
        item.flush();
        assertTrue(item.enableAndQueue(second.system()));
        item.flush();
        assertIdle(item, 2);
    }

    /** G66: an instance that waits for a slot, or for a run elsewhere, is taken back too, and the queue goes on. */
    @Test
    void disabling_a_parked_item_lets_the_others_go_on() {
        WorkRuntime runtime = runtimes.oneCpu();
        for (Workqueue workqueue : List.of(runtimes.queue(runtime, "bound", 1),
                runtimes.queue(runtime.workqueue("unbound").unbound().maxActive(1)),
                runtimes.queue(runtime.workqueue("ordered").ordered()))) {
            Gate gate = runtimes.gate();
            workqueue.queue(runtimes.item(work -> gate.pass()));
            Item parked = runtimes.item();
            Item last = runtimes.item();
            workqueue.queue(parked);
            workqueue.queue(last);
            assertTrue(parked.disableSync());
            gate.open();
            workqueue.flush();
            assertIdle(parked, 0);
            assertIdle(last, 1);
            assertTrue(parked.enableAndQueue(workqueue));
            parked.flush();
            assertIdle(parked, 1);
        }
    }
}
