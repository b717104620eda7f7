// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attributes of unbound workqueues, changed while items flow (A43, G19). */
@Timeout(60)
class AttributesTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private WorkRuntime machine(int cpus) {
        return runtimes.start(RuntimeExtension.builder().topology(FakeMachine.of(cpus)));
    }

    private Workqueue unbound(WorkRuntime runtime) {
        return runtimes.queue(runtime.workqueue("changing").unbound());
    }

    @Test
    void what_is_queued_from_now_on_goes_by_the_new_ones() {
        WorkRuntime runtime = machine(4);
        Workqueue workqueue = unbound(runtime);
        for (int cpu = 0; cpu < 4; cpu++) {
            Attributes attributes = Attributes.of(Affinity.CPU).withCpus(cpu).strictly();
            workqueue.apply(attributes);
            assertEquals(attributes, workqueue.attributes());
            Set<Integer> seen = ConcurrentHashMap.newKeySet();
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                items.add(runtimes.item(work -> seen.add(FakeMachine.bookedCpu())));
                workqueue.queueOn(i % 4, items.getLast());
            }
            items.forEach(Work::flush);
            assertEquals(Set.of(cpu), seen);
        }
    }

    /** A43: what was queued before runs by the old ones, and is not lost. */
    @Test
    void what_was_queued_before_runs_by_the_old_ones() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict().topology(FakeMachine.of(2)));
        Workqueue workqueue = runtimes.queue(
                runtime.workqueue("u").unbound().affinity(Affinity.CPU).strict().cpus(0).maxActive(1));
        Gate gate = runtimes.gate();
        Set<Integer> seen = ConcurrentHashMap.newKeySet();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            items.add(runtimes.item(work -> {
                gate.pass();
                seen.add(FakeMachine.bookedCpu());
            }));
            workqueue.queue(items.getLast());
        }
        Await.until("one runs", () -> items.getFirst().isRunning());
        workqueue.apply(Attributes.of(Affinity.CPU).withCpus(1).strictly());
        Item late = runtimes.item(work -> assertEquals(1, FakeMachine.bookedCpu()));
        workqueue.queue(late);
        gate.open();
        items.forEach(Work::flush);
        late.flush();
        assertEquals(Set.of(0), seen);
    }

    /** A43: an item that goes on queueing itself may stay where it is; it ends all the same. */
    @Test
    void an_item_that_queues_itself_outlives_a_change() {
        WorkRuntime runtime = machine(3);
        Workqueue workqueue = unbound(runtime);
        Gate over = runtimes.gate();
        Item self = runtimes.item(work -> {
            if (!over.isOpen()) {
                workqueue.queue(work);
            }
        });
        workqueue.queue(self);
        for (Affinity scope : Affinity.values()) {
            workqueue.apply(Attributes.of(scope).strictly());
            int runs = self.runs();
            Await.until("it goes on", () -> self.runs() > runs + 10);
        }
        over.open();
        self.flush();
    }

    /** A43: all or nothing. */
    @Test
    void attributes_that_are_refused_change_nothing() {
        WorkRuntime runtime = machine(2);
        Workqueue workqueue = unbound(runtime);
        Attributes before = workqueue.attributes();
        Attributes nowhere = before.withCpus(17);
        assertThrows(IllegalArgumentException.class, () -> workqueue.apply(nowhere));
        assertEquals(before, workqueue.attributes());
        int shares = workqueue.allShares().size();
        Item item = runtimes.item();
        workqueue.queue(item);
        item.flush();
        assertEquals(shares, workqueue.allShares().size());
    }

    /** A43: also where the last share is what cannot be had; it said so and had taken the attributes for all that. */
    @Test
    void attributes_for_which_there_is_no_share_left_change_nothing() {
        WorkRuntime runtime = HandDriven.runtime(FakeMachine.of(11));
        Workqueue workqueue = runtime.workqueue("restless").unbound().affinity(Affinity.SYSTEM).cpus(0).build();
        Attributes before = workqueue.attributes();
        boolean isRefused = false;
        for (int mask = 2; !isRefused; mask++) {
            BitSet cpus = BitSet.valueOf(new long[] {mask});
            Attributes next = Attributes.of(Affinity.SYSTEM).withCpus(cpus.stream().toArray());
            try {
                workqueue.apply(next);
                before = next;
            } catch (IllegalStateException e) {
                isRefused = true;
            }
        }
        assertEquals(NodeLimits.MAX_SHARES, workqueue.allShares().size());
        assertEquals(before, workqueue.attributes());
        Item item = new Item(work -> {});
        workqueue.queue(item);
        HandDriven.close(runtime);
        assertEquals(1, item.runs());
    }

    /** G78, A43: a CPU that came or went at the same time brought the attributes of before back. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void attributes_stay_while_cpus_come_and_go(boolean isOrdered) {
        WorkRuntime runtime = machine(4);
        Workqueue.Builder builder = runtime.workqueue("u");
        Workqueue workqueue = runtimes.queue(isOrdered ? builder.ordered() : builder.unbound());
        Gate over = runtimes.gate();
        TestThreads.Started switcher = TestThreads.start(() -> {
            while (!over.isOpen()) {
                runtime.cpuOffline(3);
                runtime.cpuOnline(3);
            }
        });
        for (int i = 0; i < 600; i++) {
            Attributes attributes = Attributes.of(Affinity.values()[i % Affinity.values().length]);
            workqueue.apply(attributes);
            Thread.yield();
            assertEquals(attributes, workqueue.attributes());
        }
        over.open();
        switcher.join();
    }

    /** The limit is one for all pods there have been, old and new: of one node, that is. */
    @Test
    void the_limit_counts_over_a_change() {
        WorkRuntime runtime = machine(2);
        Workqueue workqueue = runtimes.queue(runtime.workqueue("u").unbound().maxActive(2));
        Gate gate = runtimes.gate();
        AtomicInteger started = new AtomicInteger();
        for (Affinity scope : List.of(Affinity.SYSTEM, Affinity.CPU, Affinity.CACHE)) {
            workqueue.apply(Attributes.of(scope));
            for (int i = 0; i < 3; i++) {
                workqueue.queueOn(i % 2, runtimes.item(work -> {
                    started.incrementAndGet();
                    gate.pass();
                }));
            }
        }
        Await.until("two run", () -> started.get() == 2);
        Await.never("more run", () -> started.get() > 2);
        gate.open();
        workqueue.flush();
        assertEquals(9, started.get());
    }

    /** R48, R56: under load, with flushes: nothing is lost or run twice. */
    @Test
    void attributes_that_change_all_the_time_lose_nothing() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().topology(FakeMachine.nodes(2, 2)));
        Workqueue workqueue = runtimes.queue(runtime.workqueue("u").unbound().maxActive(3).minActive(1));
        Gate over = runtimes.gate();
        TestThreads.Started changer = TestThreads.start(() -> {
            for (int i = 0; !over.isOpen(); i++) {
                Attributes attributes = Attributes.of(Affinity.values()[i % Affinity.values().length]);
                attributes = i % 2 == 0 ? attributes : attributes.strictly();
                workqueue.apply(i % 3 == 0 ? attributes.withCpus(i % 4, (i + 1) % 4) : attributes);
                Thread.yield();
            }
        });
        TestThreads.together(2, thread -> {
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 2_000; i++) {
                boolean sleeps = i % 50 == 0;
                items.add(runtimes.item(work -> {
                    if (sleeps) {
                        Thread.sleep(0, 100_000);
                    }
                }));
                workqueue.queueOn((i + thread) % 4, items.getLast());
                if (i % 250 == 249) {
                    workqueue.flush();
                    assertTrue(items.stream().allMatch(item -> item.runs() == 1), "a flush has missed some");
                }
            }
            items.forEach(Work::flush);
            assertTrue(items.stream().allMatch(item -> item.runs() == 1));
        });
        over.open();
        changer.join();
    }
}
