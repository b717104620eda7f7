// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The workers of a CPU: one in reserve (G29), the warmest first, and none too many for long (G30). */
@Timeout(60)
@CarrierOnly
class WorkerPoolTest {
    /** The kernel keeps two idle workers whatever happens. */
    private static final int KEPT = 2;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private List<Item> sleepers(WorkRuntime runtime, int count, Gate gate) {
        List<Item> sleepers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sleepers.add(runtimes.item(work -> gate.pass()));
            runtime.system().queue(sleepers.getLast());
        }
        Await.until("all sleep", () -> Books.active(runtime.system(), 0) == count);
        return sleepers;
    }

    /** G29: whenever a handler runs, a worker stands idle; looked at from the handler, which owns the CPU. */
    @Test
    void while_a_handler_runs_a_worker_stands_in_reserve() {
        WorkRuntime runtime = runtimes.strictCpu();
        Crew crew = Books.seat(runtime.cpuArray()[0]).crew();
        ConcurrentLinkedQueue<Integer> idle = new ConcurrentLinkedQueue<>();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            items.add(runtimes.item(work -> {
                idle.add(crew.idle());
                Thread.sleep(2);
            }));
        }
        items.forEach(runtime.system()::queue);
        items.forEach(Work::flush);
        assertEquals(200, idle.size());
        assertTrue(idle.stream().allMatch(count -> count >= 1), idle::toString);
    }

    /** G29: no more workers than blocked handlers need. */
    @Test
    void there_are_as_many_workers_as_sleeping_handlers_and_two_more() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        List<Item> sleepers = sleepers(runtime, 100, gate);
        Cpu cpu = runtime.cpuArray()[0];
        int workers = Books.workers(cpu);
        assertTrue(workers >= 101 && workers <= 102, () -> workers + " workers");
        gate.open();
        sleepers.forEach(Work::flush);
        Await.until("all are idle", () -> Books.idleWorkers(cpu) == Books.workers(cpu));
        assertEquals(workers, Books.workers(cpu), "no worker is culled before its time");
    }

    /** A handler that does not block needs one worker and the reserve. */
    @Test
    void handlers_that_do_not_block_make_no_workers() {
        WorkRuntime runtime = runtimes.strictCpu();
        for (int i = 0; i < 1_000; i++) {
            Item item = runtimes.item();
            runtime.system().queue(item);
            if (i % 10 == 0) {
                item.flush();
            }
        }
        Books.awaitFetched(runtime.cpuArray()[0]);
        assertTrue(Books.workers(runtime.cpuArray()[0]) <= 2);
    }

    /** A carrier gives way to a producer only where its worker found a hole, not for each handler that blocks. */
    @Test
    void a_carrier_knows_that_its_worker_found_work_before_the_handler_blocks() {
        WorkRuntime runtime = runtimes.strictCpu();
        ConcurrentLinkedQueue<Boolean> seen = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < 20; i++) {
            Item item = runtimes.item(work -> {
                seen.add(Run.current() instanceof Worker worker && worker.hasFetched);
                Thread.sleep(0, 100_000);
            });
            runtime.system().queue(item);
            item.flush();
        }
        assertEquals(20, seen.size());
        assertTrue(seen.stream().allMatch(fetched -> fetched), seen::toString);
    }

    /** G30: of many idle workers it is always the same one that runs a lone item. */
    @Test
    void the_warmest_idle_worker_goes_first() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        sleepers(runtime, 20, gate).forEach(sleeper -> {
            gate.open();
            sleeper.flush();
        });
        Cpu cpu = runtime.cpuArray()[0];
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        for (int i = 0; i < 50; i++) {
            Await.until("all are idle", () -> Books.idleWorkers(cpu) == Books.workers(cpu));
            Item item = runtimes.item(work -> threads.add(Thread.currentThread()));
            runtime.system().queue(item);
            item.flush();
        }
        assertEquals(1, threads.size());
    }

    /** The kernel's names: the CPU and a number. */
    @Test
    void workers_are_named_after_their_cpu() {
        WorkRuntime runtime = runtimes.runtime();
        for (int cpu : runtime.cpus()) {
            Set<String> names = ConcurrentHashMap.newKeySet();
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                items.add(runtimes.item(work -> {
                    names.add(Thread.currentThread().getName());
                    Thread.sleep(5);
                }));
                runtime.system().queueOn(cpu, items.getLast());
            }
            items.forEach(Work::flush);
            assertTrue(names.size() > 1, names::toString);
            Set<String> wrong = names.stream()
                    .filter(name -> !name.matches("kworker/" + cpu + ":\\d+"))
                    .collect(Collectors.toSet());
            assertEquals(Set.of(), wrong);
        }
    }

    /** G30: those that had nothing to do for the lifetime end, down to two. */
    @Test
    void idle_workers_that_are_too_many_end_after_their_lifetime() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict()
                .cpus(RuntimeExtension.firstCpu())
                .idleWorkerLifetime(Duration.ofMillis(20)));
        Cpu cpu = runtime.cpuArray()[0];
        for (int round = 0; round < 3; round++) {
            Gate gate = runtimes.gate();
            List<Item> sleepers = sleepers(runtime, 200, gate);
            assertTrue(Books.workers(cpu) > 200);
            gate.open();
            sleepers.forEach(Work::flush);
            Await.until("two are left", () -> Books.workers(cpu) == KEPT);
            Await.never("fewer are left", () -> Books.workers(cpu) < KEPT);
        }
    }

    /** G30: one idle worker in four busy ones is not too many. */
    @Test
    void idle_workers_that_are_not_too_many_stay() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict()
                .cpus(RuntimeExtension.firstCpu())
                .idleWorkerLifetime(Duration.ofMillis(5)));
        Cpu cpu = runtime.cpuArray()[0];
        Gate some = runtimes.gate();
        Gate rest = runtimes.gate();
        List<Item> few = sleepers(runtime, 8, some);
        List<Item> many = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            many.add(runtimes.item(work -> rest.pass()));
            runtime.system().queue(many.getLast());
        }
        Await.until("all sleep", () -> Books.active(runtime.system(), 0) == 48);
        some.open();
        few.forEach(Work::flush);
        Await.until("eight are idle again", () -> Books.idleWorkers(cpu) >= 8);
        // of the nine or ten idle ones, too many are those beyond (idle - 2) * 4 >= 40 busy ones: none
        Await.never("one is culled", () -> Books.workers(cpu) < 49);
        rest.open();
        many.forEach(Work::flush);
        Await.until("two are left", () -> Books.workers(cpu) == KEPT);
    }

    /** G30: workers in use are not idle: those a steady load needs stay. */
    @Test
    void workers_that_are_needed_now_and_again_stay() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict()
                .cpus(RuntimeExtension.firstCpu())
                .idleWorkerLifetime(Duration.ofMillis(500)));
        Cpu cpu = runtime.cpuArray()[0];
        Gate first = runtimes.gate();
        List<Item> sleepers = sleepers(runtime, 50, first);
        first.open();
        sleepers.forEach(Work::flush);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        int workers = Books.workers(cpu);
        long end = System.nanoTime() + Duration.ofMillis(1_500).toNanos();
        while (System.nanoTime() - end < 0) { // each worker is used many times within a lifetime
            Gate gate = runtimes.gate();
            List<Item> again = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                again.add(runtimes.item(work -> {
                    threads.add(Thread.currentThread());
                    gate.pass();
                }));
                runtime.system().queue(again.getLast());
            }
            Await.until("all sleep", () -> Books.active(runtime.system(), 0) == 50);
            gate.open();
            again.forEach(Work::flush);
        }
        assertTrue(threads.size() <= workers, () -> threads.size() + " threads were made for " + workers + " workers");
    }

    /** What handlers leave in thread-locals stays with the worker; what they inherit is nothing. */
    @Test
    void workers_inherit_no_thread_locals_of_their_maker() {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        WorkRuntime runtime = runtimes.strictCpu();
        local.set("of the test");
        ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            items.add(runtimes.item(work -> {
                seen.add(String.valueOf(local.get()));
                local.set("of a handler");
                Thread.sleep(2);
                local.remove();
            }));
            runtime.system().queue(items.getLast());
        }
        items.forEach(Work::flush);
        local.remove();
        assertTrue(seen.stream().allMatch("null"::equals), seen::toString);
    }
}
