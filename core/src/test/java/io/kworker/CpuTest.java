// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The books of a CPU, entry by entry: what may start, in which order, and what a closing waits for. */
@Timeout(60)
class CpuTest {
    private WorkRuntime runtime;
    private HandDriven hand;
    private Cpu cpu;
    private final List<Workqueue> workqueues = new ArrayList<>();

    @BeforeEach
    void make() {
        runtime = HandDriven.runtime();
        hand = HandDriven.of(runtime);
        cpu = hand.cpu();
    }

    @AfterEach
    void nothing_is_left() {
        hand.close();
        for (Workqueue workqueue : workqueues) {
            BoundShare share = Books.share(workqueue, 0);
            assertEquals(0, share.active);
            assertEquals(0, share.handOffs);
            assertTrue(share.quiet() >= 0 && share.inactive.isEmpty() && share.waitingNow() == 0);
            assertFalse(share.isListed);
        }
    }

    private Workqueue queue(String name, int limit) {
        Workqueue workqueue = runtime.workqueue(name).maxActive(limit).build();
        workqueues.add(workqueue);
        return workqueue;
    }

    private static Item item() {
        return new Item(work -> {});
    }

    private static List<Item> items(int count) {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(item());
        }
        return items;
    }

    @Test
    void there_is_nothing_to_start_on_a_new_cpu() {
        assertNull(hand.next());
        assertFalse(cpu.hasWork() || cpu.hasMessages() || cpu.hasWaiting(0) || cpu.hasEntry());
    }

    /** G20, with a ring of 2. */
    @Test
    void entries_start_in_order() {
        Workqueue workqueue = queue("a", 100);
        List<Item> items = items(20);
        items.forEach(workqueue::queue);
        assertTrue(cpu.hasWork() && cpu.hasEntry());
        assertEquals(items, hand.runAll());
    }

    /** G31, G32, G35. */
    @Test
    void no_more_start_than_the_limit_and_each_end_starts_the_next() {
        Workqueue workqueue = queue("a", 2);
        BoundShare share = Books.share(workqueue, 0);
        List<Item> items = items(5);
        items.forEach(workqueue::queue);
        List<HandDriven.Started> active = new ArrayList<>();
        assertEquals(items.subList(0, 2), hand.startAll(active));
        assertEquals(2, share.active);
        assertTrue(!share.isRunnable() && share.quiet() < 0);
        active.removeLast().end();
        assertTrue(share.isRunnable());
        assertEquals(items.subList(2, 3), hand.startAll(active));
        active.removeFirst().end();
        active.removeFirst().end();
        assertEquals(items.subList(3, 5), hand.startAll(active));
        active.forEach(HandDriven.Started::end);
        assertEquals(5, share.startedNow());
        assertEquals(5, share.completedNow());
    }

    /** G20: also where a slot is free at the moment at which the newcomer comes out of the ring. */
    @Test
    void a_newcomer_goes_behind_parked_entries_even_if_a_slot_is_free() {
        Workqueue workqueue = queue("a", 1);
        List<Item> items = items(4);
        items.subList(0, 3).forEach(workqueue::queue);
        HandDriven.Started first = hand.next();
        assertNull(hand.next());
        first.end();
        workqueue.queue(items.get(3));
        List<Work> order = new ArrayList<>(List.of(items.get(0)));
        order.addAll(hand.runAll());
        assertEquals(items, order);
    }

    /** Parked entries and the ring take turns, so neither starves. */
    @Test
    void parked_entries_and_new_ones_take_turns() {
        Workqueue parked = queue("parked", 1);
        Workqueue fresh = queue("fresh", 100);
        List<Item> old = items(50);
        old.forEach(parked::queue);
        HandDriven.Started first = hand.next();
        assertNull(hand.next());
        List<Item> young = items(50);
        young.forEach(fresh::queue);
        first.end();
        List<Work> order = hand.runAll();
        assertEquals(99, order.size());
        for (int i = 0; i + 1 < 98; i += 2) {
            assertTrue(old.contains(order.get(i)) ^ old.contains(order.get(i + 1)), "turn " + i);
        }
        assertEquals(old.subList(1, 50), order.stream().filter(old::contains).toList());
        assertEquals(young, order.stream().filter(young::contains).toList());
    }

    /** Shares take turns in the order in which they got runnable. */
    @Test
    void runnable_workqueues_take_turns() {
        List<List<Item>> lists = new ArrayList<>();
        List<HandDriven.Started> first = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Workqueue workqueue = queue("q" + i, 1);
            lists.add(items(10));
            lists.getLast().forEach(workqueue::queue);
            hand.startAll(first);
        }
        assertEquals(3, first.size());
        first.forEach(HandDriven.Started::end);
        List<Work> order = hand.runAll();
        assertEquals(27, order.size());
        for (int i = 0; i < 27; i++) {
            assertSame(lists.get(i % 3).get(1 + i / 3), order.get(i));
        }
    }

    @Test
    void cancelled_entries_are_dropped_wherever_they_are() {
        Workqueue workqueue = queue("a", 1);
        List<Item> items = items(6);
        items.forEach(workqueue::queue);
        assertTrue(items.get(0).cancel());
        HandDriven.Started second = hand.next();
        assertSame(items.get(1), second.item());
        assertNull(hand.next());
        assertTrue(items.get(2).cancel() && items.get(4).cancel());
        second.end();
        assertEquals(List.of(items.get(3), items.get(5)), hand.runAll());
        for (Item item : items) {
            assertFalse(WorkState.isLinked(item.state()), "no entry is left behind");
        }
    }

    /** G14, J1: and before everything else on the CPU. */
    @Test
    void an_entry_whose_item_runs_comes_when_that_is_over_before_all_others() {
        Workqueue first = queue("first", 10);
        Workqueue second = queue("second", 10);
        Item item = item();
        first.queue(item);
        HandDriven.Started running = hand.next();
        second.queue(item);
        assertNull(hand.next());
        assertEquals(1, Books.share(second, 0).handOffs);
        assertTrue(Books.share(second, 0).quiet() < 0);
        List<Item> others = items(3);
        others.forEach(second::queue);
        running.end();
        HandDriven.Started again = hand.next();
        assertSame(item, again.item());
        assertSame(Books.share(second, 0), again.share);
        again.end();
        assertEquals(others, hand.runAll());
    }

    /** G14 and G32: where the limit is reached meanwhile, it is first in line. */
    @Test
    void an_entry_that_comes_back_to_a_full_workqueue_is_first_in_line() {
        Workqueue first = queue("first", 10);
        Workqueue second = queue("second", 1);
        Item item = item();
        first.queue(item);
        HandDriven.Started running = hand.next();
        second.queue(item);
        assertNull(hand.next());
        List<Item> others = items(3);
        others.forEach(second::queue);
        HandDriven.Started other = hand.next();
        assertSame(others.get(0), other.item());
        running.end();
        assertNull(hand.next());
        other.end();
        assertEquals(List.of(item, others.get(1), others.get(2)), hand.runAll());
    }

    /** R14, R15 for an entry in that state. */
    @Test
    void an_entry_that_waits_for_its_items_run_can_be_cancelled() {
        Workqueue first = queue("first", 10);
        Workqueue second = queue("second", 1);
        Item item = item();
        first.queue(item);
        HandDriven.Started running = hand.next();
        second.queue(item);
        assertNull(hand.next());
        assertTrue(item.cancel());
        running.end();
        assertNull(hand.next());
        assertEquals(0, Books.share(second, 0).handOffs);
        assertTrue(second.queue(item));
        assertEquals(List.of(item), hand.runAll());
    }

    // ---- closing ----

    @Test
    void a_closing_waits_for_active_parked_and_handed_off_entries() {
        Workqueue workqueue = queue("closing", 1);
        Workqueue other = queue("other", 10);
        Item elsewhere = item();
        other.queue(elsewhere);
        HandDriven.Started running = hand.next();
        workqueue.queue(elsewhere);
        List<Item> items = items(2);
        items.forEach(workqueue::queue);
        HandDriven.Started active = hand.next();
        assertSame(items.get(0), active.item());
        TestThreads.Started closer = TestThreads.start(workqueue::close);
        Await.until("a marker is in the queue", () -> !cpu.queue.isEmpty());
        assertNull(hand.next());
        Await.never("close() returns", closer::isDone);
        active.end();
        assertEquals(List.of(items.get(1)), hand.runAll());
        Await.never("close() returns", closer::isDone);
        running.end();
        hand.runUntilDone(closer);
        assertEquals(1, elsewhere.runs());
        assertFalse(elsewhere.isBusy());
    }

    /** The count of started instances is what two rounds compare. */
    @Test
    void a_closing_goes_on_while_items_queue_others() {
        Workqueue workqueue = queue("closing", 10);
        List<Item> chain = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int next = i + 1;
            chain.add(new Item(work -> {
                if (next < 5) {
                    // by hand: a worker's thread would say that it is chained
                    assertTrue(WorkState.refuses(chain.get(next).state()) || submit(workqueue, chain.get(next)));
                }
            }));
        }
        workqueue.queue(chain.getFirst());
        TestThreads.Started closer = TestThreads.start(workqueue::close);
        Await.until("a marker is in the queue", () -> cpu.queue.size() > 1);
        hand.runUntilDone(closer);
        assertTrue(chain.stream().allMatch(item -> item.runs() == 1));
    }

    /** What queue() does, for a caller that counts as a handler. */
    private static boolean submit(Workqueue workqueue, Work work) {
        BoundShare share = Books.share(workqueue, 0);
        long found = work.pend();
        work.share = share;
        work.generation = WorkState.generation(found) + 1;
        share.submit(work);
        return true;
    }

    /** An entry behind the closing marker is turned away; its queuer takes the instance back. */
    @Test
    void an_entry_that_comes_after_the_close_is_dropped_and_its_item_stays_usable() {
        Workqueue workqueue = queue("closing", 1);
        hand.runUntilDone(TestThreads.start(workqueue::close));
        Item late = item();
        submit(workqueue, late);
        assertNull(hand.next());
        assertEquals(0, late.runs());
        assertTrue(late.isPending());
        assertFalse(WorkState.isLinked(late.state()));
        assertTrue(late.unpend(1));
        Workqueue other = queue("other", 1);
        assertTrue(other.queue(late));
        assertEquals(List.of(late), hand.runAll());
    }

    // ---- messages ----

    @Test
    void messages_are_delivered_in_order_and_counted_as_waiting() {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int number = i;
            cpu.post((Delivery) () -> order.add(number));
        }
        assertTrue(cpu.hasMessages() && cpu.hasWaiting(0));
        assertFalse(cpu.hasWork());
        hand.deliver();
        assertEquals(List.of(0, 1, 2, 3, 4), order);
        assertFalse(cpu.hasMessages());
    }

    @Test
    void queueing_and_posting_ring_the_doorbell() {
        cpu.doorbell.announce();
        runtime.system().queue(item());
        assertFalse(cpu.doorbell.isAsleep());
        cpu.doorbell.announce();
        cpu.post((Delivery) () -> {});
        assertFalse(cpu.doorbell.isAsleep());
    }

    // ---- everything at once ----

    /** Against a model: per workqueue FIFO, limits, one run at a time, cancelled ones dropped. */
    @Test
    void random_sequences_keep_the_books_straight() {
        for (int seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Workqueue> all = List.of(queue("one", 1), queue("two", 2), queue("many", 100));
            List<Item> items = items(8);
            int[] accepted = new int[items.size()];
            List<HandDriven.Started> active = new ArrayList<>();
            for (int step = 0; step < 200; step++) {
                int i = random.nextInt(items.size());
                Item item = items.get(i);
                switch (random.nextInt(6)) {
                    case 0, 1, 2 -> accepted[i] += all.get(random.nextInt(3)).queue(item) ? 1 : 0;
                    case 3 -> accepted[i] -= item.cancel() ? 1 : 0;
                    case 4 -> {
                        HandDriven.Started started = hand.next();
                        if (started != null) {
                            assertTrue(active.stream().noneMatch(each -> each.item() == started.item()),
                                    "two runs at once");
                            active.add(started);
                        }
                    }
                    default -> {
                        if (!active.isEmpty()) {
                            active.remove(random.nextInt(active.size())).runAndEnd();
                        }
                    }
                }
                for (Workqueue workqueue : all) {
                    BoundShare share = Books.share(workqueue, 0);
                    long expected = active.stream().filter(each -> each.share == share).count();
                    assertEquals(expected, share.active);
                    assertTrue(share.active <= workqueue.maxActive());
                }
            }
            active.forEach(HandDriven.Started::runAndEnd);
            hand.runAll();
            for (int i = 0; i < items.size(); i++) {
                assertEquals(accepted[i], items.get(i).runs(), "seed " + seed + ", item " + i);
                assertFalse(items.get(i).isBusy() || items.get(i).hasWaiters());
            }
        }
    }
}
