// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Items that compute for long do not hold up those behind them (G27). */
@Timeout(60)
class CpuIntensiveTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static void burn(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    private Workqueue intensive(WorkRuntime runtime) {
        return runtimes.queue(runtime.workqueue("intensive").cpuIntensive());
    }

    /** G27: the CPU is not taken from the handler, it gives it away before it starts. */
    @Test
    void the_next_item_starts_while_one_burns() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue intensive = intensive(runtime);
        Gate gate = runtimes.gate();
        Item hog = runtimes.item(work -> gate.burn());
        intensive.queue(hog);
        for (Workqueue workqueue : List.of(runtime.system(), runtime.systemHighpri(), intensive)) {
            Item item = runtimes.item();
            workqueue.queue(item);
            item.flush();
            assertTrue(hog.isRunning());
        }
        gate.open();
        hog.flush();
    }

    /** G27: its own start waits as any other (G21). */
    @Test
    void it_does_not_start_while_another_item_runs() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue intensive = intensive(runtime);
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item item = runtimes.item();
        intensive.queue(item);
        Await.never("it starts beside a running one", () -> item.runs() > 0);
        gate.open();
        item.flush();
    }

    /** G27: when it ends, what the items of the CPU have done is in order, and none is lost. */
    @Test
    void many_of_them_beside_normal_items() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue intensive = intensive(runtime);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            boolean isHog = i % 3 == 0;
            items.add(runtimes.item(work -> {
                if (isHog) {
                    burn(ThreadLocalRandom.current().nextInt(500_000));
                }
            }));
            int[] cpus = runtime.cpus();
            (isHog ? intensive : runtime.system()).queueOn(cpus[i % cpus.length], items.getLast());
        }
        items.forEach(Work::flush);
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
    }

    /**
     * Many of them that also sleep, throw, queue themselves and are over the limit. A handler that slept after it had
     * given its CPU away came back to the CPU's owner and took itself for a stranger there: its worker and its slot
     * were lost, and whatever waited for them.
     */
    @Test
    void a_handler_that_gave_its_cpu_away_and_slept_ends_as_any_other() {
        runtimes.handlersMayFail();
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("intensive")
                .cpuIntensive()
                .maxActive(3)
                .exceptionHandler((work, thrown) -> {}));
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            items.add(runtimes.item(work -> {
                burn(20_000);
                Thread.sleep(0, 200_000);
                burn(20_000);
                if (number % 10 == 0) {
                    throw new IllegalStateException("as the test wants");
                }
                if (number % 7 == 0 && ((Item) work).runs() == 1) {
                    workqueue.queue(work);
                }
            }));
        }
        items.forEach(workqueue::queue);
        workqueue.flush();
        workqueue.flush(); // those that queued themselves
        for (int i = 0; i < items.size(); i++) {
            assertEquals(i % 7 == 0 && i % 10 != 0 ? 2 : 1, items.get(i).runs(), "runs of item " + i);
        }
        assertEquals(0, Books.active(workqueue, 0));
    }

    /** G31, G32: its limit counts as any other. */
    @Test
    void no_more_of_them_burn_at_once_than_the_limit_says() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("intensive").cpuIntensive().maxActive(2));
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            items.add(runtimes.item(work -> {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                burn(500_000);
                inside.decrementAndGet();
            }));
        }
        items.forEach(workqueue::queue);
        items.forEach(Work::flush);
        assertTrue(most.get() <= 2, () -> most + " at once");
    }

    /** G13, J1: its next instance waits for it, though its CPU has moved on. */
    @Test
    void an_item_that_queues_itself_never_runs_beside_itself() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = intensive(runtime);
        ConcurrentLinkedQueue<Integer> runs = new ConcurrentLinkedQueue<>();
        Item item = runtimes.item(work -> {
            int run = ((Item) work).runs();
            if (run < 50) {
                workqueue.queue(work);
            }
            burn(100_000);
            runs.add(run);
        });
        workqueue.queue(item);
        workqueue.close();
        assertEquals(50, item.runs());
        assertEquals(runs.stream().sorted().toList(), List.copyOf(runs));
        assertFalse(item.hasOverlapped());
    }

    /** Where the CPU may have no second carrier, it runs as any other item. */
    @Test
    @CarrierOnly
    void with_a_single_carrier_it_runs_as_any_other() {
        WorkRuntime runtime = runtimes.start(
                RuntimeExtension.strict().cpus(RuntimeExtension.firstCpu()).maxCarriersPerCpu(1));
        Workqueue workqueue = intensive(runtime);
        Gate gate = runtimes.gate();
        Item hog = runtimes.item(work -> gate.burn());
        Item next = runtimes.item();
        workqueue.queue(hog);
        runtime.system().queue(next);
        Await.until("it burns", hog::isRunning);
        Await.never("the next one starts", () -> next.runs() > 0);
        gate.open();
        next.flush();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            items.add(runtimes.item(work -> Thread.sleep(0, 50_000)));
        }
        items.forEach(workqueue::queue);
        items.forEach(Work::flush);
    }

    private static long carriers() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread instanceof Carrier).count();
    }

    /** The carriers that were given the CPU serve again: not one is made for each item. */
    @Test
    @CarrierOnly
    void carriers_are_used_again() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("intensive").cpuIntensive().maxActive(2));
        long before = carriers();
        int rounds = 30;
        for (int round = 0; round < rounds; round++) {
            Gate gate = runtimes.gate();
            List<Item> hogs = List.of(runtimes.item(work -> gate.burn()), runtimes.item(work -> gate.burn()));
            hogs.forEach(workqueue::queue);
            Await.until("both burn", () -> hogs.stream().allMatch(Work::isRunning));
            Item item = runtimes.item();
            runtime.system().queue(item);
            item.flush();
            gate.open();
            hogs.forEach(Work::flush);
        }
        long made = carriers() - before;
        assertTrue(made < rounds, () -> made + " carriers made for two items at a time");
    }
}
