// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where the threads of {@link WorkRuntime#threadFactory} run, and that they are virtual threads as any other. */
@Timeout(120)
class ThreadFactoryTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    @TempDir Path directory;

    /** The CPU whose carrier the calling virtual thread is mounted on. */
    private static int carrierCpu() {
        String text = Thread.currentThread().toString();
        return Integer.parseInt(text.substring(text.indexOf("@kworker/") + "@kworker/".length()));
    }

    // ---- placement ----

    @Test
    @CarrierOnly
    void a_thread_runs_on_the_cpu_of_its_factory_also_after_it_has_waited() throws Exception {
        WorkRuntime runtime = runtimes.runtime();
        for (int cpu : runtime.cpus()) {
            try (ExecutorService executor = Executors.newThreadPerTaskExecutor(runtime.threadFactory(cpu))) {
                List<Future<?>> futures = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    futures.add(executor.submit(() -> {
                        assertEquals(cpu, carrierCpu());
                        Thread.yield();
                        assertEquals(cpu, carrierCpu());
                        Thread.sleep(1);
                        assertEquals(cpu, carrierCpu());
                        return null;
                    }));
                }
                for (Future<?> future : futures) {
                    future.get();
                }
            }
        }
    }

    @Test
    @CarrierOnly
    void the_operating_system_sees_it_there_too() throws Exception {
        assumeTrue(Os.problem() == null, Os.problem());
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().pinning(WorkRuntime.Mode.ON));
        for (int cpu : runtime.cpus()) {
            try (ExecutorService executor = Executors.newThreadPerTaskExecutor(runtime.threadFactory(cpu))) {
                assertEquals(cpu, executor.submit(Os::currentCpu).get());
            }
        }
    }

    @Test
    @CarrierOnly
    void threads_with_no_cpu_given_are_spread_evenly_whoever_makes_them() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        int perMaker = 30 * runtime.cpus().length;
        Map<Integer, AtomicInteger> counts = new ConcurrentHashMap<>();
        ConcurrentHashMap.KeySetView<Thread, Boolean> threads = ConcurrentHashMap.newKeySet();
        Runnable make = () -> threads.addAll(TestThreads.start(runtime.threadFactory(), perMaker,
                () -> counts.computeIfAbsent(carrierCpu(), cpu -> new AtomicInteger()).incrementAndGet()));
        Item item = runtimes.item(work -> make.run());
        runtime.system().queue(item);
        TestThreads.together(3, number -> make.run());
        item.flush();
        TestThreads.join(List.copyOf(threads));
        for (int cpu : runtime.cpus()) {
            assertEquals(4 * 30, counts.get(cpu).get(), counts::toString);
        }
    }

    @Test
    @CarrierOnly
    void a_handler_starts_threads_on_its_own_cpu_or_on_another_one() {
        WorkRuntime runtime = runtimes.runtime();
        for (int here : runtime.cpus()) {
            for (int there : runtime.cpus()) {
                List<Integer> seen = new ArrayList<>();
                Item item = runtimes.item(work -> {
                    Thread.startVirtualThread(() -> seen.add(carrierCpu())).join();
                    Thread elsewhere = runtime.threadFactory(there).newThread(() -> {
                        seen.add(carrierCpu());
                        try {
                            Thread.startVirtualThread(() -> seen.add(carrierCpu())).join(); // stays with its parent
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    });
                    elsewhere.start();
                    elsewhere.join();
                    seen.add(carrierCpu());
                });
                runtime.system().queueOn(here, item);
                item.flush();
                assertEquals(List.of(here, there, there, here), seen);
            }
        }
    }

    /** J12. */
    @Test
    @CarrierOnly
    void new_threads_go_to_the_cpus_that_are_online() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        int[] cpus = runtime.cpus();
        assumeTrue(cpus.length > 1, "one CPU only");
        int gone = cpus[0];
        Gate gate = runtimes.gate();
        AtomicInteger done = new AtomicInteger();
        Runnable wait = () -> {
            try {
                gate.pass();
                Thread.sleep(1);
                assertEquals(gone, carrierCpu());
                done.incrementAndGet();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        List<Thread> threads = TestThreads.start(runtime.threadFactory(gone), 10, wait);
        runtime.cpuOffline(gone);
        ConcurrentHashMap.KeySetView<Integer, Boolean> seen = ConcurrentHashMap.newKeySet();
        TestThreads.join(TestThreads.start(runtime.threadFactory(), 50, () -> seen.add(carrierCpu())));
        assertFalse(seen.contains(gone), seen::toString);
        // named, it is taken: its carriers run elsewhere
        threads.addAll(TestThreads.start(runtime.threadFactory(gone), 10, wait));
        gate.open();
        TestThreads.join(threads);
        assertEquals(20, done.get());
        runtime.cpuOnline(gone);
        TestThreads.join(TestThreads.start(runtime.threadFactory(), 50, () -> seen.add(carrierCpu())));
        assertTrue(seen.contains(gone), seen::toString);
    }

    @Test
    void a_cpu_that_the_runtime_does_not_have_is_refused() {
        WorkRuntime runtime = runtimes.oneCpu();
        for (int cpu : new int[] {-1, RuntimeExtension.firstCpu() + 1, 100_000}) {
            String message =
                    assertThrows(IllegalArgumentException.class, () -> runtime.threadFactory(cpu)).getMessage();
            assertTrue(message.startsWith("CPU " + cpu + " is none of runtime 'test'"), message);
        }
    }

    // ---- what they are ----

    @Test
    void the_threads_are_virtual_and_without_a_name() {
        WorkRuntime runtime = runtimes.runtime();
        assertSame(runtime.threadFactory(), runtime.threadFactory());
        for (ThreadFactory factory : List.of(runtime.threadFactory(), runtime.threadFactory(runtime.cpus()[0]))) {
            Thread thread = factory.newThread(() -> {});
            assertEquals(Thread.State.NEW, thread.getState());
            assertTrue(thread.isVirtual());
            assertTrue(thread.isDaemon());
            assertEquals("", thread.getName());
            assertThrows(NullPointerException.class, () -> factory.newThread(null));
        }
    }

    @Test
    void inheritable_thread_locals_are_inherited_from_the_thread_that_makes_the_thread() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        AtomicReference<String> seen = new AtomicReference<>();
        local.set("the test's");
        try {
            TestThreads.join(TestThreads.start(runtime.threadFactory(), 1, () -> seen.set(local.get())));
        } finally {
            local.remove();
        }
        assertEquals("the test's", seen.get());
    }

    @Test
    void what_a_thread_throws_goes_to_its_uncaught_exception_handler() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        AtomicReference<Throwable> caught = new AtomicReference<>();
        RuntimeException failure = new RuntimeException("as the test wants it");
        Thread thread = runtime.threadFactory(runtime.cpus()[0]).newThread(() -> {
            throw failure;
        });
        thread.setUncaughtExceptionHandler((who, what) -> caught.set(what));
        thread.start();
        thread.join();
        assertSame(failure, caught.get());
        Item item = runtimes.item();
        runtime.system().queueOn(runtime.cpus()[0], item);
        item.flush();
        assertEquals(1, item.runs(), "the CPU goes on");
    }

    @Test
    void a_thread_runs_no_item_and_may_wait_for_any() throws Exception {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(runtime.threadFactory())) {
            List<Future<Boolean>> waits = new ArrayList<>();
            runtime.system().queue(item);
            for (int i = 0; i < 4; i++) {
                waits.add(executor.submit(() -> {
                    assertNull(Work.current());
                    return item.flush();
                }));
            }
            Await.until("a thread waits", item::hasWaiters);
            gate.open();
            for (Future<Boolean> wait : waits) {
                wait.get(); // true or false: some may have come late
            }
        }
    }

    // ---- executors ----

    @Test
    void an_executor_of_a_thread_for_each_task_runs_on_them() throws Exception {
        WorkRuntime runtime = runtimes.runtime();
        for (ThreadFactory factory : List.of(runtime.threadFactory(), runtime.threadFactory(runtime.cpus()[0]))) {
            try (ExecutorService executor = Executors.newThreadPerTaskExecutor(factory)) {
                List<Callable<Integer>> tasks = new ArrayList<>();
                for (int i = 0; i < 1_000; i++) {
                    int number = i;
                    tasks.add(() -> {
                        if (number % 10 == 0) {
                            Thread.sleep(1);
                        }
                        return number;
                    });
                }
                int expected = 0;
                for (Future<Integer> future : executor.invokeAll(tasks)) {
                    assertEquals(expected++, future.get());
                }
                Callable<Integer> quick = () -> 7;
                Callable<Integer> slow = () -> {
                    Thread.sleep(60_000);
                    return 8;
                };
                assertEquals(7, executor.invokeAny(List.of(slow, quick)).intValue());
                RuntimeException failure = new RuntimeException("as the test wants it");
                Future<?> failed = executor.submit(() -> {
                    throw failure;
                });
                assertSame(failure, assertThrows(ExecutionException.class, failed::get).getCause());
            }
        }
    }

    // ---- beside the workers ----

    /** Threads are not preempted, but lose the CPU as handlers do: one that burns, and one that cannot unmount. */
    @ParameterizedTest
    @EnumSource(Hogs.class)
    @CarrierOnly
    void a_thread_that_keeps_its_cpu_loses_it_to_items_and_threads(Hogs kind) throws Exception {
        WorkRuntime runtime = runtimes.oneCpu();
        Hogs.Hog hog = kind.make(directory, runtimes.gate());
        Gate begun = runtimes.gate();
        List<Thread> hogs = TestThreads.start(runtime.threadFactory(), 1, () -> {
            begun.open();
            try {
                hog.handler().run(null);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        Await.until("it keeps the CPU", begun::isOpen);
        Item item = runtimes.item();
        runtime.system().queue(item);
        item.flush();
        TestThreads.join(TestThreads.start(runtime.threadFactory(), 10, () -> {}));
        assertTrue(hogs.getFirst().isAlive());
        hog.end();
        TestThreads.join(hogs);
    }

    /** The JDK's own scheduler does not promise it: a thread from outside waits until one of its queues is empty. */
    @Test
    @CarrierOnly
    void threads_that_always_can_run_do_not_starve_items_nor_items_threads() throws InterruptedException {
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.gate();
        List<Thread> threads = TestThreads.start(runtime.threadFactory(), 4, () -> {
            while (!gate.isOpen()) {
                Thread.yield();
            }
        });
        Workqueue busy = runtimes.queue(runtime, "busy");
        Item endless = runtimes.item(work -> {
            if (!gate.isOpen()) {
                busy.queue(work);
            }
        });
        busy.queue(endless);
        for (int i = 0; i < 20; i++) {
            int runs = endless.runs();
            Item item = runtimes.item();
            runtime.system().queue(item);
            item.flush();
            TestThreads.join(TestThreads.start(runtime.threadFactory(), 1, () -> {}));
            Await.until("the endless item goes on", () -> endless.runs() != runs);
        }
        gate.open();
        TestThreads.join(threads);
        assertNotEquals(0, endless.runs());
    }

    /** As an hour of that would show it, if the turns were counted on and on. */
    @Test
    @CarrierOnly
    void threads_that_always_can_run_hold_up_no_item_after_many_turns_either() throws Exception {
        WorkRuntime runtime = runtimes.strictCpu();
        VarHandle budget = MethodHandles.privateLookupIn(Carrier.class, MethodHandles.lookup())
                .findVarHandle(Carrier.class, "budget", int.class);
        Gate gate = runtimes.gate();
        CountDownLatch alone = new CountDownLatch(1);
        List<Thread> threads = TestThreads.start(runtime.threadFactory(), 1, () -> {
            for (int i = 0; i < 1000; i++) {
                Thread.yield();
            }
            Carrier carrier = Carrier.current();
            if ((int) budget.get(carrier) < 0) {
                budget.set(carrier, Integer.MIN_VALUE);
            }
            Thread.yield();
            alone.countDown();
            while (!gate.isOpen()) {
                Thread.yield();
            }
        });
        Await.open("it has had many turns", alone);
        Item item = runtimes.item();
        runtime.system().queue(item);
        Await.until("the item runs", () -> item.runs() == 1);
        gate.open();
        TestThreads.join(threads);
    }
}
