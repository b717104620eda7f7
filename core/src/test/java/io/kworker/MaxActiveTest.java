// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The limit of active items (G31, G32, G35) and the order in which parked ones start (G20). */
@Timeout(60)
class MaxActiveTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();

    private Item named(String name) {
        return runtimes.item(work -> order.add(name));
    }

    private Item sleeper(Gate gate) {
        return runtimes.item(work -> gate.pass());
    }

    /** G31: a sleeping item keeps its slot; its end frees it. */
    @Test
    void a_sleeping_item_is_active() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime, "two", 2);
        Gate first = runtimes.gate();
        Gate second = runtimes.gate();
        Item a = sleeper(first);
        Item b = sleeper(second);
        Item c = runtimes.item();
        workqueue.queue(a);
        workqueue.queue(b);
        workqueue.queue(c);
        Await.until("two are active and one waits",
                () -> Books.active(workqueue, 0) == 2 && Books.hasParked(workqueue, 0));
        Await.never("a third one starts", () -> c.runs() > 0);
        assertTrue(c.isPending());
        second.open();
        c.flush();
        assertEquals(1, c.runs());
        assertTrue(a.isRunning());
        first.open();
        a.flush();
    }

    /** G31: the cancellation of a parked item takes it off the list and frees nothing. */
    @Test
    void a_parked_item_that_is_cancelled_does_not_run_and_the_next_one_does() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime, "one", 1);
        Gate gate = runtimes.gate();
        Item a = sleeper(gate);
        Item b = runtimes.item();
        Item c = runtimes.item();
        workqueue.queue(a);
        workqueue.queue(b);
        workqueue.queue(c);
        Await.until("two wait", () -> Books.hasParked(workqueue, 0) && runtime.cpuArray()[0].queue.isEmpty());
        assertTrue(b.cancel());
        Await.never("one starts", () -> b.runs() + c.runs() > 0);
        gate.open();
        c.flush();
        assertEquals(0, b.runs());
        assertEquals(1, c.runs());
    }

    /** G20, R15: the place of a parked item is lost with its cancellation. */
    @Test
    void a_parked_item_cancelled_and_queued_again_goes_to_the_tail() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime, "one", 1);
        Gate gate = runtimes.gate();
        Item a = sleeper(gate);
        Item b = named("b");
        Item c = named("c");
        workqueue.queue(a);
        workqueue.queue(b);
        workqueue.queue(c);
        Await.until("two wait", () -> Books.hasParked(workqueue, 0) && runtime.cpuArray()[0].queue.isEmpty());
        assertTrue(b.cancel());
        assertTrue(workqueue.queue(b));
        gate.open();
        b.flush();
        c.flush();
        assertEquals(List.of("c", "b"), List.copyOf(order));
    }

    /** G32: per CPU and per workqueue. */
    @Test
    void the_limit_is_for_each_cpu_and_workqueue() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        List<Workqueue> workqueues = List.of(runtimes.queue(runtime, "a", 2), runtimes.queue(runtime, "b", 2));
        Gate gate = runtimes.gate();
        AtomicInteger started = new AtomicInteger();
        for (Workqueue workqueue : workqueues) {
            for (int cpu : runtime.cpus()) {
                for (int i = 0; i < 5; i++) {
                    workqueue.queueOn(cpu, runtimes.item(work -> {
                        started.incrementAndGet();
                        gate.pass();
                    }));
                }
            }
        }
        int expected = 2 * 2 * runtime.cpus().length;
        Await.until("all slots are taken", () -> started.get() == expected);
        Await.never("more items start than there are slots", () -> started.get() > expected);
    }

    /** G32, under load: never more of them at a time, and all of them in the end. */
    @Test
    void no_more_items_are_active_than_the_limit_says() {
        int limit = 3;
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "three", limit);
        int cpus = runtime.cpus().length;
        AtomicInteger active = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            items.add(runtimes.item(work -> {
                most.accumulateAndGet(active.incrementAndGet(), Math::max);
                Thread.sleep(0, 300_000);
                active.decrementAndGet();
            }));
        }
        for (int i = 0; i < items.size(); i++) {
            workqueue.queueOn(runtime.cpus()[i % cpus], items.get(i));
        }
        items.forEach(Work::flush);
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
        assertTrue(most.get() <= limit * cpus, () -> most + " at a time");
        assertTrue(most.get() > 1, "no handler slept beside another");
    }

    /** G20, G35: parked ones start in order, newcomers behind them. */
    @Test
    void newcomers_start_behind_parked_items() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime, "one", 1);
        List<String> expected = new ArrayList<>();
        List<Item> items = new ArrayList<>();
        for (int round = 0; round < 50; round++) {
            Gate gate = runtimes.gate();
            items.add(sleeper(gate));
            workqueue.queue(items.getLast());
            for (int i = 0; i < 5; i++) {
                String name = round + "." + i;
                expected.add(name);
                items.add(named(name));
                workqueue.queue(items.getLast());
            }
            Await.until("some wait", () -> Books.hasParked(workqueue, 0));
            gate.open();
            String name = round + ".newcomer";
            expected.add(name);
            items.add(named(name));
            workqueue.queue(items.getLast());
        }
        items.forEach(Work::flush);
        assertEquals(expected, List.copyOf(order));
    }

    /** A workqueue with a long list of parked items shares its CPU with one that has little to do. */
    @Test
    void a_long_list_of_parked_items_does_not_hold_up_another_workqueue() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue busy = runtimes.queue(runtime, "busy", 1);
        Workqueue light = runtimes.queue(runtime, "light", 1);
        Gate asleep = runtimes.gate();
        List<Item> items = new ArrayList<>();
        items.add(sleeper(asleep));
        for (int i = 0; i < 2_000; i++) {
            items.add(named("busy"));
        }
        items.forEach(busy::queue);
        Books.awaitFetched(runtime.cpuArray()[0]);
        assertTrue(Books.hasParked(busy, 0));
        Gate occupied = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        for (int i = 0; i < 10; i++) {
            items.add(named("light"));
            light.queue(items.getLast());
        }
        asleep.open();
        occupied.open();
        items.forEach(Work::flush);
        int last = List.copyOf(order).lastIndexOf("light");
        assertTrue(last < 100, () -> "the last of ten came after " + last + " others");
    }

    /** Shares that both have parked items take turns. */
    @Test
    void workqueues_with_parked_items_take_turns() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate asleep = runtimes.gate();
        List<Item> items = new ArrayList<>();
        List<Workqueue> workqueues = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            Workqueue workqueue = runtimes.queue(runtime, name, 1);
            workqueues.add(workqueue);
            items.add(sleeper(asleep));
            workqueue.queue(items.getLast());
            for (int i = 0; i < 200; i++) {
                items.add(named(name));
                workqueue.queue(items.getLast());
            }
        }
        Books.awaitFetched(runtime.cpuArray()[0]);
        for (Workqueue workqueue : workqueues) {
            assertTrue(Books.hasParked(workqueue, 0));
        }
        asleep.open();
        items.forEach(Work::flush);
        List<String> half = List.copyOf(order).subList(0, 300);
        for (Workqueue workqueue : workqueues) {
            long turns = half.stream().filter(workqueue.name()::equals).count();
            assertTrue(turns >= 60, () -> workqueue + " had " + turns + " of 300 turns");
        }
    }

    /** G35: with a limit of one, what sleeps is over before the next one starts, so that all of it is in order. */
    @Test
    void a_limit_of_one_runs_one_after_another() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "one", 1);
        List<String> expected = new ArrayList<>();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            String name = "item " + i;
            expected.add(name + " starts");
            expected.add(name + " ends");
            items.add(runtimes.item(work -> {
                order.add(name + " starts");
                Thread.sleep(0, 100_000);
                order.add(name + " ends");
            }));
            workqueue.queue(items.getLast());
        }
        items.forEach(Work::flush);
        assertEquals(expected, List.copyOf(order));
    }

    /** G31: a slot is returned whatever the handler does. */
    @Test
    void a_failing_handler_returns_its_slot() {
        runtimes.handlersMayFail();
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue =
                runtimes.queue(runtime.workqueue("one").maxActive(1).exceptionHandler((work, thrown) -> {}));
        for (int i = 0; i < 50; i++) {
            Item failing = runtimes.item(work -> {
                throw new IllegalStateException("as the test wants");
            });
            workqueue.queue(failing);
        }
        Item last = runtimes.item();
        workqueue.queue(last);
        last.flush();
        assertEquals(1, last.runs());
        assertFalse(Books.hasParked(workqueue, 0));
    }
}
