// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits that change while items wait and run (G36, A40, A41, R48). */
@Timeout(60)
class LimitChangeTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private Workqueue queue(WorkRuntime runtime, boolean isUnbound, int limit) {
        Workqueue.Builder builder = runtime.workqueue("changing").maxActive(limit);
        return runtimes.queue(isUnbound ? builder.unbound().minActive(0) : builder);
    }

    private WorkRuntime oneCpu() {
        return runtimes.start(RuntimeExtension.strict().topology(FakeMachine.of(1)));
    }

    /** G36: raised, the parked ones start at once and in order; lowered, nothing is touched. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void raised_it_starts_what_waits_and_lowered_it_touches_nothing(boolean isUnbound) {
        WorkRuntime runtime = oneCpu();
        Workqueue workqueue = queue(runtime, isUnbound, 2);
        ConcurrentLinkedQueue<Integer> started = new ConcurrentLinkedQueue<>();
        List<Gate> gates = new ArrayList<>();
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int number = i;
            Gate gate = runtimes.gate();
            gates.add(gate);
            all.add(i);
            workqueue.queue(runtimes.item(work -> {
                started.add(number);
                gate.pass();
            }));
        }
        Await.until("two run", () -> started.size() == 2);
        workqueue.setMaxActive(6);
        assertEquals(6, workqueue.maxActive());
        Await.until("six run", () -> started.size() == 6);
        Await.never("more run", () -> started.size() > 6);
        workqueue.setMaxActive(1);
        for (int i = 0; i < 5; i++) {
            gates.get(i).open();
        }
        Await.never("one starts though one is active", () -> started.size() > 6);
        gates.get(5).open();
        Await.until("the next one runs", () -> started.size() == 7);
        Await.never("one more runs", () -> started.size() > 7);
        workqueue.setMaxActive(2048);
        Await.until("all run", () -> started.size() == 12);
        if (TestMode.isCarrier()) {
            assertEquals(all, List.copyOf(started));
        }
    }

    /** A40: by a handler, for its own workqueue. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_handler_may_change_the_limit_of_its_own_workqueue(boolean isUnbound) {
        WorkRuntime runtime = oneCpu();
        Workqueue workqueue = queue(runtime, isUnbound, 1);
        Item second = runtimes.item();
        Gate gate = runtimes.gate();
        Item first = runtimes.item(work -> {
            gate.pass();
            workqueue.setMaxActive(2);
            second.flush();
        });
        workqueue.queue(first);
        workqueue.queue(second);
        gate.open();
        first.flush();
        assertEquals(1, second.runs());
    }

    /** R48: under load no instance is lost, and none is over the highest limit that there was. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void limits_that_change_all_the_time_lose_nothing(boolean isUnbound) {
        int highest = 8;
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().topology(FakeMachine.nodes(2, 1)));
        Workqueue workqueue = queue(runtime, isUnbound, highest);
        AtomicInteger active = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Gate over = runtimes.gate();
        TestThreads.Started changer = TestThreads.start(() -> {
            while (!over.isOpen()) {
                workqueue.setMaxActive(ThreadLocalRandom.current().nextInt(1, highest + 1));
                if (isUnbound) {
                    try {
                        workqueue.setMinActive(ThreadLocalRandom.current().nextInt(0, workqueue.maxActive() + 1));
                    } catch (IllegalArgumentException e) {
                        throw new AssertionError(e); // nobody else changes the limit
                    }
                }
                Thread.yield();
            }
        });
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            boolean sleeps = i % 20 == 0;
            items.add(runtimes.item(work -> {
                most.accumulateAndGet(active.incrementAndGet(), Math::max);
                if (sleeps) {
                    Thread.sleep(0, 100_000);
                }
                active.decrementAndGet();
            }));
            workqueue.queueOn(i % 3, items.getLast());
        }
        items.forEach(Work::flush);
        over.open();
        changer.join();
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
        int bound = isUnbound ? 2 * highest : 3 * highest; // two nodes, three CPUs
        assertTrue(most.get() <= bound, () -> most + " at a time");
    }

    /** A41, G34: a minimum that is raised starts what waits. */
    @Test
    void a_minimum_that_is_raised_starts_what_waits() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict().topology(FakeMachine.nodes(3, 1)));
        Workqueue workqueue = runtimes.queue(
                runtime.workqueue("u").unbound().affinity(Affinity.NUMA).maxActive(4).minActive(0));
        Gate gate = runtimes.gate();
        AtomicInteger started = new AtomicInteger();
        for (int i = 0; i < 6; i++) {
            workqueue.queueOn(3, runtimes.item(work -> {
                started.incrementAndGet();
                gate.pass();
            }));
        }
        Await.until("one runs", () -> started.get() == 1);
        Await.never("another one starts", () -> started.get() > 1);
        workqueue.setMinActive(3);
        Await.until("three run", () -> started.get() == 3);
        Await.never("another one starts", () -> started.get() > 3);
        gate.open();
    }

    /** G34: so many may wait for each other, on each node, however small its share is. */
    @Test
    void min_active_items_of_a_node_may_wait_for_each_other() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().topology(FakeMachine.nodes(3, 1)));
        Workqueue workqueue =
                runtimes.queue(runtime.workqueue("u").unbound().affinity(Affinity.NUMA).maxActive(8));
        assertEquals(8, workqueue.minActive());
        List<Gate> gates = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            gates.add(runtimes.gate());
        }
        gates.getLast().open();
        for (int i = 0; i < 8; i++) {
            Gate own = gates.get(i);
            Gate next = gates.get(i + 1);
            workqueue.queueOn(3, runtimes.item(work -> {
                next.pass();
                own.open();
            }));
        }
        workqueue.flush();
        assertTrue(gates.getFirst().isOpen());
    }
}
