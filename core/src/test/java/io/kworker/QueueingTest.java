// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the queueing calls answer and promise (G1 to G6, G10, G12, J10). */
@Timeout(60)
class QueueingTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** G1, G10. */
    @Test
    void queueing_an_idle_item_returns_true_and_runs_it_once() {
        Item item = runtimes.item();
        assertTrue(runtimes.runtime().system().queue(item));
        item.flush();
        assertEquals(1, item.runs());
        assertFalse(item.isBusy());
    }

    /** G1: any number of simultaneous calls on an idle item, one true, one run. */
    @Test
    void of_simultaneous_queueings_one_wins_and_the_item_runs_once() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict().cpus(RuntimeExtension.firstCpu()));
        for (int round = 0; round < 30; round++) {
            Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
            Item item = runtimes.item();
            AtomicInteger winners = new AtomicInteger();
            TestThreads.together(4, thread -> {
                for (int i = 0; i < 100; i++) {
                    if (runtime.system().queue(item)) {
                        winners.incrementAndGet();
                    }
                }
            });
            assertEquals(1, winners.get());
            gate.open();
            item.flush();
            assertEquals(1, item.runs());
        }
    }

    /** G1, G10: as many runs as calls that returned true, while the item runs too. */
    @Test
    void simultaneous_queueings_of_a_running_item_run_it_as_often_as_one_returned_true() {
        Workqueue workqueue = runtimes.runtime().system();
        Item item = runtimes.item();
        AtomicInteger accepted = new AtomicInteger();
        TestThreads.together(4, thread -> {
            for (int i = 0; i < 20_000; i++) {
                if (workqueue.queue(item)) {
                    accepted.incrementAndGet();
                }
            }
        });
        item.flush();
        assertEquals(accepted.get(), item.runs());
    }

    /** G6. */
    @Test
    void queueing_a_pending_item_returns_false() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        assertTrue(runtime.system().queue(item));
        assertTrue(item.isPending());
        assertTrue(item.isBusy());
        assertFalse(item.isRunning());
        assertFalse(runtime.system().queue(item));
        assertFalse(runtime.system().queueOn(RuntimeExtension.firstCpu(), item));
        gate.open();
        item.flush();
        assertEquals(1, item.runs());
    }

    /** G2: PENDING is clear when the handler is entered, so a queueing from then on gives one run more. */
    @Test
    void queueing_a_running_item_gives_one_run_more() {
        Workqueue workqueue = runtimes.runtime().system();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        assertTrue(workqueue.queue(item));
        Await.until("the item runs", item::isRunning);
        assertFalse(item.isPending());
        assertTrue(workqueue.queue(item));
        assertFalse(workqueue.queue(item));
        assertTrue(item.isPending() && item.isRunning());
        gate.open();
        item.flush();
        assertEquals(2, item.runs());
    }

    /** G2, G13. */
    @Test
    void an_item_that_queues_itself_runs_again() {
        Workqueue workqueue = runtimes.runtime().system();
        int runs = 2_000;
        AtomicBoolean isRefused = new AtomicBoolean();
        Item item = runtimes.item(work -> {
            if (((Item) work).runs() < runs && !workqueue.queue(work)) {
                isRefused.set(true);
            }
        });
        workqueue.queue(item);
        Await.until("it has run " + runs + " times", () -> item.runs() == runs);
        item.flush();
        assertEquals(runs, item.runs());
        assertFalse(isRefused.get());
    }

    /** R5: one of the two gets true, and there is one more run. */
    @Test
    void a_queueing_by_the_handler_and_one_from_outside_give_one_run_more() {
        Workqueue workqueue = runtimes.runtime().system();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> {
            if (((Item) work).runs() == 1) {
                assertTrue(workqueue.queue(work));
                gate.pass();
            }
        });
        workqueue.queue(item);
        Await.until("the handler has queued its item", () -> item.isPending() && item.isRunning());
        assertFalse(workqueue.queue(item));
        gate.open();
        item.flush();
        assertEquals(2, item.runs());
    }

    /** G3: neither position nor workqueue nor CPU. */
    @Test
    void queueing_a_pending_item_moves_nothing() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        Workqueue other = runtimes.queue(runtime, "other");
        int cpu = RuntimeExtension.firstCpu();
        Gate gate = runtimes.occupy(runtime.system(), cpu);
        List<String> order = new ArrayList<>();
        Item first = runtimes.item(work -> {
            Share share = Run.current().share;
            order.add("first in " + share.workqueue.name() + " on " + ((BoundShare) share).cpu.number);
        });
        Item second = runtimes.item(work -> order.add("second"));
        assertTrue(runtime.system().queueOn(cpu, first));
        assertTrue(runtime.system().queueOn(cpu, second));
        assertFalse(runtime.system().queueOn(RuntimeExtension.lastCpu(), first));
        assertFalse(other.queueOn(RuntimeExtension.lastCpu(), first));
        gate.open();
        first.flush();
        second.flush();
        assertEquals(List.of("first in events on " + cpu, "second"), order);
    }

    /** Plain fields, written by queuers and read by handlers, or the other way round. */
    private static final class Box {
        int written;
        int read;
    }

    /**
     * G4, G5: whether it returned true or false, the run that comes sees what the caller wrote before; G54 the way
     * back.
     */
    @Test
    void the_run_sees_what_was_written_before_any_queueing_call() {
        Workqueue workqueue = runtimes.runtime().system();
        Box box = new Box();
        Item item = runtimes.item(work -> box.read = box.written);
        int refused = 0;
        for (int i = 1; i <= 100_000; i++) {
            box.written = i;
            if (!workqueue.queue(item)) {
                refused++;
            }
            if (i % 10 == 0) {
                item.flush();
                assertEquals(i, box.read);
            }
        }
        assertTrue(refused > 0, "no call met a pending item");
    }

    /** G12, J10: with the CPU busy and the ring full, a queueing returns all the same, and nothing is lost. */
    @Test
    void queueing_never_waits_for_a_busy_cpu_or_a_full_ring() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            Item item = runtimes.item();
            items.add(item);
            assertTrue(runtime.system().queue(item));
        }
        assertTrue(items.stream().allMatch(item -> item.isPending() && item.runs() == 0));
        gate.open();
        items.forEach(Work::flush);
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
    }

    /** J10: the caller runs no user code. */
    @Test
    void handlers_run_on_workers_and_not_on_the_caller() {
        Workqueue workqueue = runtimes.runtime().system();
        AtomicReference<Thread> thread = new AtomicReference<>();
        Item item = runtimes.item(work -> thread.set(Thread.currentThread()));
        workqueue.queue(item);
        item.flush();
        assertNotSame(Thread.currentThread(), thread.get());
        assertTrue(thread.get().isVirtual());
        assertTrue(thread.get().getName().matches("kworker/\\d+:\\d+"), thread.get().getName());
    }

    /**
     * J10: queueings and cancellations from within synchronized blocks that handlers want too do not wait for the
     * handlers.
     */
    @Test
    void queueing_under_a_lock_that_the_handlers_want_is_safe() {
        Workqueue workqueue = runtimes.runtime().system();
        Object lock = new Object();
        ConcurrentLinkedQueue<Item> items = new ConcurrentLinkedQueue<>();
        TestThreads.together(2, thread -> {
            for (int i = 0; i < 500; i++) {
                Item item = runtimes.item(work -> {
                    synchronized (lock) {
                        lock.notifyAll();
                    }
                });
                items.add(item);
                synchronized (lock) {
                    assertTrue(workqueue.queue(item));
                }
            }
        });
        items.forEach(Work::flush);
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
    }

    @Test
    void a_null_item_is_refused() {
        WorkRuntime runtime = runtimes.runtime();
        assertThrows(NullPointerException.class, () -> runtime.system().queue(null));
        assertThrows(NullPointerException.class, () -> runtime.system().queueOn(RuntimeExtension.firstCpu(), null));
        assertThrows(NullPointerException.class, () -> Work.of(null));
    }

    /** The message names the CPU, the runtime and the CPUs there are; the item is left idle. */
    @Test
    void a_cpu_that_the_runtime_does_not_have_is_refused() {
        WorkRuntime runtime = runtimes.oneCpu();
        Item item = runtimes.item();
        for (int cpu : new int[] {-1, 4096, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            String message = assertThrows(IllegalArgumentException.class, () -> runtime.system().queueOn(cpu, item))
                    .getMessage();
            assertTrue(message.contains("CPU " + cpu + " "), message);
            assertTrue(message.contains("'test'"), message);
            assertTrue(message.contains("[" + RuntimeExtension.firstCpu() + "]"), message);
        }
        assertFalse(item.isBusy());
        assertTrue(runtime.system().queue(item));
        item.flush();
    }
}
