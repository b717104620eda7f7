// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** On which CPU an item runs (G13, G14, G17), and that it never runs twice at once (J1). */
@Timeout(60)
class PlacementTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** The number of the CPU whose books say that the current handler runs there. */
    private static int bookedCpu() {
        return Run.current().cpu.number;
    }

    /** G17. */
    @Test
    void queue_on_runs_the_item_on_the_given_cpu() {
        WorkRuntime runtime = runtimes.runtime();
        for (int cpu : runtime.cpus()) {
            AtomicInteger seen = new AtomicInteger(-1);
            Item item = runtimes.item(work -> seen.set(bookedCpu()));
            assertTrue(runtime.system().queueOn(cpu, item));
            item.flush();
            assertEquals(cpu, seen.get());
        }
    }

    /** G17: the operating system sees it there too. */
    @Test
    @CarrierOnly
    void a_handler_runs_on_its_cpu_as_the_operating_system_sees_it() {
        assumeTrue(Os.problem() == null, Os.problem());
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().pinning(WorkRuntime.Mode.ON));
        assertTrue(runtime.describe().contains("pinning: each carrier to its CPU"), runtime::describe);
        for (int cpu : runtime.cpus()) {
            for (int i = 0; i < 50; i++) {
                AtomicInteger before = new AtomicInteger();
                AtomicInteger after = new AtomicInteger();
                Item item = runtimes.item(work -> {
                    before.set(Os.currentCpu());
                    Thread.sleep(1);
                    after.set(Os.currentCpu());
                });
                runtime.system().queueOn(cpu, item);
                item.flush();
                assertEquals(cpu, before.get());
                assertEquals(cpu, after.get());
            }
        }
    }

    /** G17: the submitter's CPU is that of its worker. */
    @Test
    void an_item_queued_by_a_handler_runs_on_the_handlers_cpu() {
        WorkRuntime runtime = runtimes.runtime();
        for (int cpu : runtime.cpus()) {
            ConcurrentLinkedQueue<Integer> seen = new ConcurrentLinkedQueue<>();
            List<Item> children = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                children.add(runtimes.item(work -> seen.add(bookedCpu())));
            }
            Item parent = runtimes.item(work -> {
                for (Item child : children) {
                    runtime.system().queue(child);
                    Thread.sleep(0, 100_000);
                }
            });
            runtime.system().queueOn(cpu, parent);
            parent.flush();
            children.forEach(Work::flush);
            assertEquals(20, seen.size());
            assertTrue(seen.stream().allMatch(number -> number == cpu), seen::toString);
        }
    }

    /** G17: the submitter's CPU is the one that its thread runs on. */
    @Test
    void an_item_queued_by_a_foreign_thread_runs_on_that_threads_cpu() {
        assumeTrue(Os.problem() == null, Os.problem());
        WorkRuntime runtime = runtimes.runtime();
        for (int cpu : runtime.cpus()) {
            AtomicInteger seen = new AtomicInteger(-1);
            Item item = runtimes.item(work -> seen.set(bookedCpu()));
            TestThreads.start(() -> {
                BitSet mask = new BitSet();
                mask.set(cpu);
                assertTrue(Os.setAffinity(mask));
                assertTrue(runtime.system().queue(item));
            }).join();
            item.flush();
            assertEquals(cpu, seen.get());
        }
    }

    /** A thread on a CPU that the runtime does not have queues to one that it has. */
    @Test
    void an_item_queued_from_a_cpu_that_is_not_the_runtimes_runs_all_the_same() {
        for (int cpu : RuntimeExtension.numbers()) {
            WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpus(cpu));
            Item item = runtimes.item();
            TestThreads.together(4, thread -> {
                for (int i = 0; i < 200; i++) {
                    runtime.system().queue(item);
                }
            });
            item.flush();
            assertTrue(item.runs() > 0);
        }
    }

    /** G13: an explicit CPU is ignored while the item runs elsewhere. */
    @Test
    void a_running_item_queued_to_another_cpu_runs_again_where_it_runs() {
        WorkRuntime runtime = runtimes.runtime();
        List<Integer> seen = new ArrayList<>();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> {
            seen.add(bookedCpu());
            gate.pass();
        });
        runtime.system().queueOn(RuntimeExtension.firstCpu(), item);
        Await.until("the item runs", item::isRunning);
        assertTrue(runtime.system().queueOn(RuntimeExtension.lastCpu(), item));
        Await.never("both instances run at once", () -> item.runs() > 1);
        gate.open();
        item.flush();
        assertEquals(List.of(RuntimeExtension.firstCpu(), RuntimeExtension.firstCpu()), seen);
        assertTrue(runtime.system().queueOn(RuntimeExtension.lastCpu(), item), "an idle item goes where it is told");
        item.flush();
        assertEquals(RuntimeExtension.lastCpu(), seen.getLast());
    }

    /** G13, G14, J1: so for another workqueue, whose books it then is in. */
    @Test
    void a_running_item_queued_to_another_workqueue_runs_there_once_the_first_run_is_over() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue other = runtimes.queue(runtime, "other", 1);
        List<String> seen = new ArrayList<>();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> {
            Share share = Run.current().share;
            seen.add(share.workqueue.name() + ((BoundShare) share).cpu.number);
            gate.pass();
        });
        int cpu = RuntimeExtension.firstCpu();
        runtime.system().queueOn(cpu, item);
        Await.until("the item runs", item::isRunning);
        assertTrue(other.queueOn(RuntimeExtension.lastCpu(), item));
        Books.awaitFetched(runtime.cpuArray()[0]);
        Await.never("both instances run at once", () -> item.runs() > 1);
        gate.open();
        item.flush();
        assertEquals(List.of("events" + cpu, "other" + cpu), seen);
    }

    /** G14: right after, before what was queued on that CPU meanwhile. */
    @Test
    void the_second_run_comes_right_after_the_first() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue other = runtimes.queue(runtime, "other");
        ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();
        Gate asleep = runtimes.gate();
        Item item = runtimes.item(work -> {
            order.add("item");
            asleep.pass();
        });
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        assertTrue(other.queue(item));
        Books.awaitFetched(runtime.cpuArray()[0]);
        Gate busy = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        List<Item> later = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            later.add(runtimes.item(work -> order.add("later")));
            runtime.system().queue(later.getLast());
        }
        asleep.open();
        if (!TestMode.isCarrier()) { // there the sleeper goes on beside the busy one
            Await.until("the first run is over", () -> !item.isRunning());
        }
        busy.open();
        item.flush();
        later.forEach(Work::flush);
        List<String> expected = new ArrayList<>(List.of("item", "item"));
        later.forEach(any -> expected.add("later"));
        assertEquals(expected, List.copyOf(order));
    }

    /** J1: in another runtime too, which waits for the run in the first. */
    @Test
    void a_running_item_queued_to_another_runtime_runs_there_once_the_first_run_is_over() {
        WorkRuntime first = runtimes.oneCpu();
        WorkRuntime second = runtimes.oneCpu();
        List<WorkRuntime> seen = new ArrayList<>();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> {
            seen.add(Run.current().cpu.runtime);
            gate.pass();
        });
        first.system().queue(item);
        Await.until("the item runs", item::isRunning);
        assertTrue(second.system().queue(item));
        Books.awaitFetched(second.cpuArray()[0]);
        Await.never("both instances run at once", () -> item.runs() > 1);
        gate.open();
        item.flush();
        assertEquals(2, seen.size());
        assertSame(first, seen.get(0));
        assertSame(second, seen.get(1));
    }

    /** G13 does not hold up other items: the CPU goes on while an entry waits for its item. */
    @Test
    void an_entry_that_waits_for_its_items_run_does_not_hold_up_the_cpu() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue other = runtimes.queue(runtime, "other");
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("the item runs", item::isRunning);
        other.queue(item);
        for (int i = 0; i < 100; i++) {
            Item next = runtimes.item();
            other.queue(next);
            next.flush();
            assertEquals(1, next.runs());
        }
        assertEquals(1, item.runs());
        gate.open();
        item.flush();
    }
}
