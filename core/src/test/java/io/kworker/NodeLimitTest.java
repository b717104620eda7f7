// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The slots of a node, taken and passed on by hand (G33, G35, G36, R44, R45, R47, R48). */
@Timeout(60)
class NodeLimitTest {
    /** Two nodes, of three CPUs and one. */
    private WorkRuntime runtime;

    private final List<Workqueue> workqueues = new ArrayList<>();

    @BeforeEach
    void make() {
        runtime = HandDriven.runtime(FakeMachine.nodes(3, 1));
    }

    @AfterEach
    void nothing_is_left() {
        HandDriven.close(runtime);
        for (Workqueue workqueue : workqueues) {
            for (Limiter limiter : workqueue.limiters()) {
                assertEquals(0, ((NodeLimit) limiter).active());
            }
            for (Share share : workqueue.allShares()) {
                assertTrue(share.quiet() >= 0 && share.inactive.isEmpty() && share.waitingNow() == 0);
                assertFalse(share.isListed);
            }
        }
    }

    /** A pod for each CPU, served by no other one. */
    private Workqueue strict(int limit) {
        return add(runtime.workqueue("strict").unbound().affinity(Affinity.CPU).strict().maxActive(limit).minActive(0));
    }

    private Workqueue add(Workqueue.Builder builder) {
        Workqueue workqueue = builder.build();
        workqueues.add(workqueue);
        return workqueue;
    }

    private HandDriven cpu(int index) {
        return HandDriven.of(runtime, index);
    }

    private static List<Item> queue(Workqueue workqueue, int cpu, int count) {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(new Item(work -> {}));
            assertTrue(workqueue.queueOn(cpu, items.getLast()));
        }
        return items;
    }

    private static NodeLimit node(Workqueue workqueue, int cpu) {
        return workqueue.allShares().stream()
                .map(PodShare.class::cast)
                .filter(share -> share.poolNow().mask.get(cpu))
                .findFirst().orElseThrow().node;
    }

    /** G33: in proportion to the CPUs, rounded up. */
    @Test
    void each_node_has_its_share() {
        Workqueue workqueue = strict(10);
        assertEquals(8, node(workqueue, 0).limit());
        assertEquals(8, node(workqueue, 2).limit());
        assertEquals(3, node(workqueue, 3).limit());
    }

    /** G33: at least minActive, at most maxActive. */
    @Test
    void the_share_of_a_node_is_clamped() {
        Workqueue least = add(runtime.workqueue("u").unbound().affinity(Affinity.NUMA).maxActive(10).minActive(5));
        assertEquals(List.of(8, 5), List.of(node(least, 0).limit(), node(least, 3).limit()));
        Workqueue all = add(runtime.workqueue("u").unbound().affinity(Affinity.NUMA).maxActive(10).minActive(10));
        assertEquals(List.of(10, 10), List.of(node(all, 0).limit(), node(all, 3).limit()));
        Workqueue one = add(runtime.workqueue("u").unbound().affinity(Affinity.NUMA).maxActive(1));
        assertEquals(List.of(1, 1), List.of(node(one, 0).limit(), node(one, 3).limit()));
        Workqueue cut = add(runtime.workqueue("u").unbound().affinity(Affinity.NUMA).maxActive(10).minActive(0)
                .cpus(2, 3));
        assertEquals(List.of(5, 5), List.of(node(cut, 2).limit(), node(cut, 3).limit()));
    }

    /** G33: a pod of several nodes has the whole limit. */
    @Test
    void a_pod_that_spans_nodes_has_the_whole_limit() {
        Workqueue workqueue =
                add(runtime.workqueue("u").unbound().affinity(Affinity.SYSTEM).maxActive(10).minActive(0));
        assertEquals(10, node(workqueue, 0).limit());
        assertEquals(1, workqueue.limiters().size());
        List<HandDriven.Started> active = new ArrayList<>();
        queue(workqueue, 0, 6);
        queue(workqueue, 3, 6);
        assertEquals(6, cpu(3).startAll(active).size() - 4); // whichever CPU comes first takes all it may
        assertEquals(10, active.size());
        assertNull(cpu(0).next());
        active.forEach(HandDriven.Started::end);
    }

    /** G33: what counts are the CPUs that are online. */
    @Test
    void shares_follow_the_cpus_that_are_online() {
        Workqueue workqueue = strict(10);
        runtime.cpuOffline(2);
        runtime.cpuOffline(1);
        assertEquals(5, node(workqueue, 0).limit());
        assertEquals(5, node(workqueue, 3).limit());
        runtime.cpuOffline(3);
        assertEquals(10, node(workqueue, 0).limit());
        assertEquals(1, node(workqueue, 3).limit());
        runtime.cpuOnline(1);
        runtime.cpuOnline(2);
        runtime.cpuOnline(3);
        assertEquals(8, node(workqueue, 0).limit());
        assertEquals(3, node(workqueue, 3).limit());
    }

    /** G33: a pod of a node without CPUs is served by the others, and its node must have a slot for what lies there. */
    @Test
    void what_was_queued_on_a_node_that_goes_offline_starts_elsewhere() {
        Workqueue workqueue = strict(4);
        List<Item> items = queue(workqueue, 3, 5);
        runtime.cpuOffline(3);
        List<Work> order = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            order.addAll(cpu(0).runAll());
        }
        assertEquals(items, order);
        runtime.cpuOnline(3);
    }

    /** G35: a slot that falls free goes to the share that has waited for longest, one each, over the CPUs. */
    @Test
    void slots_go_round_the_shares_of_a_node() {
        Workqueue workqueue = strict(4); // three for the first node
        List<HandDriven.Started> active = new ArrayList<>();
        List<List<Item>> items = new ArrayList<>();
        queue(workqueue, 0, 3);
        assertEquals(3, cpu(0).startAll(active).size());
        for (int cpu = 0; cpu < 3; cpu++) {
            items.add(queue(workqueue, cpu, 4));
            assertNull(cpu(cpu).next());
        }
        for (int turn = 0; turn < 12; turn++) {
            active.removeFirst().end();
            for (int cpu = 0; cpu < 3; cpu++) {
                List<Work> started = cpu(cpu).startAll(active);
                assertEquals(cpu == turn % 3 ? List.of(items.get(cpu).get(turn / 3)) : List.of(), started);
            }
        }
        active.forEach(HandDriven.Started::end);
    }

    /** R47: a newcomer goes behind those that wait, also those of another CPU. */
    @Test
    void a_newcomer_does_not_jump_the_line() {
        Workqueue workqueue = strict(4);
        List<HandDriven.Started> active = new ArrayList<>();
        queue(workqueue, 0, 3);
        cpu(0).startAll(active);
        List<Item> old = queue(workqueue, 1, 1);
        assertNull(cpu(1).next());
        active.removeFirst().end();
        List<Item> young = queue(workqueue, 2, 1);
        assertNull(cpu(2).next()); // the slot is that of the old one, though it has not come for it
        assertEquals(old, cpu(1).startAll(active));
        active.removeFirst().end();
        assertEquals(young, cpu(2).startAll(active));
        active.forEach(HandDriven.Started::end);
    }

    /** R45: the slot of a share whose waiting items were cancelled goes to the next. */
    @Test
    void a_slot_for_cancelled_items_is_passed_on() {
        Workqueue workqueue = strict(1);
        for (boolean isGranted : new boolean[] {false, true}) {
            List<HandDriven.Started> active = new ArrayList<>();
            queue(workqueue, 0, 1);
            cpu(0).startAll(active);
            List<Item> cancelled = queue(workqueue, 1, 2);
            assertNull(cpu(1).next());
            List<Item> next = queue(workqueue, 2, 1);
            assertNull(cpu(2).next());
            if (!isGranted) {
                cancelled.forEach(item -> assertTrue(item.cancel()));
            }
            active.removeFirst().end();
            if (isGranted) {
                cancelled.forEach(item -> assertTrue(item.cancel()));
            }
            assertNull(cpu(1).next());
            assertEquals(next, cpu(2).startAll(active));
            active.removeFirst().end();
            assertNull(cpu(1).next()); // it had asked for another one
            assertEquals(0, node(workqueue, 0).active());
        }
    }

    /** G31: the end of an item that runs elsewhere frees no slot before it is over. */
    @Test
    void an_item_that_waits_for_its_own_run_holds_no_slot() {
        Workqueue workqueue = strict(1);
        Workqueue other = add(runtime.workqueue("other").unbound().affinity(Affinity.CPU).strict());
        Item item = new Item(work -> {});
        other.queueOn(1, item);
        HandDriven.Started run = cpu(1).next();
        workqueue.queueOn(0, item);
        assertNull(cpu(0).next());
        assertEquals(0, node(workqueue, 0).active());
        List<Item> behind = queue(workqueue, 0, 1);
        List<HandDriven.Started> active = new ArrayList<>();
        assertEquals(behind, cpu(0).startAll(active));
        run.end();
        assertNull(cpu(0).next()); // the slot is taken now
        active.removeFirst().end();
        assertEquals(List.of(item), cpu(0).startAll(active));
        active.removeFirst().end();
    }

    /** G36, R48: raised, the parked ones start in order, round robin; lowered, nothing is touched. */
    @Test
    void a_limit_that_is_raised_is_filled_in_order() {
        Workqueue workqueue = strict(1);
        List<HandDriven.Started> active = new ArrayList<>();
        List<Item> first = queue(workqueue, 0, 6);
        assertEquals(first.subList(0, 1), cpu(0).startAll(active));
        List<Item> second = queue(workqueue, 1, 6);
        assertNull(cpu(1).next());
        workqueue.setMaxActive(8); // six for the first node
        for (int round = 0; round < 6; round++) {
            cpu(0).startAll(active);
            cpu(1).startAll(active);
        }
        assertEquals(6, active.size());
        List<Work> started = active.stream().map(HandDriven.Started::item).toList();
        List<Work> ofFirst = started.stream().filter(first::contains).toList();
        List<Work> ofSecond = started.stream().filter(second::contains).toList();
        assertEquals(first.subList(0, ofFirst.size()), ofFirst);
        assertEquals(second.subList(0, ofSecond.size()), ofSecond);
        assertFalse(ofSecond.isEmpty()); // it had asked before the limit was raised
        workqueue.setMaxActive(1);
        assertEquals(6, node(workqueue, 0).active());
        for (int i = 0; i < 5; i++) {
            active.removeFirst().end();
            assertNull(cpu(0).next());
            assertNull(cpu(1).next());
        }
        active.removeFirst().end();
        cpu(0).startAll(active);
        cpu(1).startAll(active);
        assertEquals(1, active.size());
        active.removeFirst().end();
    }

    /** A41, G33: the minimum counts at once. */
    @Test
    void a_minimum_that_is_raised_starts_what_waits() {
        Workqueue workqueue = strict(4);
        List<HandDriven.Started> active = new ArrayList<>();
        List<Item> items = queue(workqueue, 3, 4);
        assertEquals(items.subList(0, 1), cpu(3).startAll(active));
        workqueue.setMinActive(3);
        assertEquals(items.subList(1, 3), cpu(3).startAll(active));
        workqueue.setMinActive(0);
        assertEquals(1, node(workqueue, 3).limit());
        active.forEach(HandDriven.Started::end);
    }

    /** R44, under load: a slot never stays free while somebody waits for it. */
    @Test
    void no_slot_is_stranded() {
        NodeLimit limit = new NodeLimit(() -> 1, 4);
        WorkRuntime nobodys = HandDriven.runtime(FakeMachine.of(2)); // its pods are stirred, and nobody looks
        Workqueue workqueue = nobodys.workqueue("strict").unbound().affinity(Affinity.CPU).strict().build();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        // two holders of pods: each takes the slot or gets into the line, and returns it when it comes by it
        TestThreads.together(2, thread -> {
            PodShare share = new PodShare(workqueue, ((PodShare) workqueue.allShares().get(thread)).poolNow(), limit);
            share.inactive.addLast(new Item(work -> {})); // something waits there, so that it is runnable when granted
            for (int i = 0; i < 20_000; i++) {
                if (!limit.tryTake()) {
                    limit.await(share);
                    long deadline = System.nanoTime() + Await.DEADLINE.toNanos();
                    while (!share.isRunnable()) {
                        assertTrue(System.nanoTime() - deadline < 0, "a slot is stranded");
                        Thread.onSpinWait();
                    }
                    assertTrue(share.takeSlot());
                }
                if (inside.incrementAndGet() > 1) {
                    overlaps.incrementAndGet();
                }
                inside.decrementAndGet();
                limit.release();
            }
        });
        assertEquals(0, overlaps.get());
        assertEquals(0, limit.active());
    }

    /**
     * R48: of two threads that changed the limit at once, the one that had asked first what it is to be could be last
     * to set it, and the limit in force was not the one told.
     */
    @Test
    void a_limit_that_was_changed_meanwhile_is_not_set_back() {
        AtomicInteger wanted = new AtomicInteger(1);
        AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
        NodeLimit limit = new NodeLimit(() -> {
            int now = wanted.get();
            meanwhile.getAndSet(() -> {}).run();
            return now;
        }, 2);
        AtomicReference<TestThreads.Started> other = new AtomicReference<>();
        wanted.set(5);
        meanwhile.set(() -> {
            wanted.set(10);
            other.set(TestThreads.start(limit::limitChanged));
            Await.until("the other thread is done, or waits for this one",
                    () -> other.get().isDone() || other.get().thread.getState() == Thread.State.BLOCKED);
        });
        limit.limitChanged();
        other.get().join();
        assertEquals(10, limit.limit());
    }
}
