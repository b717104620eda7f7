// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Items bound to no CPU: where they run (G19), how many at once (G25, G33), in which order (G20, G35). */
@Timeout(60)
class UnboundTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();

    /** CPUs that are not there, and never taken from a handler. */
    private WorkRuntime machine(Topology topology) {
        return runtimes.start(RuntimeExtension.strict().topology(topology));
    }

    private Workqueue unbound(WorkRuntime runtime, int limit) {
        return runtimes.queue(runtime.workqueue("unbound").unbound().maxActive(limit));
    }

    /** G19, G25: other CPUs take what the queuer's CPU has no time for. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void they_run_while_the_queuers_cpu_is_kept_busy(boolean isHighpri) {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "one of two handlers burns");
        WorkRuntime runtime = machine(FakeMachine.of(3));
        Workqueue.Builder builder = runtime.workqueue("unbound").unbound();
        Workqueue workqueue = runtimes.queue(isHighpri ? builder.highpri() : builder);
        for (int round = 0; round < 10; round++) {
            Gate gate = runtimes.gate();
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                items.add(runtimes.item());
            }
            Item busy = runtimes.item(work -> {
                items.forEach(workqueue::queue);
                gate.burn();
            });
            runtime.system().queueOn(round % 3, busy);
            Await.until("all have run", () -> items.stream().allMatch(item -> item.runs() == 1));
            assertTrue(busy.isRunning());
            gate.open();
            busy.flush();
        }
    }

    /** The same, one item after another, from a thread that is none of ours, while all CPUs but one are busy. */
    @Test
    void the_only_cpu_that_is_free_finds_them() {
        WorkRuntime runtime = machine(FakeMachine.of(4));
        assumeTrue(TestMode.isCarrier() || Runtime.getRuntime().availableProcessors() > 1, "one handler burns");
        int busy = TestMode.isCarrier() ? 3 : 1; // in the fallback they burn the threads of the JDK
        Workqueue workqueue = unbound(runtime, 100);
        for (int free = 0; free < 4; free++) {
            List<Gate> gates = new ArrayList<>();
            for (int i = 1; i <= busy; i++) {
                gates.add(runtimes.occupy(runtime.system(), (free + i) % 4));
            }
            for (int i = 0; i < 20; i++) {
                Item item = runtimes.item();
                workqueue.queueOn(i % 4, item);
                item.flush();
            }
            gates.forEach(Gate::open);
            runtime.system().flush();
        }
    }

    /** G25: each start sees to the next, on CPUs that sleep: so many burn at once as there are CPUs. */
    @Test
    void as_many_burn_at_once_as_there_are_cpus() {
        int cpus = TestMode.isCarrier() ? 4 : Math.min(4, Runtime.getRuntime().availableProcessors());
        WorkRuntime runtime = machine(FakeMachine.of(4));
        Workqueue workqueue = unbound(runtime, 100);
        for (int round = 0; round < 20; round++) {
            AtomicInteger inside = new AtomicInteger();
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < cpus; i++) {
                items.add(runtimes.item(work -> {
                    inside.incrementAndGet();
                    while (inside.get() < cpus) {
                        Thread.onSpinWait();
                    }
                }));
            }
            items.forEach(item -> workqueue.queueOn(0, item));
            items.forEach(Work::flush);
        }
    }

    /** G25, G31: sleepers, on one CPU as on many, up to the limit and no further. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void concurrency_ramps_up_to_the_limit_over_all_cpus(int cpus) {
        int limit = 30;
        WorkRuntime runtime = machine(FakeMachine.of(cpus));
        Workqueue workqueue = unbound(runtime, limit);
        Gate gate = runtimes.gate();
        AtomicInteger started = new AtomicInteger();
        for (int i = 0; i < limit + 20; i++) {
            workqueue.queueOn(i % cpus, runtimes.item(work -> {
                started.incrementAndGet();
                gate.pass();
            }));
        }
        Await.until("all slots are taken", () -> started.get() == limit);
        Await.never("more items start than there are slots", () -> started.get() > limit);
        gate.open();
        workqueue.flush();
        assertEquals(limit + 20, started.get());
    }

    /** G32 against G33: the same limit, for each CPU and for all. */
    @Test
    void a_limit_is_per_cpu_where_bound_and_for_all_where_unbound() {
        WorkRuntime runtime = machine(FakeMachine.of(3));
        Workqueue bound = runtimes.queue(runtime, "bound", 2);
        Workqueue unbound = unbound(runtime, 2);
        Gate gate = runtimes.gate();
        AtomicInteger ofBound = new AtomicInteger();
        AtomicInteger ofUnbound = new AtomicInteger();
        for (int i = 0; i < 12; i++) {
            bound.queueOn(i % 3, runtimes.item(work -> {
                ofBound.incrementAndGet();
                gate.pass();
            }));
            unbound.queueOn(i % 3, runtimes.item(work -> {
                ofUnbound.incrementAndGet();
                gate.pass();
            }));
        }
        Await.until("all slots are taken", () -> ofBound.get() == 6 && ofUnbound.get() == 2);
        Await.never("more items start than there are slots", () -> ofBound.get() > 6 || ofUnbound.get() > 2);
        gate.open();
    }

    /** G33: node by node, with three CPUs and one. */
    @Test
    void each_node_has_its_share_of_the_limit() {
        WorkRuntime runtime = machine(FakeMachine.nodes(3, 1));
        Workqueue workqueue = runtimes.queue(
                runtime.workqueue("u").unbound().affinity(Affinity.NUMA).maxActive(10).minActive(1));
        Gate gate = runtimes.gate();
        AtomicInteger[] started = {new AtomicInteger(), new AtomicInteger()};
        for (int i = 0; i < 40; i++) {
            int node = i % 2;
            workqueue.queueOn(node == 0 ? i % 3 : 3, runtimes.item(work -> {
                started[node].incrementAndGet();
                gate.pass();
            }));
        }
        Await.until("all slots are taken", () -> started[0].get() == 8 && started[1].get() == 3);
        Await.never("more items start than there are slots", () -> started[0].get() + started[1].get() > 11);
        gate.open();
    }

    /** A83: strict means never elsewhere, however busy the CPU is. */
    @Test
    void strict_pods_keep_to_their_cpus() {
        WorkRuntime runtime = machine(FakeMachine.of(3));
        Workqueue workqueue =
                runtimes.queue(runtime.workqueue("strict").unbound().affinity(Affinity.CPU).strict());
        ConcurrentLinkedQueue<Integer> wrong = new ConcurrentLinkedQueue<>();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            int cpu = i % 3;
            items.add(runtimes.item(work -> {
                if (FakeMachine.bookedCpu() != cpu) {
                    wrong.add(cpu);
                }
                if (((Item) work).runs() == 1) {
                    Thread.sleep(0, 10_000);
                }
            }));
            workqueue.queueOn(cpu, items.getLast());
        }
        items.forEach(Work::flush);
        assertEquals(List.of(), List.copyOf(wrong));
    }

    /** A83: what is strict waits for its busy CPU, what is not does not. */
    @Test
    @CarrierOnly
    void non_strict_pods_are_helped() {
        WorkRuntime runtime = machine(FakeMachine.of(2));
        Workqueue strict = runtimes.queue(runtime.workqueue("strict").unbound().affinity(Affinity.CPU).strict());
        Workqueue loose = runtimes.queue(runtime.workqueue("loose").unbound().affinity(Affinity.CPU));
        Gate gate = runtimes.occupy(runtime.system(), 0);
        Item patient = runtimes.item();
        Item helped = runtimes.item(work -> assertEquals(1, FakeMachine.bookedCpu()));
        strict.queueOn(0, patient);
        loose.queueOn(0, helped);
        helped.flush();
        Await.never("another CPU serves a strict pod", () -> patient.runs() > 0);
        gate.open();
        patient.flush();
    }

    /** A43: of the CPUs of a workqueue only. */
    @Test
    void they_run_on_the_cpus_of_their_workqueue() {
        WorkRuntime runtime = machine(FakeMachine.of(4));
        for (Affinity scope : Affinity.values()) {
            Workqueue workqueue = runtimes.queue(runtime.workqueue("two").unbound().affinity(scope).cpus(1, 3));
            Set<Integer> seen = ConcurrentHashMap.newKeySet();
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                items.add(runtimes.item(work -> seen.add(FakeMachine.bookedCpu())));
                workqueue.queueOn(i % 4, items.getLast());
            }
            items.forEach(Work::flush);
            assertTrue(Set.of(1, 3).containsAll(seen), seen::toString);
        }
    }

    /** A12: on a CPU of the node. */
    @Test
    void queue_on_node_queues_to_a_pod_of_the_node() {
        WorkRuntime runtime = machine(FakeMachine.nodes(2, 2));
        Workqueue workqueue = runtimes.queue(runtime.workqueue("u").unbound().affinity(Affinity.NUMA).strict());
        for (int node : new int[] {0, 1, 1, 0}) {
            AtomicInteger seen = new AtomicInteger();
            Item item = runtimes.item(work -> seen.set(FakeMachine.bookedCpu() / 2));
            assertTrue(workqueue.queueOnNode(node, item));
            item.flush();
            assertEquals(node, seen.get());
        }
        Item item = runtimes.item();
        assertTrue(workqueue.queueOnNode(7, item)); // there is none: as queue()
        item.flush();
        Workqueue bound = runtime.system();
        assertThrows(IllegalStateException.class, () -> bound.queueOnNode(0, item));
    }

    /** G20: with one server starts are in order, and what is over the limit parks in order (G35). */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 2048})
    void items_of_a_pod_start_in_the_order_in_which_they_were_queued(int limit) {
        WorkRuntime runtime = machine(FakeMachine.of(1));
        Workqueue workqueue = unbound(runtime, limit);
        List<Item> items = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            String name = "item " + i;
            boolean sleeps = i % 50 == 0;
            expected.add(name);
            items.add(runtimes.item(work -> {
                order.add(name);
                if (sleeps && TestMode.isCarrier()) {
                    Thread.sleep(0, 200_000);
                }
            }));
        }
        items.forEach(workqueue::queue);
        items.forEach(Work::flush);
        if (TestMode.isCarrier() || limit == 1) { // else handlers run beside each other from their first line on
            assertEquals(expected, List.copyOf(order));
        }
    }

    /** G13, G42: its next instance goes where it runs, and waits. */
    @Test
    void an_item_that_queues_itself_never_runs_beside_itself() {
        WorkRuntime runtime = machine(FakeMachine.of(4));
        Workqueue workqueue = unbound(runtime, 100);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            items.add(runtimes.item(work -> {
                if (((Item) work).runs() < 500) {
                    workqueue.queueOn(((Item) work).runs() % 4, work);
                }
            }));
        }
        items.forEach(workqueue::queue);
        workqueue.drain();
        items.forEach(item -> assertEquals(500, item.runs()));
    }

    /** G31, under load from all sides: never more at once than the limit, and all of them in the end. */
    @ParameterizedTest
    @EnumSource(Affinity.class)
    void no_more_items_are_active_than_the_limit_says(Affinity scope) {
        int limit = 3;
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().topology(FakeMachine.of(4)));
        Workqueue workqueue = runtimes.queue(runtime.workqueue("u").unbound().affinity(scope).maxActive(limit));
        AtomicInteger active = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ConcurrentLinkedQueue<Item> items = new ConcurrentLinkedQueue<>();
        TestThreads.together(2, thread -> {
            for (int i = 0; i < 500; i++) {
                boolean sleeps = i % 10 == 0;
                Item item = runtimes.item(work -> {
                    most.accumulateAndGet(active.incrementAndGet(), Math::max);
                    if (sleeps) {
                        Thread.sleep(0, 100_000);
                    }
                    active.decrementAndGet();
                });
                items.add(item);
                workqueue.queueOn(i % 4, item);
            }
        });
        items.forEach(Work::flush);
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
        assertTrue(most.get() <= limit, () -> most + " at a time");
    }

    /** No wake-up is lost: items come one by one, while CPUs fall asleep and wake. */
    @Test
    void items_that_come_seldom_find_a_cpu() {
        WorkRuntime runtime = runtimes.start(
                RuntimeExtension.strict().topology(FakeMachine.of(3))
                        .spinBeforePark(Duration.ofNanos(1_000)));
        Workqueue workqueue = unbound(runtime, 100);
        TestThreads.together(2, thread -> {
            for (int i = 0; i < 1_500; i++) {
                Item item = runtimes.item();
                workqueue.queueOn((i + thread) % 3, item);
                item.flush();
            }
        });
    }

    /** G19, G25: sixty-four CPUs, of which each serves all pods of its workqueue. */
    @Test
    void sixty_four_cpus_share_the_work() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().topology(FakeMachine.large()));
        Workqueue workqueue = runtimes.queue(runtime.workqueue("u").unbound().affinity(Affinity.CACHE).maxActive(2048));
        CountDownLatch all = new CountDownLatch(128);
        for (int i = 0; i < 128; i++) {
            workqueue.queueOn(i % 64, runtimes.item(work -> {
                all.countDown();
                all.await(); // all of them are active at once
            }));
        }
        Await.open("all are active", all);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            items.add(runtimes.item());
            workqueue.queueOn(i % 64, items.getLast());
        }
        items.forEach(Work::flush);
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
    }
}
