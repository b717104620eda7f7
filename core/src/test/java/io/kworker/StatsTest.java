// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The counters (semantics 4.1, 4.6; issue 3, 10). */
@Timeout(60)
class StatsTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static WorkqueueStats.Counters totals(Workqueue workqueue) {
        return workqueue.stats().totals();
    }

    private Item queued(Workqueue workqueue, Work.Handler handler) {
        Item item = runtimes.item(handler);
        assertTrue(workqueue.queue(item));
        return item;
    }

    /** A runtime on four CPUs, whatever the machine has: two caches with two cores each. */
    private WorkRuntime fourCpus() {
        BitSet cpus = new BitSet();
        cpus.set(0, 4);
        return runtimes.start(
                RuntimeExtension.builder().topology(Topology.of(cpus, cpu -> cpu, cpu -> cpu / 2, cpu -> 0)));
    }

    private static List<String> labels(Workqueue workqueue) {
        return workqueue.stats().perCpu().stream().map(WorkqueueStats.PerCpu::label).toList();
    }

    // ---- workqueues ----

    @Test
    void what_started_and_ended_is_counted_on_its_cpu() {
        WorkRuntime runtime = fourCpus();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("counted").highpri());
        for (int cpu : runtime.cpus()) {
            for (int i = 0; i <= cpu; i++) {
                Item item = runtimes.item();
                workqueue.queueOn(cpu, item);
                item.flush();
            }
        }
        workqueue.flush();
        WorkqueueStats stats = workqueue.stats();
        assertEquals("counted", stats.name());
        assertEquals(List.of("CPU 0 highpri", "CPU 1 highpri", "CPU 2 highpri", "CPU 3 highpri"), labels(workqueue));
        for (int cpu = 0; cpu < 4; cpu++) {
            assertEquals(cpu + 1, stats.perCpu().get(cpu).counters().started());
            assertEquals(cpu + 1, stats.perCpu().get(cpu).counters().completed());
        }
        assertEquals(new WorkqueueStats.Counters(10, 10, 0, 0, 0, 0, 0, 0, 0), stats.totals());
    }

    /** Sleeping ones are active; cancelled ones wait until their turn comes, and never start. */
    @Test
    void what_runs_and_what_waits_is_told_apart() {
        Workqueue workqueue = runtimes.queue(runtimes.oneCpu(), "two", 2);
        Gate gate = runtimes.gate();
        for (int i = 0; i < 5; i++) {
            queued(workqueue, work -> gate.pass());
        }
        Item cancelled = queued(workqueue, work -> {});
        Await.until("two are active and four wait",
                () -> totals(workqueue).active() == 2 && totals(workqueue).waiting() == 4);
        assertEquals(2, totals(workqueue).started());
        assertEquals(0, totals(workqueue).completed());
        assertTrue(cancelled.cancel());
        assertEquals(4, totals(workqueue).waiting());
        gate.open();
        workqueue.flush();
        assertEquals(5, totals(workqueue).started());
        assertEquals(5, totals(workqueue).completed());
        assertEquals(0, totals(workqueue).active() + totals(workqueue).waiting());
    }

    /** It waits for a run of its own item (G14). */
    @Test
    void an_item_that_is_queued_while_it_runs_waits() {
        Workqueue workqueue = runtimes.oneCpu().system();
        Gate gate = runtimes.gate();
        Item item = queued(workqueue, work -> gate.pass());
        Await.until("it runs", item::isRunning);
        workqueue.queue(item);
        Await.until("its next instance waits", () -> totals(workqueue).waiting() == 1);
        assertEquals(1, totals(workqueue).active());
        gate.open();
        workqueue.flush();
        assertEquals(2, totals(workqueue).completed());
    }

    @Test
    void an_unbound_workqueue_is_counted_by_pods_and_an_ordered_one_in_one_place() {
        WorkRuntime runtime = fourCpus();
        Workqueue unbound = runtimes.queue(runtime.workqueue("unbound").unbound().affinity(Affinity.CACHE));
        Workqueue ordered = runtimes.queue(runtime.workqueue("ordered").ordered());
        assertEquals(List.of("pod {0, 1}", "pod {2, 3}"), labels(unbound));
        assertEquals(List.of("ordered"), labels(ordered));
        Gate gate = runtimes.gate();
        for (int i = 0; i < 3; i++) {
            Item item = runtimes.item(work -> gate.pass());
            unbound.queueOn(3, item);
            Item next = runtimes.item(work -> gate.pass());
            ordered.queue(next);
        }
        Await.until("three and one are active",
                () -> totals(unbound).active() == 3 && totals(ordered).active() == 1);
        assertEquals(2, totals(ordered).waiting());
        assertEquals(0, unbound.stats().perCpu().get(0).counters().started());
        assertEquals(3, unbound.stats().perCpu().get(1).counters().started());
        gate.open();
        unbound.flush();
        ordered.flush();
        assertEquals(3, totals(unbound).completed());
        assertEquals(new WorkqueueStats.Counters(3, 3, 0, 0, 0, 0, 0, 0, 0), totals(ordered));
    }

    /** A52: the same thing as a boolean. */
    @Test
    void a_workqueue_of_which_items_wait_for_a_slot_is_congested() {
        WorkRuntime runtime = runtimes.oneCpu();
        int cpu = RuntimeExtension.firstCpu();
        for (Workqueue workqueue : List.of(
                runtimes.queue(runtime, "bound", 1), runtimes.queue(runtime.workqueue("ordered").ordered()),
                runtimes.queue(runtime.workqueue("unbound").unbound().maxActive(1)))) {
            Gate gate = runtimes.gate();
            queued(workqueue, work -> gate.pass());
            Await.until("it is active", () -> totals(workqueue).active() == 1);
            assertFalse(workqueue.isCongested(cpu));
            Item waiting = queued(workqueue, work -> {});
            Await.until("the next one waits", () -> workqueue.isCongested(cpu));
            gate.open();
            waiting.flush();
            assertFalse(workqueue.isCongested(cpu));
        }
    }

    @Test
    @CarrierOnly
    void a_worker_that_is_resumed_because_another_one_blocks_is_counted() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime, "blocking");
        Gate gate = runtimes.gate();
        Gate queue = runtimes.gate();
        Item blocking = queued(workqueue, work -> {
            queue.burn(); // until something waits for the CPU
            gate.pass();
        });
        Item next = queued(runtime.system(), work -> {});
        queue.open();
        next.flush();
        assertEquals(1, totals(workqueue).cmWakeup());
        assertEquals(0, totals(runtime.system()).cmWakeup());
        gate.open();
        blocking.flush();
    }

    /** G28. */
    @Test
    @CarrierOnly
    void a_cpu_that_is_taken_from_a_handler_is_counted() {
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        queued(runtime.system(), work -> {}).flush();
        assertEquals(1, runtime.stats().cpus().getFirst().takeOvers());
        gate.open();
    }

    /** G69: there is no thread to be had. */
    @Test
    void calls_of_the_rescuer_and_what_it_runs_are_counted() {
        AtomicBoolean refuse = new AtomicBoolean();
        WorkRuntime runtime = runtimes.start(
                RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu()).beforeThread(() -> {
                    if (refuse.get()) {
                        throw new OutOfMemoryError("as the test wants");
                    }
                }));
        Workqueue rescued = runtimes.queue(runtime.workqueue("rescued").memReclaim());
        Gate gate = runtimes.gate();
        Logs logs = new Logs(); // of threads that were not to be had
        try {
            refuse.set(true);
            Item first = runtimes.item(work -> gate.pass());
            Item second = runtimes.item(work -> gate.pass());
            rescued.queue(first);
            rescued.queue(second);
            Await.until("the dump shows an item that is rescued",
                    () -> runtime.dump().contains("kworker/R-rescued (RESCUER): " + Item.class.getName()));
            gate.open();
            rescued.flush();
            refuse.set(false);
        } finally {
            logs.close();
        }
        assertEquals(2, totals(rescued).completed());
        assertTrue(totals(rescued).rescued() >= 1, () -> "rescued " + totals(rescued).rescued());
        assertTrue(totals(rescued).mayday() >= 1, () -> "called " + totals(rescued).mayday());
    }

    /** J12. */
    @Test
    void what_comes_home_to_its_cpu_is_counted() {
        WorkRuntime runtime = fourCpus();
        Workqueue workqueue = runtimes.queue(runtime, "one", 1);
        Gate gate = runtimes.gate();
        runtime.cpuOffline(2);
        List<Item> items = List.of(runtimes.item(work -> gate.pass()), runtimes.item(work -> gate.pass()));
        items.forEach(item -> workqueue.queueOn(2, item));
        Await.until("one runs and one waits",
                () -> totals(workqueue).active() == 1 && totals(workqueue).waiting() == 1);
        assertFalse(runtime.stats().cpus().get(2).isOnline());
        runtime.cpuOnline(2);
        assertTrue(runtime.stats().cpus().get(2).isOnline());
        assertEquals(2, workqueue.stats().perCpu().get(2).counters().repatriated());
        assertEquals(2, totals(workqueue).repatriated());
        gate.open();
        workqueue.flush();
    }

    /** Reading never disturbs, and numbers only grow. */
    @Test
    void counters_can_be_read_while_everything_goes_on() {
        WorkRuntime runtime = runtimes.runtime();
        List<Workqueue> workqueues = List.of(runtimes.queue(runtime, "bound", 2),
                runtimes.queue(runtime.workqueue("unbound").unbound().maxActive(2)),
                runtimes.queue(runtime.workqueue("ordered").ordered()));
        AtomicLong accepted = new AtomicLong();
        TestThreads.together(4, thread -> {
            if (thread == 0) {
                long started = 0;
                for (int i = 0; i < 2_000; i++) {
                    long now = 0;
                    for (Workqueue workqueue : workqueues) {
                        WorkqueueStats.Counters counters = totals(workqueue);
                        assertTrue(counters.started() >= counters.completed(), counters::toString);
                        assertTrue(counters.active() >= 0 && counters.waiting() >= 0, counters::toString);
                        now += counters.started();
                    }
                    assertTrue(now >= 0 && started >= 0);
                    started = now;
                    runtime.stats();
                }
            } else {
                for (int i = 0; i < 3_000; i++) {
                    Item item = runtimes.item();
                    workqueues.get(thread - 1).queue(item);
                    accepted.incrementAndGet();
                    if (i % 16 == 0) {
                        item.flush();
                    }
                }
            }
        });
        workqueues.forEach(Workqueue::flush);
        assertEquals(accepted.get(), workqueues.stream().mapToLong(each -> totals(each).completed()).sum());
    }

    @Test
    void the_counters_of_a_closed_workqueue_can_be_read() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "closed");
        queued(workqueue, work -> {}).flush();
        workqueue.close();
        assertEquals(1, totals(workqueue).completed());
        runtime.close();
        assertEquals(1, totals(workqueue).started());
        assertEquals(1, runtime.stats().cpus().size());
        assertFalse(runtime.dump().isEmpty());
    }

    // ---- runtimes ----

    @Test
    void a_runtime_tells_what_its_cpus_and_pods_have() {
        WorkRuntime runtime = fourCpus();
        runtimes.queue(runtime.workqueue("unbound").unbound().affinity(Affinity.CACHE).strict());
        RuntimeStats stats = runtime.stats();
        assertEquals("test", stats.name());
        assertEquals(Arrays.stream(runtime.cpus()).boxed().toList(),
                stats.cpus().stream().map(RuntimeStats.PerCpu::number).toList());
        for (RuntimeStats.PerCpu cpu : stats.cpus()) {
            assertTrue(cpu.isOnline());
            assertEquals(0, cpu.queued() + cpu.overflowing() + cpu.takeOvers());
        }
        assertEquals(List.of(
                new RuntimeStats.PerPod("pod {0, 1} strict", List.of(0, 1), 0, 0),
                new RuntimeStats.PerPod("pod {2, 3} strict", List.of(2, 3), 0, 0)), stats.pods());
        assertThrows(UnsupportedOperationException.class, () -> stats.cpus().clear());
    }

    @Test
    void workers_are_counted() {
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.gate();
        for (int i = 0; i < 5; i++) {
            queued(runtime.system(), work -> gate.pass());
        }
        Await.until("five handlers sleep", () -> totals(runtime.system()).active() == 5);
        Await.until("nobody runs", () -> runtime.cpuArray()[0].doorbell.isAsleep());
        RuntimeStats.PerCpu cpu = runtime.stats().cpus().getFirst();
        assertEquals(5, cpu.workers() - cpu.idleWorkers());
        assertEquals(TestMode.isCarrier(), cpu.idleWorkers() > 0);
        gate.open();
        runtime.system().flush();
    }

    /** The ring of a hand-driven CPU takes two. */
    @Test
    void what_lies_in_queues_is_counted_with_what_overflowed() {
        WorkRuntime runtime = HandDriven.runtime();
        Workqueue bound = runtime.workqueue("bound").build();
        Workqueue urgent = runtime.workqueue("urgent").highpri().build();
        for (int i = 0; i < 5; i++) {
            bound.queue(new Item(work -> {}));
        }
        urgent.queue(new Item(work -> {}));
        RuntimeStats.PerCpu cpu = runtime.stats().cpus().getFirst();
        assertEquals(6, cpu.queued());
        assertEquals(3, cpu.overflowing());
        assertFalse(cpu.isReady());
        bound.setMaxActive(2);
        assertTrue(runtime.stats().cpus().getFirst().isReady());
        HandDriven.of(runtime).close();
    }
}
