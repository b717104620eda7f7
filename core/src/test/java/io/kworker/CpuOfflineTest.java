// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** CPUs that go offline and come back: nothing is lost, and it runs elsewhere (J12, G77, G78, G48). */
@Timeout(60)
class CpuOfflineTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private WorkRuntime machine(int cpus) {
        return runtimes.start(RuntimeExtension.builder().topology(FakeMachine.of(cpus)));
    }

    /** The real machine, each carrier on its CPU. */
    private WorkRuntime pinned() {
        assumeTrue(Os.problem() == null, Os.problem());
        assumeTrue(RuntimeExtension.numbers().length > 1, "there is only one CPU");
        return runtimes.start(RuntimeExtension.builder().pinning(WorkRuntime.Mode.ON));
    }

    private static int[] without(int[] cpus, int cpu) {
        return Arrays.stream(cpus).filter(number -> number != cpu).toArray();
    }

    /** G77: as the operating system sees it. */
    @Test
    @CarrierOnly
    void items_queued_on_an_offline_cpu_run_elsewhere_and_come_home_with_it() {
        WorkRuntime runtime = pinned();
        for (int cpu : runtime.cpus()) {
            runtime.cpuOffline(cpu);
            for (Workqueue workqueue : List.of(runtime.system(), runtime.systemHighpri(), runtime.systemBh())) {
                for (int i = 0; i < 20; i++) {
                    AtomicInteger seen = new AtomicInteger(-1);
                    Item item = runtimes.item(work -> seen.set(Os.currentCpu()));
                    assertTrue(workqueue.queueOn(cpu, item));
                    item.flush();
                    assertNotEquals(cpu, seen.get());
                    assertTrue(Arrays.stream(runtime.onlineCpus()).anyMatch(online -> online == seen.get()));
                }
            }
            runtime.cpuOnline(cpu);
            for (int i = 0; i < 20; i++) {
                AtomicInteger seen = new AtomicInteger(-1);
                Item item = runtimes.item(work -> seen.set(Os.currentCpu()));
                runtime.system().queueOn(cpu, item);
                item.flush();
                assertEquals(cpu, seen.get());
            }
        }
    }

    /** G77: who sleeps on the CPU wakes elsewhere; who burns on it is moved. */
    @Test
    @CarrierOnly
    void handlers_of_an_offline_cpu_go_on_elsewhere() {
        WorkRuntime runtime = pinned();
        int cpu = RuntimeExtension.firstCpu();
        Gate gate = runtimes.gate();
        Set<Integer> before = ConcurrentHashMap.newKeySet();
        Set<Integer> after = ConcurrentHashMap.newKeySet();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            items.add(runtimes.item(work -> {
                before.add(Os.currentCpu());
                gate.pass();
                after.add(Os.currentCpu());
            }));
            runtime.system().queueOn(cpu, items.getLast());
        }
        Await.until("all sleep", () -> Books.active(runtime.system(), 0) == 20);
        Item hog = runtimes.item(work -> {
            gate.burn();
            after.add(Os.currentCpu());
        });
        runtime.system().queueOn(cpu, hog);
        Await.until("it burns", hog::isRunning);
        runtime.cpuOffline(cpu);
        gate.open();
        items.forEach(Work::flush);
        hog.flush();
        assertEquals(Set.of(cpu), before);
        assertTrue(!after.contains(cpu), after::toString);
        BoundShare share = Books.share(runtime.system(), 0);
        assertEquals(0, share.repatriated.sum());
        Gate second = runtimes.gate();
        Item late = runtimes.item(work -> second.pass());
        runtime.system().queueOn(cpu, late);
        Await.until("it runs", late::isRunning);
        runtime.cpuOnline(cpu);
        assertEquals(1, share.repatriated.sum());
        second.open();
        late.flush();
    }

    /** A carrier that takes an offline CPU over is no more on it than the one before. */
    @Test
    @CarrierOnly
    void a_take_over_of_an_offline_cpu_stays_elsewhere() {
        WorkRuntime runtime = pinned();
        int cpu = RuntimeExtension.firstCpu();
        runtime.cpuOffline(cpu);
        Gate gate = runtimes.gate();
        Item hog = runtimes.item(work -> gate.burn());
        AtomicInteger seen = new AtomicInteger(-1);
        Item next = runtimes.item(work -> seen.set(Os.currentCpu()));
        runtime.system().queueOn(cpu, hog);
        runtime.system().queueOn(cpu, next);
        next.flush();
        assertTrue(hog.isRunning());
        assertNotEquals(cpu, seen.get());
        gate.open();
        hog.flush();
    }

    /** What is queued with no CPU given goes to one that is online, by handlers of the CPU too. */
    @Test
    void queueing_with_no_cpu_given_avoids_those_that_are_offline() {
        WorkRuntime runtime = machine(4);
        runtime.cpuOffline(1);
        runtime.cpuOffline(2);
        Set<Integer> seen = ConcurrentHashMap.newKeySet();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            items.add(runtimes.item(work -> seen.add(FakeMachine.bookedCpu())));
            assertTrue(runtime.system().queue(items.getLast()));
        }
        Item parent = runtimes.item(work -> {
            for (int i = 0; i < 100; i++) {
                items.add(runtimes.item(child -> seen.add(FakeMachine.bookedCpu())));
                runtime.system().queue(items.getLast());
            }
        });
        runtime.system().queueOn(1, parent);
        parent.flush();
        items.forEach(Work::flush);
        assertTrue(Set.of(0, 3).containsAll(seen), seen::toString);
        runtime.cpuOnline(2);
        runtime.cpuOnline(1);
        AtomicInteger home = new AtomicInteger(-1);
        Item item = runtimes.item(work -> home.set(FakeMachine.bookedCpu()));
        Item child = runtimes.item(work -> runtime.system().queue(item));
        runtime.system().queueOn(2, child);
        child.flush();
        item.flush();
        assertEquals(2, home.get());
    }

    @Test
    void the_last_one_online_cannot_go() {
        WorkRuntime runtime = machine(2);
        runtime.cpuOffline(0);
        String message = assertThrows(IllegalStateException.class, () -> runtime.cpuOffline(1)).getMessage();
        assertTrue(message.contains("CPU 1") && message.contains("last"), message);
        assertArrayEquals(new int[] {1}, runtime.onlineCpus());
        runtime.cpuOffline(0);
        runtime.cpuOnline(0);
        runtime.cpuOffline(1);
        assertArrayEquals(new int[] {0}, runtime.onlineCpus());
        WorkRuntime single = machine(1);
        assertThrows(IllegalStateException.class, () -> single.cpuOffline(0));
        assertArrayEquals(new int[] {0}, single.onlineCpus());
        Item item = runtimes.item();
        single.system().queue(item);
        item.flush();
    }

    @Test
    void what_is_done_twice_is_done_once() {
        WorkRuntime runtime = machine(3);
        runtime.cpuOnline(1);
        assertArrayEquals(runtime.cpus(), runtime.onlineCpus());
        for (int i = 0; i < 3; i++) {
            runtime.cpuOffline(1);
            assertArrayEquals(without(runtime.cpus(), 1), runtime.onlineCpus());
        }
        for (int i = 0; i < 3; i++) {
            runtime.cpuOnline(1);
            assertArrayEquals(runtime.cpus(), runtime.onlineCpus());
        }
        Arrays.fill(runtime.onlineCpus(), -1);
        assertArrayEquals(runtime.cpus(), runtime.onlineCpus());
    }

    @Test
    void a_cpu_that_there_is_not_is_refused() {
        WorkRuntime runtime = machine(2);
        for (int cpu : new int[] {-1, 2, 1_000_003}) {
            assertThrows(IllegalArgumentException.class, () -> runtime.cpuOffline(cpu));
            assertThrows(IllegalArgumentException.class, () -> runtime.cpuOnline(cpu));
        }
        assertArrayEquals(runtime.cpus(), runtime.onlineCpus());
    }

    /** G19: the pod of a CPU that is offline is served by those that are not, a strict one too. */
    @Test
    void pods_without_a_cpu_are_served_by_the_others() {
        WorkRuntime runtime = machine(3);
        Workqueue strict = runtimes.queue(runtime.workqueue("strict").unbound().affinity(Affinity.CPU).strict());
        Workqueue loose = runtimes.queue(runtime.workqueue("loose").unbound().affinity(Affinity.CPU).cpus(0));
        Workqueue ordered = runtimes.queue(runtime.workqueue("ordered").ordered().cpus(0).strict());
        runtime.cpuOffline(0);
        for (Workqueue workqueue : List.of(strict, loose, ordered)) {
            Set<Integer> seen = ConcurrentHashMap.newKeySet();
            for (int i = 0; i < 30; i++) {
                Item item = runtimes.item(work -> seen.add(FakeMachine.bookedCpu()));
                workqueue.queueOn(i % 3, item);
                item.flush();
            }
            assertTrue(!seen.contains(0), seen::toString);
        }
        runtime.cpuOnline(0);
        AtomicInteger home = new AtomicInteger();
        Item item = runtimes.item(work -> home.set(FakeMachine.bookedCpu()));
        strict.queueOn(0, item);
        item.flush();
        assertEquals(0, home.get());
    }

    /**
     * What lay in the pod of a CPU that went offline was nobody's business: the CPUs that serve the pod from then on
     * slept, and nobody told them.
     */
    @Test
    void what_lies_in_the_pod_of_a_busy_cpu_that_goes_offline_is_taken_up_at_once() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict().topology(FakeMachine.of(3)));
        Workqueue strict = runtimes.queue(runtime.workqueue("strict").unbound().affinity(Affinity.CPU).strict());
        for (int round = 0; round < 10; round++) {
            Gate gate = runtimes.occupy(runtime.system(), 0);
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                items.add(runtimes.item());
                strict.queueOn(0, items.getLast());
            }
            for (int cpu = 1; cpu < 3; cpu++) {
                Await.until("CPU " + cpu + " sleeps", runtime.cpuArray()[cpu].doorbell::isAsleep);
            }
            runtime.cpuOffline(0);
            items.forEach(Work::flush);
            gate.open();
            runtime.cpuOnline(0);
        }
    }

    /** By its own handler. */
    @Test
    void a_handler_may_take_its_own_cpu_offline() {
        WorkRuntime runtime = machine(2);
        Item child = runtimes.item(work -> assertEquals(1, FakeMachine.bookedCpu()));
        Item item = runtimes.item(work -> {
            runtime.cpuOffline(0);
            runtime.system().queue(child);
            child.flush();
            runtime.cpuOnline(0);
        });
        runtime.system().queueOn(0, item);
        item.flush();
        assertArrayEquals(runtime.cpus(), runtime.onlineCpus());
    }

    /** Whoever comes first: one is left. */
    @Test
    void threads_that_take_all_cpus_offline_leave_one() {
        WorkRuntime runtime = machine(3);
        for (int round = 0; round < 100; round++) {
            AtomicInteger refused = new AtomicInteger();
            TestThreads.together(3, cpu -> {
                try {
                    runtime.cpuOffline(cpu);
                } catch (IllegalStateException e) {
                    refused.incrementAndGet();
                }
            });
            assertEquals(1, refused.get());
            assertEquals(1, runtime.onlineCpus().length);
            Item item = runtimes.item();
            runtime.systemUnbound().queue(item);
            item.flush();
            for (int cpu : runtime.cpus()) {
                runtime.cpuOnline(cpu);
            }
        }
    }

    /** J12: the system takes a CPU from the process, and gives it back; it shows in the masks of our threads. */
    @Test
    @CarrierOnly
    void a_cpu_that_the_system_takes_is_offline_until_it_is_given_back() {
        WorkRuntime runtime = pinned();
        int cpu = RuntimeExtension.firstCpu();
        BitSet others = runtime.online();
        others.clear(cpu);
        awaitOnline(runtime, without(runtime.cpus(), cpu), () -> setMask(runtime, others));
        AtomicInteger seen = new AtomicInteger(-1);
        Item item = runtimes.item(work -> seen.set(Os.currentCpu()));
        runtime.system().queueOn(cpu, item);
        item.flush();
        assertNotEquals(cpu, seen.get());
        BitSet all = (BitSet) others.clone();
        all.set(cpu);
        awaitOnline(runtime, runtime.cpus(), () -> setMask(runtime, all));
        runtime.system().queueOn(cpu, item);
        item.flush();
        assertEquals(cpu, seen.get());
    }

    private static void setMask(WorkRuntime runtime, BitSet mask) {
        Os.setAffinity(Books.seat(runtime.cpuArray()[0]).owner().threadNumber(), mask);
    }

    /** It is noticed while the runtime has something to do. */
    private void awaitOnline(WorkRuntime runtime, int[] cpus, Runnable change) {
        change.run();
        Await.until("online are " + Arrays.toString(cpus), () -> {
            Item item = runtimes.item();
            runtime.system().queue(item);
            item.flush();
            return Arrays.equals(cpus, runtime.onlineCpus());
        });
    }

    /** What waits and sleeps on CPUs that are offline is waited for. */
    @Test
    void a_runtime_is_closed_while_cpus_are_offline() {
        WorkRuntime runtime = machine(3);
        Workqueue unbound = runtimes.queue(runtime.workqueue("unbound").unbound());
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            boolean sleeps = i % 10 == 0;
            items.add(runtimes.item(work -> {
                if (sleeps) {
                    Thread.sleep(0, 300_000);
                }
            }));
            (i % 2 == 0 ? runtime.system() : unbound).queueOn(i % 3, items.getLast());
        }
        runtime.cpuOffline(0);
        runtime.cpuOffline(2);
        runtime.close();
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
    }

    /** J12: CPUs come and go under load, pinned where the machine lets us, and every instance runs. */
    @Test
    void cpus_that_come_and_go_lose_nothing() {
        boolean isPinned = TestMode.isCarrier() && Os.problem() == null && RuntimeExtension.numbers().length > 1;
        WorkRuntime runtime = isPinned ? pinned() : machine(3);
        int[] cpus = runtime.cpus();
        List<Workqueue> workqueues = List.of(
                runtime.system(),
                runtime.systemHighpri(),
                runtime.systemBh(),
                runtime.systemUnbound(),
                runtimes.queue(runtime.workqueue("two").maxActive(2)),
                runtimes.queue(runtime.workqueue("strict").unbound().affinity(Affinity.CPU).strict().maxActive(2)),
                runtimes.queue(runtime.workqueue("intensive").cpuIntensive()),
                runtimes.queue(runtime.workqueue("ordered").ordered()));
        Gate over = runtimes.gate();
        TestThreads.Started switcher = TestThreads.start(() -> {
            while (!over.isOpen()) {
                int cpu = cpus[ThreadLocalRandom.current().nextInt(cpus.length)];
                runtime.cpuOffline(cpu);
                Thread.yield();
                runtime.cpuOnline(cpu);
            }
        });
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 4_000; i++) {
            Workqueue workqueue = workqueues.get(i % workqueues.size());
            boolean sleeps = i % 30 == 0 && workqueue != runtime.systemBh();
            items.add(runtimes.item(work -> {
                if (sleeps) {
                    Thread.sleep(0, 200_000);
                }
            }));
            if (i % 3 == 0) {
                workqueue.queue(items.getLast());
            } else {
                workqueue.queueOn(cpus[i % cpus.length], items.getLast());
            }
            if (i % 100 == 0) {
                items.getLast().flush();
            }
        }
        runtime.flushAll();
        over.open();
        switcher.join();
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
        assertArrayEquals(cpus, runtime.onlineCpus());
    }
}
