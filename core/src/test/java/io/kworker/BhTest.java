// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Items that run before all others, one at a time on each CPU (G73 to G75, G38). */
@Timeout(60)
class BhTest {
    /** BH items in a row (G74). */
    private static final int BUDGET = 10;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();

    private Item named(String name) {
        return runtimes.item(work -> order.add(name));
    }

    /** G73, G74: before high priority, which goes before normal. */
    @Test
    void bh_items_start_before_all_others_in_queueing_order() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        List<Item> items = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (Workqueue workqueue : List.of(runtime.system(), runtime.systemHighpri(), runtime.systemBh(),
                runtime.systemBhHighpri())) {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < BUDGET; i++) {
                names.add(workqueue.name() + " " + i);
                items.add(named(names.getLast()));
                workqueue.queue(items.getLast());
            }
            expected.addAll(0, names);
        }
        gate.open();
        items.forEach(Work::flush);
        assertEquals(expected, List.copyOf(order));
    }

    /** G74, G38: strictly serial on a CPU, over workqueues too, and any number of them may wait. */
    @Test
    void bh_items_of_a_cpu_run_one_at_a_time() {
        WorkRuntime runtime = runtimes.runtime();
        List<Workqueue> workqueues =
                List.of(runtime.systemBh(), runtimes.queue(runtime.workqueue("bh").bh()));
        int[] cpus = runtime.cpus();
        AtomicBoolean[] inside = new AtomicBoolean[cpus.length];
        AtomicInteger overlaps = new AtomicInteger();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < cpus.length; i++) {
            inside[i] = new AtomicBoolean();
        }
        for (int i = 0; i < 3_000; i++) {
            int index = i % cpus.length;
            items.add(runtimes.item(work -> {
                if (!inside[index].compareAndSet(false, true)) {
                    overlaps.incrementAndGet();
                }
                assertEquals(cpus[index], FakeMachine.bookedCpu());
                Thread.onSpinWait();
                inside[index].set(false);
            }));
            workqueues.get(i / cpus.length % 2).queueOn(cpus[index], items.getLast());
        }
        items.forEach(Work::flush);
        assertEquals(0, overlaps.get());
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
    }

    /** G74: after its budget the other lanes have a turn, under an endless stream too. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void an_endless_bh_stream_does_not_starve_the_others(boolean isHighpri) {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue bh = isHighpri ? runtime.systemBhHighpri() : runtime.systemBh();
        Gate enough = runtimes.gate();
        Item stream = runtimes.item(work -> {
            if (!enough.isOpen()) {
                bh.queue(work);
            }
        });
        bh.queue(stream);
        for (Workqueue workqueue : List.of(runtime.system(), runtime.systemHighpri(), runtime.systemUnbound(),
                isHighpri ? runtime.systemBh() : runtime.systemBhHighpri())) {
            for (int i = 0; i < 5; i++) {
                Item item = runtimes.item();
                workqueue.queue(item);
                item.flush();
                assertEquals(1, item.runs());
            }
        }
        assertTrue(stream.runs() > 0);
        enough.open();
        stream.flush();
    }

    /** The budget to the item, on a CPU driven by hand. */
    @Test
    void after_ten_of_them_a_normal_item_has_a_turn() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven hand = HandDriven.of(runtime);
        List<Item> urgent = new ArrayList<>();
        List<Item> normal = new ArrayList<>();
        for (int i = 0; i < 2 * BUDGET + 5; i++) {
            urgent.add(new Item(work -> {}));
            runtime.systemBh().queue(urgent.getLast());
        }
        for (int i = 0; i < 4; i++) {
            normal.add(new Item(work -> {}));
            runtime.system().queue(normal.getLast());
        }
        List<Work> expected = new ArrayList<>(urgent.subList(0, BUDGET));
        expected.add(normal.get(0));
        expected.addAll(urgent.subList(BUDGET, 2 * BUDGET));
        expected.add(normal.get(1));
        expected.addAll(urgent.subList(2 * BUDGET, urgent.size()));
        expected.addAll(normal.subList(2, 4));
        assertEquals(expected, hand.runAll());
        hand.close();
    }

    /** J7: the CPU goes on while a handler blocks that must not; the BH items behind it wait (G74). */
    @Test
    void a_bh_handler_that_blocks_holds_up_its_lane_and_not_its_cpu() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        Item blocked = runtimes.item(work -> gate.pass());
        Item next = runtimes.item();
        runtime.systemBh().queue(blocked);
        runtime.systemBh().queue(next);
        for (Workqueue workqueue : List.of(runtime.system(), runtime.systemHighpri(), runtime.systemUnbound(),
                runtime.systemBhHighpri())) {
            Item item = runtimes.item();
            workqueue.queue(item);
            item.flush();
        }
        assertTrue(blocked.isRunning());
        Await.never("the next BH item starts beside it", () -> next.runs() > 0);
        gate.open();
        next.flush();
    }

    /** G74, after a take-over: the CPU goes on, the lane stays serial. */
    @Test
    void a_bh_handler_that_burns_for_long_keeps_its_lane() {
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.gate();
        Item hog = runtimes.item(work -> gate.burn());
        Item next = runtimes.item();
        runtime.systemBh().queue(hog);
        runtime.systemBh().queue(next);
        Item normal = runtimes.item();
        runtime.system().queue(normal);
        normal.flush(); // its CPU was taken from the hog
        assertTrue(hog.isRunning());
        Await.never("the next BH item starts beside it", () -> next.runs() > 0);
        gate.open();
        next.flush();
    }

    /** G75: it waits without blocking, so that no BH item comes between. */
    @Test
    void cancel_sync_in_a_bh_handler_does_not_block() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        int first = RuntimeExtension.firstCpu();
        int last = RuntimeExtension.lastCpu();
        for (int round = 0; round < 20; round++) {
            Item target = runtimes.item(work -> {
                long end = System.nanoTime() + 200_000;
                while (System.nanoTime() - end < 0) {
                    Thread.onSpinWait();
                }
            });
            AtomicInteger others = new AtomicInteger();
            AtomicInteger before = new AtomicInteger(-1);
            AtomicInteger after = new AtomicInteger(-2);
            AtomicBoolean isOver = new AtomicBoolean();
            Item other = runtimes.item(work -> others.incrementAndGet());
            Item canceller = runtimes.item(work -> {
                runtime.system().queueOn(first, other); // would run if this handler blocked
                before.set(others.get());
                target.cancelSync();
                isOver.set(!target.isBusy());
                after.set(others.get());
            });
            if (first != last) {
                runtime.systemBh().queueOn(last, target);
                Await.until("it runs", () -> target.runs() > 0);
            } else {
                runtime.systemBh().queue(target);
            }
            runtime.systemBh().queueOn(first, canceller);
            canceller.flush();
            assertTrue(isOver.get());
            assertEquals(before.get(), after.get());
            other.flush();
        }
    }

    /** G75, G62: and it takes back what has not started. */
    @Test
    void a_bh_item_can_be_cancelled_disabled_and_flushed() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        Workqueue bh = runtime.systemBh();
        assertTrue(bh.queue(item));
        assertTrue(item.cancelSync());
        assertTrue(bh.queue(item));
        assertTrue(item.disableSync());
        assertFalse(bh.queue(item));
        assertTrue(item.enable());
        assertTrue(bh.queue(item));
        gate.open();
        item.flush();
        assertEquals(1, item.runs());
        bh.flush();
    }

    /** G38: two thousand and more are no limit. */
    @Test
    void any_number_of_bh_items_is_taken() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 3 * Workqueue.MAX_ACTIVE_LIMIT; i++) {
            items.add(runtimes.item());
            runtime.systemBh().queue(items.getLast());
        }
        assertFalse(runtime.systemBh().isCongested(RuntimeExtension.firstCpu()));
        gate.open();
        items.forEach(Work::flush);
        assertFalse(runtime.systemBh().isCongested(RuntimeExtension.firstCpu()));
    }

    /** G13, J1: thrown between the lanes, an item never overlaps itself, and an instance is never lost. */
    @Test
    void an_item_thrown_between_the_lanes_runs_once_for_each_queueing() {
        WorkRuntime runtime = runtimes.runtime();
        List<Workqueue> lanes = List.of(runtime.system(), runtime.systemHighpri(), runtime.systemBh(),
                runtime.systemBhHighpri(), runtime.systemUnbound());
        AtomicInteger accepted = new AtomicInteger();
        Item item = runtimes.item(work -> Thread.onSpinWait());
        TestThreads.together(2, thread -> {
            for (int i = 0; i < 5_000; i++) {
                if (lanes.get((i + thread) % lanes.size()).queue(item)) {
                    accepted.incrementAndGet();
                }
            }
        });
        item.flush();
        assertEquals(accepted.get(), item.runs());
    }
}
