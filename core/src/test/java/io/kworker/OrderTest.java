// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** In which order items start (G20), also across a full ring, a cancellation and several workqueues. */
@Timeout(60)
class OrderTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();

    private Item named(String name) {
        return runtimes.item(work -> order.add(name));
    }

    private List<String> order() {
        return List.copyOf(order);
    }

    /** G20, with a ring of 4. */
    @Test
    void items_start_in_the_order_in_which_they_were_queued() {
        WorkRuntime runtime = runtimes.strictCpu();
        List<Item> items = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            String name = "item " + i;
            expected.add(name);
            items.add(named(name));
            runtime.system().queue(items.getLast());
        }
        items.forEach(Work::flush);
        assertEquals(expected, order());
    }

    /** G20: workqueues that share a CPU share its order, as long as no limit parks an item. */
    @Test
    void items_of_several_workqueues_on_a_cpu_start_in_a_common_order() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        List<Workqueue> workqueues =
                List.of(runtime.system(), runtimes.queue(runtime, "a"), runtimes.queue(runtime, "b"));
        List<Item> items = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            String name = "item " + i;
            expected.add(name);
            items.add(named(name));
            workqueues.get(i % 3).queue(items.getLast());
        }
        gate.open();
        items.forEach(Work::flush);
        assertEquals(expected, order());
    }

    /** G20: the requeued item has lost its place. */
    @Test
    void an_item_cancelled_and_queued_again_goes_to_the_tail() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtime.system();
        Gate gate = runtimes.occupy(workqueue, RuntimeExtension.firstCpu());
        Item a = named("a");
        Item b = named("b");
        Item c = named("c");
        assertTrue(workqueue.queue(a));
        assertTrue(workqueue.queue(b));
        assertTrue(a.cancel());
        assertTrue(workqueue.queue(a));
        assertTrue(workqueue.queue(c));
        assertTrue(b.cancel());
        assertTrue(b.cancelSync() || workqueue.queue(b));
        gate.open();
        a.flush();
        b.flush();
        c.flush();
        assertEquals(List.of("a", "c", "b"), order());
    }

    /** G20, with a stand-in for each of many dead entries of the same item, in the ring and in the overflow list. */
    @Test
    void an_item_cancelled_and_queued_again_many_times_runs_once_at_the_tail() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtime.system();
        Gate gate = runtimes.occupy(workqueue, RuntimeExtension.firstCpu());
        Item restless = named("restless");
        List<Item> items = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            assertTrue(workqueue.queue(restless));
            items.add(named("item " + i));
            expected.add("item " + i);
            workqueue.queue(items.getLast());
            assertTrue(restless.cancel());
        }
        assertTrue(workqueue.queue(restless));
        expected.add("restless");
        gate.open();
        items.forEach(Work::flush);
        restless.flush();
        assertEquals(expected, order());
        assertEquals(1, restless.runs());
    }

    /** G20, G10: nothing lost and nothing out of order between ring and overflow, for each of several producers. */
    @Test
    void a_hundred_thousand_items_of_four_producers_through_a_ring_of_two_keep_each_producers_order() {
        int producers = 4;
        int each = 25_000;
        WorkRuntime runtime =
                runtimes.start(RuntimeExtension.strict().ringCapacity(2).cpus(RuntimeExtension.firstCpu()));
        int[] next = new int[producers];
        AtomicInteger outOfOrder = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        TestThreads.together(producers, producer -> {
            for (int i = 0; i < each; i++) {
                int number = i;
                assertTrue(runtime.system().queue(runtimes.item(work -> {
                    if (next[producer]++ != number) {
                        outOfOrder.incrementAndGet();
                    }
                    done.incrementAndGet();
                })));
            }
        });
        Await.until("all have run", () -> done.get() == producers * each);
        assertEquals(0, outOfOrder.get());
        assertTrue(Arrays.stream(next).allMatch(count -> count == each), () -> Arrays.toString(next));
    }

    /** G20: an item queued while it runs takes its place behind what is queued already. */
    @Test
    void an_item_that_queues_itself_goes_to_the_tail() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtime.system();
        Gate gate = runtimes.occupy(workqueue, RuntimeExtension.firstCpu());
        Item repeater = runtimes.item(work -> {
            order.add("repeater");
            if (((Item) work).runs() == 1) {
                workqueue.queue(work);
            }
        });
        workqueue.queue(repeater);
        Item a = named("a");
        Item b = named("b");
        workqueue.queue(a);
        workqueue.queue(b);
        gate.open();
        a.flush();
        b.flush();
        Await.until("the repeater has run twice", () -> repeater.runs() == 2);
        repeater.flush();
        assertEquals(List.of("repeater", "a", "b", "repeater"), order());
    }

    /** No order is promised between CPUs, but each keeps its own. */
    @Test
    void each_cpu_keeps_its_own_order() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        int[] cpus = runtime.cpus();
        List<ConcurrentLinkedQueue<Integer>> seen = new ArrayList<>();
        for (int ignored : cpus) {
            seen.add(new ConcurrentLinkedQueue<>());
        }
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            int number = i;
            Item item = runtimes.item(work -> seen.get(number % cpus.length).add(number));
            items.add(item);
            runtime.system().queueOn(cpus[i % cpus.length], item);
        }
        items.forEach(Work::flush);
        for (ConcurrentLinkedQueue<Integer> one : seen) {
            List<Integer> sorted = one.stream().sorted().toList();
            assertEquals(sorted, List.copyOf(one));
        }
        assertFalse(seen.getFirst().isEmpty());
    }
}
