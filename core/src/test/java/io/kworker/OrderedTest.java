// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One item at a time over all CPUs, in the order of queueing (G39 to G42, R49). */
@Timeout(60)
class OrderedTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();

    private WorkRuntime machine(int cpus) {
        return runtimes.start(RuntimeExtension.builder().topology(FakeMachine.of(cpus)));
    }

    private Workqueue ordered(WorkRuntime runtime) {
        return runtimes.queue(runtime.workqueue("ordered").ordered());
    }

    private Item named(String name) {
        return runtimes.item(work -> order.add(name));
    }

    /** G39: also where handlers sleep, and wherever they were queued. */
    @Test
    void items_run_one_at_a_time_in_queueing_order() {
        WorkRuntime runtime = machine(4);
        Workqueue workqueue = ordered(runtime);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            String name = "item " + i;
            boolean sleeps = i % 25 == 0;
            expected.add(name + " starts");
            expected.add(name + " ends");
            workqueue.queueOn(i % 4, runtimes.item(work -> {
                order.add(name + " starts");
                if (sleeps) {
                    Thread.sleep(0, 200_000);
                }
                order.add(name + " ends");
            }));
        }
        workqueue.flush();
        assertEquals(expected, List.copyOf(order));
    }

    /** G39: in the order of each producer; with a flush now and then. */
    @Test
    void items_of_many_producers_keep_each_producers_order() {
        int producers = 4;
        WorkRuntime runtime = machine(3);
        Workqueue workqueue = ordered(runtime);
        int[] last = new int[producers]; // no two handlers run at once
        AtomicInteger wrong = new AtomicInteger();
        AtomicInteger inside = new AtomicInteger();
        TestThreads.together(producers, producer -> {
            for (int i = 1; i <= 1_000; i++) {
                int number = i;
                Item item = runtimes.item(work -> {
                    if (inside.incrementAndGet() != 1 || last[producer] + 1 != number) {
                        wrong.incrementAndGet();
                    }
                    last[producer] = number;
                    inside.decrementAndGet();
                });
                workqueue.queueOn(i % 3, item);
                if (i % 200 == 0) {
                    workqueue.flush();
                    if (item.runs() != 1) {
                        wrong.incrementAndGet();
                    }
                }
            }
        });
        workqueue.flush();
        assertEquals(0, wrong.get());
    }

    /** G39, R49, A43: while its attributes change the whole time. */
    @Test
    void order_is_kept_while_attributes_change() {
        WorkRuntime runtime = machine(4);
        Workqueue workqueue = ordered(runtime);
        List<Attributes> all = List.of(
                Attributes.of(Affinity.SYSTEM),
                Attributes.of(Affinity.CPU),
                Attributes.of(Affinity.CPU).strictly(),
                Attributes.of(Affinity.NUMA).withCpus(2),
                Attributes.of(Affinity.SMT).withCpus(0, 3).strictly());
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        int count = 3_000;
        List<Integer> seen = new ArrayList<>(); // no two handlers run at once
        Gate over = runtimes.gate();
        TestThreads.Started changer = TestThreads.start(() -> {
            for (int i = 0; !over.isOpen(); i++) {
                workqueue.apply(all.get(i % all.size()));
            }
        });
        for (int i = 0; i < count; i++) {
            int number = i;
            workqueue.queueOn(i % 4, runtimes.item(work -> {
                if (inside.incrementAndGet() != 1) {
                    wrong.incrementAndGet();
                }
                seen.add(number);
                inside.decrementAndGet();
            }));
        }
        workqueue.flush();
        over.open();
        changer.join();
        assertEquals(0, wrong.get());
        assertEquals(IntStream.range(0, count).boxed().toList(), seen);
    }

    /** A43: what is queued after the change runs by the new attributes, though it lay in the same queue. */
    @Test
    void it_runs_where_its_attributes_say() {
        WorkRuntime runtime = machine(4);
        Workqueue workqueue = ordered(runtime);
        for (int cpu = 3; cpu >= 0; cpu--) {
            workqueue.apply(Attributes.of(Affinity.CPU).withCpus(cpu).strictly());
            assertEquals(Set.of(cpu), workqueue.attributes().cpus());
            for (int i = 0; i < 20; i++) {
                AtomicInteger seen = new AtomicInteger(-1);
                Item item = runtimes.item(work -> seen.set(FakeMachine.bookedCpu()));
                workqueue.queueOn(i % 4, item);
                item.flush();
                assertEquals(cpu, seen.get());
            }
        }
    }

    /** G39, J1: an item that still runs elsewhere holds up the queue, and nothing overtakes it. */
    @Test
    void an_item_that_runs_elsewhere_is_not_overtaken() {
        WorkRuntime runtime = machine(2);
        Workqueue workqueue = ordered(runtime);
        for (Workqueue elsewhere : List.of(runtime.system(), runtime.systemUnbound(), ordered(runtime))) {
            Gate gate = runtimes.gate();
            Item busy = runtimes.item(work -> {
                order.add("busy");
                gate.pass();
            });
            Item next = named("next");
            elsewhere.queue(busy);
            Await.until("it runs", () -> order.size() == 1);
            assertTrue(workqueue.queue(busy));
            workqueue.queue(next);
            Await.never("the next one overtakes", () -> next.runs() > 0);
            gate.open();
            next.flush();
            assertEquals(List.of("busy", "busy", "next"), List.copyOf(order));
            order.clear();
        }
    }

    /** The same where it is cancelled meanwhile: the next one goes on once that is known. */
    @Test
    void an_item_that_runs_elsewhere_and_is_cancelled_lets_the_next_one_go_in_the_end() {
        WorkRuntime runtime = machine(2);
        Workqueue workqueue = ordered(runtime);
        Gate gate = runtimes.gate();
        Item busy = runtimes.item(work -> gate.pass());
        Item next = runtimes.item();
        runtime.system().queue(busy);
        Await.until("it runs", busy::isRunning);
        workqueue.queue(busy);
        workqueue.queue(next);
        assertTrue(busy.cancel());
        gate.open();
        next.flush();
        assertEquals(1, busy.runs());
    }

    /** G42. */
    @Test
    void an_item_that_queues_itself_goes_to_the_tail() {
        WorkRuntime runtime = machine(2);
        Workqueue workqueue = ordered(runtime);
        Gate gate = runtimes.gate();
        Item first = runtimes.item(work -> gate.pass());
        Item self = runtimes.item(work -> {
            order.add("self");
            if (((Item) work).runs() < 3) {
                workqueue.queue(work);
            }
        });
        workqueue.queue(first);
        workqueue.queue(self);
        for (int i = 0; i < 3; i++) {
            workqueue.queue(named("other"));
        }
        gate.open();
        workqueue.drain();
        assertEquals(List.of("self", "other", "other", "other", "self", "self"), List.copyOf(order));
    }

    /** R49: two parked ones, and more: each end starts the next. */
    @Test
    void each_end_starts_the_next() {
        WorkRuntime runtime = HandDriven.runtime(FakeMachine.of(2));
        Workqueue workqueue = runtime.workqueue("o").ordered().affinity(Affinity.CPU).strict().build();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            items.add(new Item(work -> {}));
            workqueue.queueOn(0, items.getLast());
        }
        HandDriven cpu = HandDriven.of(runtime, 0);
        HandDriven other = HandDriven.of(runtime, 1);
        for (int i = 0; i < 6; i++) {
            HandDriven.Started started = null;
            for (int look = 0; look < 4 && started == null; look++) { // whichever pod it is in by now
                started = cpu.next();
                started = started == null ? other.next() : started;
            }
            assertEquals(items.get(i), started.item());
            assertNull(cpu.next());
            assertNull(other.next());
            if (i == 2) {
                workqueue.apply(Attributes.of(Affinity.SYSTEM));
            }
            started.end();
        }
        HandDriven.close(runtime);
    }

    /** They share the workers, and cost little while they are idle. */
    @Test
    void thousands_of_ordered_workqueues() {
        WorkRuntime runtime = machine(2);
        List<Workqueue> all = new ArrayList<>();
        List<List<Integer>> seen = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            all.add(ordered(runtime));
            seen.add(new ArrayList<>());
        }
        for (int round = 0; round < 3; round++) {
            int number = round;
            for (int i = 0; i < all.size(); i++) {
                List<Integer> list = seen.get(i);
                all.get(i).queueOn(i % 2, runtimes.item(work -> list.add(number)));
            }
        }
        runtime.flushAll();
        seen.forEach(list -> assertEquals(List.of(0, 1, 2), list));
    }

    /** Many of them at once, with handlers that sleep: each goes on for itself. */
    @Test
    void ordered_workqueues_do_not_wait_for_each_other() {
        WorkRuntime runtime = machine(2);
        List<Gate> gates = new ArrayList<>();
        List<Workqueue> all = new ArrayList<>();
        List<Item> behind = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Gate gate = runtimes.gate();
            gates.add(gate);
            all.add(ordered(runtime));
            all.getLast().queue(runtimes.item(work -> gate.pass()));
            behind.add(runtimes.item());
            all.getLast().queue(behind.getLast());
        }
        for (int i = 49; i >= 0; i--) {
            gates.get(i).open();
            behind.get(i).flush();
            int next = i - 1;
            assertTrue(next < 0 || behind.get(next).runs() == 0);
        }
    }

    /** Cancelled ones leave no hole, wherever they lie in the queue. */
    @Test
    void cancelled_items_do_not_hold_up_the_queue() {
        WorkRuntime runtime = machine(2);
        Workqueue workqueue = ordered(runtime);
        for (int round = 0; round < 30; round++) {
            Gate gate = runtimes.gate();
            workqueue.queue(runtimes.item(work -> gate.pass()));
            List<Item> items = new ArrayList<>();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                items.add(named("item " + i));
                workqueue.queue(items.getLast());
            }
            for (int i = 0; i < 12; i++) {
                if ((round * 7 + i * 5) % 3 == 0) {
                    assertTrue(items.get(i).cancel());
                } else {
                    expected.add("item " + i);
                }
            }
            gate.open();
            workqueue.flush();
            assertEquals(expected, List.copyOf(order));
            order.clear();
        }
    }

    /**
     * A freeze that was taken back while an item of an ordered workqueue ran left something behind that had the
     * workqueue looked at for ever after: its CPU never slept again.
     */
    @Test
    void after_a_thaw_its_cpus_go_to_sleep() {
        WorkRuntime runtime = machine(2);
        Workqueue workqueue = runtimes.queue(runtime.workqueue("o").ordered().freezable());
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        workqueue.queue(item);
        Await.until("it runs", item::isRunning);
        runtime.freeze();
        runtime.thaw();
        gate.open();
        item.flush();
        for (Cpu cpu : runtime.cpuArray()) {
            Await.until("CPU " + cpu.number + " sleeps", cpu.doorbell::isAsleep);
        }
        Await.never("there is something to do", () -> runtime.cpuArray()[0].podsHaveWork());
    }
}
