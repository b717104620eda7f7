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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Items of high priority go before the normal ones of their CPU, and neither touches the other's limits (G26). */
@Timeout(60)
class HighpriTest {
    private static final int MANY = 100_000;

    /** Where the flag in question is no other than with {@link #MANY}. */
    private static final int FEWER = 20_000;

    /** Items of high priority in a row. */
    private static final int BUDGET = 64;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();

    private Item named(String name) {
        return runtimes.item(work -> order.add(name));
    }

    /**
     * G26: of 100,000 normal items that wait, at most two more start. The queuer knows how many have run, since one of
     * them waits for it.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_highpri_item_overtakes_a_hundred_thousand_normal_ones(boolean isUnbound) {
        WorkRuntime runtime = runtimes.start(
                RuntimeExtension.strict().cpus(RuntimeExtension.firstCpu()).ringCapacity(8192));
        Workqueue normal = runtimes.queue(runtime.workqueue("normal").maxActive(2048));
        Workqueue.Builder builder = runtime.workqueue("highpri").highpri();
        Workqueue highpri = runtimes.queue(isUnbound ? builder.unbound() : builder);
        Gate gate = runtimes.occupy(normal, RuntimeExtension.firstCpu());
        Gate queued = runtimes.gate();
        AtomicInteger ran = new AtomicInteger();
        AtomicInteger before = new AtomicInteger();
        AtomicInteger after = new AtomicInteger();
        Item urgent = runtimes.item(work -> after.set(ran.get()));
        Item last = null;
        int many = isUnbound ? FEWER : MANY;
        for (int i = 0; i < many; i++) {
            boolean isMeeting = i == 1_000;
            last = runtimes.item(work -> {
                if (ran.incrementAndGet() == 1_001 && isMeeting) {
                    before.set(ran.get());
                    queued.burn();
                }
            });
            normal.queue(last);
        }
        gate.open();
        Await.until("the normal items are under way", () -> before.get() > 0);
        assertTrue(highpri.queue(urgent));
        queued.open();
        urgent.flush();
        assertTrue(after.get() - before.get() <= 2, () -> after.get() - before.get() + " normal ones were faster");
        last.flush();
        assertEquals(many, ran.get());
    }

    /** G26, from a handler. */
    @Test
    void a_highpri_item_queued_by_a_normal_handler_is_the_next() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue highpri = runtimes.queue(runtime.workqueue("highpri").highpri());
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        List<String> expected = new ArrayList<>();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            String name = "normal " + i;
            Item urgent = named("after " + name);
            items.add(urgent);
            items.add(runtimes.item(work -> {
                order.add(name);
                highpri.queue(urgent);
            }));
            runtime.system().queue(items.getLast());
            expected.add(name);
            expected.add("after " + name);
        }
        gate.open();
        items.forEach(Work::flush);
        items.forEach(Work::flush); // the urgent ones had not been queued yet
        assertEquals(expected, List.copyOf(order));
    }

    /** G20, within the lane. */
    @Test
    void highpri_items_start_in_the_order_in_which_they_were_queued_and_before_all_normal_ones() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue highpri = runtimes.queue(runtime.workqueue("highpri").highpri());
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        List<Item> items = new ArrayList<>();
        List<String> urgent = new ArrayList<>();
        List<String> normal = new ArrayList<>();
        for (int i = 0; i < BUDGET; i++) {
            items.add(named("normal " + i));
            runtime.system().queue(items.getLast());
            normal.add("normal " + i);
            items.add(named("highpri " + i));
            highpri.queue(items.getLast());
            urgent.add("highpri " + i);
        }
        gate.open();
        items.forEach(Work::flush);
        urgent.addAll(normal);
        assertEquals(urgent, List.copyOf(order));
    }

    /** G26: whatever the one waits for, the other goes on. */
    @Test
    void the_limits_of_normal_and_highpri_workqueues_are_independent() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue normal = runtimes.queue(runtime, "normal", 1);
        Workqueue highpri = runtimes.queue(runtime.workqueue("highpri").highpri().maxActive(1));
        for (List<Workqueue> pair : List.of(List.of(normal, highpri), List.of(highpri, normal))) {
            Gate gate = runtimes.gate();
            Item asleep = runtimes.item(work -> gate.pass());
            Item parked = runtimes.item();
            pair.getFirst().queue(asleep);
            pair.getFirst().queue(parked);
            Await.until("one sleeps", asleep::isRunning);
            for (int i = 0; i < 20; i++) {
                Item item = runtimes.item();
                pair.getLast().queue(item);
                item.flush();
            }
            assertTrue(asleep.isRunning());
            assertEquals(0, parked.runs());
            gate.open();
            parked.flush();
        }
    }

    /** A highpri handler that sleeps does not hold up the CPU, and a normal one that sleeps none of the lanes. */
    @Test
    void a_highpri_handler_that_blocks_lets_normal_items_start() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        Item urgent = runtimes.item(work -> gate.pass());
        runtime.systemHighpri().queue(urgent);
        Item normal = runtimes.item(work -> gate.open());
        runtime.system().queue(normal);
        urgent.flush();
        assertEquals(1, normal.runs());
    }

    /** G26: after {@value #BUDGET} highpri items in a row a normal one has a turn, in an endless stream of them too. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void an_endless_highpri_stream_does_not_starve_the_normal_lane(boolean isUnbound) {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue.Builder builder = runtime.workqueue("highpri").highpri();
        Workqueue highpri = runtimes.queue(isUnbound ? builder.unbound() : builder);
        AtomicInteger urgent = new AtomicInteger();
        Gate enough = runtimes.gate();
        List<Item> stream = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            stream.add(runtimes.item(work -> {
                urgent.incrementAndGet();
                if (!enough.isOpen()) {
                    highpri.queue(work);
                }
            }));
            highpri.queue(stream.getLast());
        }
        Await.until("the stream is under way", () -> urgent.get() > 1_000);
        AtomicInteger first = new AtomicInteger();
        AtomicInteger last = new AtomicInteger();
        List<Item> items = new ArrayList<>();
        items.add(runtimes.item(work -> first.set(urgent.get())));
        for (int i = 0; i < 8; i++) {
            items.add(runtimes.item());
        }
        items.add(runtimes.item(work -> last.set(urgent.get())));
        items.forEach(runtime.system()::queue);
        Await.until("the normal items have had their turns", () -> items.stream().allMatch(item -> item.runs() == 1));
        enough.open();
        stream.forEach(Work::flush);
        assertTrue(last.get() - first.get() <= 10 * (BUDGET + 2),
                () -> last.get() - first.get() + " urgent ones between ten normal ones");
    }

    /** And unbound normal items have their turns too, behind the other lanes. */
    @Test
    void endless_streams_of_highpri_and_normal_items_do_not_starve_unbound_ones() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate enough = runtimes.gate();
        List<Item> streams = new ArrayList<>();
        for (Workqueue workqueue : List.of(runtime.systemHighpri(), runtime.system())) {
            streams.add(runtimes.item(work -> {
                if (!enough.isOpen()) {
                    workqueue.queue(work);
                }
            }));
            workqueue.queue(streams.getLast());
        }
        for (int i = 0; i < 10; i++) {
            Item item = runtimes.item();
            runtime.systemUnbound().queue(item);
            item.flush();
        }
        enough.open();
        streams.forEach(Work::flush);
    }

    /** The budget to the item, on a CPU driven by hand. */
    @Test
    void after_the_budget_one_normal_item_has_a_turn() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        List<Item> urgent = new ArrayList<>();
        List<Item> normal = new ArrayList<>();
        for (int i = 0; i < 2 * BUDGET + 10; i++) {
            urgent.add(new Item(work -> {}));
            runtime.systemHighpri().queue(urgent.getLast());
        }
        for (int i = 0; i < 5; i++) {
            normal.add(new Item(work -> {}));
            runtime.system().queue(normal.getLast());
        }
        List<Work> expected = new ArrayList<>(urgent.subList(0, BUDGET));
        expected.add(normal.get(0));
        expected.addAll(urgent.subList(BUDGET, 2 * BUDGET));
        expected.add(normal.get(1));
        expected.addAll(urgent.subList(2 * BUDGET, urgent.size()));
        expected.addAll(normal.subList(2, normal.size()));
        assertEquals(expected, hand.runAll());
        hand.close();
    }

    /** The same for the four lanes of a CPU, one behind the other. */
    @Test
    void lanes_are_served_by_urgency() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        Workqueue unbound = runtime.workqueue("unbound highpri").unbound().highpri().build();
        List<Workqueue> byUrgency = List.of(runtime.systemBhHighpri(), runtime.systemBh(), runtime.systemHighpri(),
                unbound, runtime.system(), runtime.systemUnbound());
        List<Work> expected = new ArrayList<>();
        for (Workqueue workqueue : byUrgency.reversed()) {
            for (int i = 0; i < 2; i++) {
                Item item = new Item(work -> {});
                workqueue.queue(item);
                expected.addFirst(item);
            }
        }
        for (int i = 0; i < expected.size(); i += 2) {
            expected.add(i + 1, expected.remove(i));
        }
        assertEquals(expected, hand.runAll());
        assertFalse(hand.cpu().hasWork());
        hand.close();
    }
}
