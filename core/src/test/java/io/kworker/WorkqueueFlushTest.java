// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Waiting for all of a workqueue, and for all workqueues (G55 to G57, R53 to R56, A24). */
@Timeout(60)
class WorkqueueFlushTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** Workqueues of every kind. */
    enum Kind {
        BOUND, BOUND_ONE, HIGHPRI, UNBOUND, UNBOUND_BY_CPU, UNBOUND_ONE, ORDERED, CPU_INTENSIVE, MEM_RECLAIM, BH;

        Workqueue in(RuntimeExtension runtimes, WorkRuntime runtime) {
            Workqueue.Builder builder = runtime.workqueue(name());
            return runtimes.queue(switch (this) {
                case BOUND -> builder;
                case BOUND_ONE -> builder.maxActive(1);
                case HIGHPRI -> builder.highpri();
                case UNBOUND -> builder.unbound();
                case UNBOUND_BY_CPU -> builder.unbound().affinity(Affinity.CPU).strict();
                case UNBOUND_ONE -> builder.unbound().maxActive(1);
                case ORDERED -> builder.ordered();
                case CPU_INTENSIVE -> builder.cpuIntensive();
                case MEM_RECLAIM -> builder.memReclaim();
                case BH -> builder.bh();
            });
        }
    }

    /** A flush under way, which does not return by itself. */
    private static TestThreads.Started flushing(Workqueue workqueue) {
        TestThreads.Started flusher = TestThreads.start(workqueue::flush);
        Await.until("the flusher waits", () -> flusher.thread.getState() == Thread.State.WAITING);
        Await.never("the flush returns", flusher::isDone);
        return flusher;
    }

    private static void queueEverywhere(Workqueue workqueue, List<Item> items) {
        int[] cpus = RuntimeExtension.numbers();
        for (int i = 0; i < items.size(); i++) {
            assertTrue(workqueue.queueOn(cpus[i % cpus.length], items.get(i)));
        }
    }

    /** G55: whatever was queued before, on whatever CPU, in whatever state. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_flush_waits_for_all_that_was_queued_before(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        for (int round = 0; round < 50; round++) {
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                items.add(runtimes.item(work -> {
                    if (kind != Kind.BH) {
                        Thread.sleep(0, 100_000);
                    }
                }));
            }
            queueEverywhere(workqueue, items);
            workqueue.flush();
            assertTrue(items.stream().allMatch(item -> item.runs() == 1 && !item.isBusy()));
        }
    }

    /** G55: sleeping, burning, waiting for a slot, in the ring and in its overflow. */
    @ParameterizedTest
    @EnumSource(value = Kind.class, names = "BH", mode = EnumSource.Mode.EXCLUDE)
    void a_flush_waits_for_every_single_one(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        List<Gate> gates = new ArrayList<>();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Gate gate = runtimes.gate();
            gates.add(gate);
            items.add(runtimes.item(work -> gate.pass()));
        }
        queueEverywhere(workqueue, items);
        TestThreads.Started flusher = flushing(workqueue);
        for (int i = 0; i < 12; i++) {
            assertFalse(flusher.isDone());
            gates.get(i).open();
        }
        flusher.join();
        assertTrue(items.stream().allMatch(item -> item.runs() == 1 && !item.isBusy()));
    }

    /** G55, G14: an instance that waits for the run of its own item in another workqueue. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_flush_waits_for_an_instance_whose_item_runs_elsewhere(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> {
            if (((Item) work).runs() == 1) {
                gate.pass();
            }
        });
        runtime.systemLong().queue(item);
        Await.until("the item runs", item::isRunning);
        workqueue.queue(item);
        Item another = runtimes.item();
        workqueue.queue(another);
        TestThreads.Started flusher = flushing(workqueue);
        gate.open();
        flusher.join();
        assertEquals(2, item.runs());
        assertEquals(1, another.runs());
    }

    /** G55: neither what others queue later, nor what the handlers waited for queue. */
    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"BH", "ORDERED", "BOUND_ONE",
        "UNBOUND_ONE"}, mode = EnumSource.Mode.EXCLUDE)
    void a_flush_does_not_wait_for_what_comes_later(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate before = runtimes.gate();
        Gate later = runtimes.gate();
        Item requeued = runtimes.item(work -> {
            if (((Item) work).runs() == 1) {
                before.pass();
                workqueue.queue(work);
            } else {
                later.pass();
            }
        });
        workqueue.queue(requeued);
        Await.until("it runs", requeued::isRunning);
        TestThreads.Started flusher = flushing(workqueue);
        Item newcomer = runtimes.item(work -> later.pass());
        workqueue.queue(newcomer);
        before.open();
        flusher.join();
        assertTrue(newcomer.isBusy());
        later.open();
        workqueue.flush();
        assertEquals(2, requeued.runs());
    }

    /** G55: not livelocked by an item that queues itself, nor by a storm of newcomers. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_flush_ends_in_a_storm(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        AtomicBoolean isOver = new AtomicBoolean();
        Item self = runtimes.item(work -> {
            if (!isOver.get()) {
                workqueue.queue(work);
            }
        });
        workqueue.queue(self);
        List<Item> storm = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            storm.add(runtimes.item());
        }
        TestThreads.Started newcomers = TestThreads.start(() -> {
            while (!isOver.get()) {
                storm.forEach(workqueue::queue);
            }
        });
        for (int i = 0; i < 100; i++) {
            workqueue.flush();
        }
        isOver.set(true);
        newcomers.join();
    }

    /** G55: an idle one returns at once, with no help of a CPU: that one is busy. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_flush_of_an_idle_workqueue_returns_at_once(Kind kind) {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = kind.in(runtimes, runtime);
        workqueue.flush();
        Item item = runtimes.item();
        workqueue.queue(item);
        item.flush();
        workqueue.flush(); // the item may be over before its slot is returned
        Gate gate = runtimes.occupy(runtime.systemUnbound(), RuntimeExtension.firstCpu());
        TestThreads.start(workqueue::flush).join();
        gate.open();
    }

    /** G56, R53, R55: more flushers than there are colours; all are released. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void forty_flushers_at_once_are_all_released(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> {
            if (kind != Kind.BH) {
                gate.pass();
            }
        });
        workqueue.queue(item);
        List<TestThreads.Started> flushers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            flushers.add(TestThreads.start(workqueue::flush));
        }
        if (kind != Kind.BH) {
            Await.until("all wait",
                    () -> flushers.stream().allMatch(one -> one.thread.getState() == Thread.State.WAITING));
        }
        gate.open();
        flushers.forEach(TestThreads.Started::join);
        assertEquals(1, item.runs());
        workqueue.flush();
    }

    /** G56: whoever comes when all colours are taken still waits for what was queued before. */
    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"BOUND", "UNBOUND"})
    void a_flusher_without_a_colour_of_its_own_waits_for_what_was_queued_before_it(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        List<Gate> gates = new ArrayList<>();
        List<TestThreads.Started> flushers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Gate gate = runtimes.gate();
            gates.add(gate);
            workqueue.queue(runtimes.item(work -> gate.pass()));
            TestThreads.Started flusher = TestThreads.start(workqueue::flush);
            Await.until("it waits", () -> flusher.thread.getState() == Thread.State.WAITING);
            flushers.add(flusher);
        }
        for (int i = 0; i < 19; i++) {
            gates.get(i).open();
        }
        for (int i = 0; i < Share.COLORS - 1; i++) {
            flushers.get(i).join();
        }
        Await.never("the last flush returns", flushers.getLast()::isDone);
        gates.getLast().open();
        flushers.forEach(TestThreads.Started::join);
    }

    /** G55, G56, R53 to R56: no flush of many returns before what its caller queued before it is over. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void no_flush_returns_too_early(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        int[] cpus = RuntimeExtension.numbers();
        AtomicInteger early = new AtomicInteger();
        TestThreads.together(24, number -> {
            SplittableRandom random = new SplittableRandom(number);
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                items.add(runtimes.item(work -> {
                    if (kind != Kind.BH && random.nextInt() % 8 == 0) {
                        Thread.sleep(0, 50_000);
                    }
                }));
            }
            for (int turn = 0; turn < 30; turn++) {
                for (Item item : items) {
                    if (random.nextInt(3) > 0) {
                        workqueue.queueOn(cpus[random.nextInt(cpus.length)], item);
                    }
                }
                workqueue.flush();
                if (items.stream().anyMatch(Item::isBusy)) {
                    early.incrementAndGet();
                }
            }
        });
        assertEquals(0, early.get());
    }

    /** R56: a change of the attributes adds shares, and a flush misses none. */
    @Test
    void a_flush_misses_nothing_while_the_attributes_change() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("changing").unbound());
        AtomicBoolean isOver = new AtomicBoolean();
        TestThreads.Started changer = TestThreads.start(() -> {
            for (int i = 0; !isOver.get(); i++) {
                workqueue.apply(Attributes.of(Affinity.values()[i % Affinity.values().length]));
            }
        });
        TestThreads.together(4, number -> {
            Item item = runtimes.item(work -> Thread.sleep(0, 10_000));
            for (int i = 0; i < 300; i++) {
                workqueue.queue(item);
                workqueue.flush();
                assertFalse(item.isBusy(), "the flush has missed it");
            }
        });
        isOver.set(true);
        changer.join();
    }

    /** G54. */
    @Test
    void after_a_flush_the_writes_of_the_runs_are_visible() {
        WorkRuntime runtime = runtimes.runtime();
        for (Workqueue workqueue : List.of(runtime.system(), runtime.systemUnbound())) {
            long[] written = new long[1];
            Item item = runtimes.item(work -> written[0]++);
            for (int i = 1; i <= 2_000; i++) {
                workqueue.queue(item);
                workqueue.flush();
                assertEquals(i, written[0]);
            }
        }
    }

    /** A24: an interrupt does not end the wait, and is kept. */
    @Test
    void an_interrupted_flush_goes_on_waiting_and_keeps_the_flag() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "mine");
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        List<AtomicBoolean> kept = List.of(new AtomicBoolean(), new AtomicBoolean(), new AtomicBoolean());
        List<Runnable> calls = List.of(workqueue::flush, workqueue::drain, runtime::flushAll);
        List<TestThreads.Started> callers = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            int number = i;
            callers.add(TestThreads.start(() -> {
                calls.get(number).run();
                kept.get(number).set(Thread.interrupted());
            }));
        }
        Await.until("all wait", () -> callers.stream().allMatch(one -> one.thread.getState() == Thread.State.WAITING));
        callers.forEach(one -> one.thread.interrupt());
        Await.never("an interrupt has ended a wait", () -> callers.stream().anyMatch(TestThreads.Started::isDone));
        gate.open();
        callers.forEach(TestThreads.Started::join);
        assertTrue(kept.stream().allMatch(AtomicBoolean::get));
    }

    /** G50: a handler may flush another workqueue; its CPU goes on. */
    @Test
    void a_handler_can_flush_another_workqueue() {
        WorkRuntime runtime = runtimes.oneCpu();
        List<Workqueue> others = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            others.add(kind.in(runtimes, runtime));
        }
        List<Item> items = new ArrayList<>();
        Item flusher = runtimes.item(work -> {
            for (Workqueue other : others) {
                Item item = runtimes.item();
                items.add(item);
                other.queue(item);
                other.flush();
                assertFalse(item.isBusy());
            }
        });
        runtime.system().queue(flusher);
        flusher.flush();
        assertEquals(Kind.values().length, items.size());
    }

    /** All of a runtime's. */
    @Test
    void flushing_all_waits_for_every_workqueue() {
        WorkRuntime runtime = runtimes.runtime();
        for (int round = 0; round < 20; round++) {
            List<Item> items = new ArrayList<>();
            for (Workqueue workqueue : List.of(runtime.system(), runtime.systemHighpri(), runtime.systemUnbound(),
                    runtime.systemLong(), runtimes.queue(runtime.workqueue("ordered").ordered()))) {
                for (int i = 0; i < 5; i++) {
                    items.add(runtimes.item(work -> Thread.sleep(0, 100_000)));
                    workqueue.queue(items.getLast());
                }
            }
            runtime.flushAll();
            assertTrue(items.stream().noneMatch(Item::isBusy));
        }
    }

    /** R55: those who flush everything hold no colours of a workqueue that is done, while they wait for another one. */
    @Test
    void a_flush_does_not_wait_for_those_who_flush_everything() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue slow = runtimes.queue(runtime, "slow");
        Workqueue busy = runtimes.queue(runtime, "busy");
        Gate slowGate = runtimes.gate();
        Gate busyGate = runtimes.gate();
        slow.queue(runtimes.item(work -> slowGate.pass()));
        busy.queue(runtimes.item(work -> busyGate.pass()));
        List<TestThreads.Started> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(TestThreads.start(runtime::flushAll));
        }
        Await.until("they wait", () -> all.stream().allMatch(one -> one.thread.getState() == Thread.State.WAITING));
        TestThreads.Started joined = flushing(busy);
        busyGate.open();
        joined.join();
        for (int i = 0; i < 3; i++) {
            busy.queue(runtimes.item());
            TestThreads.start(busy::flush).join();
        }
        slowGate.open();
        all.forEach(TestThreads.Started::join);
    }

    /** G84: closed ones are empty for ever. */
    @Test
    void a_flush_of_a_closed_workqueue_returns_at_once() {
        WorkRuntime runtime = runtimes.runtime();
        List<Workqueue> closed = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            Workqueue workqueue = kind.in(runtimes, runtime);
            workqueue.queue(runtimes.item());
            workqueue.close();
            closed.add(workqueue);
            workqueue.flush();
            workqueue.drain();
        }
        runtime.close();
        closed.forEach(Workqueue::flush);
        closed.forEach(Workqueue::drain);
        runtime.flushAll();
        assertEquals(0, runtime.workqueues().size());
    }

    /** G51, R14: instances that are cancelled do not hold up a flush. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void cancelled_instances_do_not_hold_up_a_flush(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        AtomicLong cancelled = new AtomicLong();
        TestThreads.together(4, number -> {
            List<Item> items = List.of(runtimes.item(), runtimes.item(), runtimes.item());
            for (int i = 0; i < 200; i++) {
                items.forEach(workqueue::queue);
                for (Item item : items) {
                    if (item.cancel()) {
                        cancelled.incrementAndGet();
                    }
                }
                workqueue.flush();
                assertTrue(items.stream().noneMatch(Item::isBusy));
            }
        });
        long runs = workqueue.allShares().stream().mapToLong(Share::completedNow).sum();
        assertEquals(4 * 200 * 3, runs + cancelled.get());
    }
}
