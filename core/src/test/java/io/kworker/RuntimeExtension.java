// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.function.Executable;

/**
 * Makes the runtimes, workqueues, items and gates of a test, and after it closes the runtimes and checks what must hold
 * whatever was tested: no item ran twice at once, is busy or waited for; as many instances were started as handlers
 * ran; no slot, entry, message, alarm, worker or thread is left.
 */
public final class RuntimeExtension implements AfterEachCallback {
    /** Small, so that every test meets a full ring. */
    private static final int RING = 4;

    private static final int[] NUMBERS = defaultCpus();

    /** Each runtime with the group in which its threads are. */
    private final Map<WorkRuntime, ThreadGroup> runtimes = new LinkedHashMap<>();

    private final Queue<Workqueue> workqueues = new ConcurrentLinkedQueue<>();
    private final Queue<Item> items = new ConcurrentLinkedQueue<>();
    private final Queue<Gate> gates = new ConcurrentLinkedQueue<>();
    private boolean countsRuns = true;
    private boolean mayStrand;
    private boolean mayFail;

    private static int[] defaultCpus() {
        try (WorkRuntime runtime = builder().build()) {
            return runtime.cpus();
        }
    }

    // ---- for the tests ----

    /** A runtime in the mode under test, yet to be built; see {@link #start}. */
    static WorkRuntime.Builder builder() {
        return WorkRuntime.builder().name("test").carrierScheduler(TestMode.CURRENT.setting()).ringCapacity(RING);
    }

    /**
     * As {@link #builder}, and never takes a CPU from a handler, however long a busy machine keeps that from running.
     */
    public static WorkRuntime.Builder strict() {
        return builder().cpuIntensiveThreshold(Duration.ZERO);
    }

    /** Numbers of the CPUs there are. */
    static int[] numbers() {
        return NUMBERS.clone();
    }

    public static int firstCpu() {
        return numbers()[0];
    }

    /** The same as the first one on a machine that has no more. */
    static int lastCpu() {
        int[] numbers = numbers();
        return numbers[numbers.length - 1];
    }

    /** A runtime on all CPUs. */
    public WorkRuntime runtime() {
        return start(builder());
    }

    /** A runtime on one CPU. */
    public WorkRuntime oneCpu() {
        return start(builder().cpus(firstCpu()));
    }

    /** A runtime on one CPU that never takes it from a handler. */
    public WorkRuntime strictCpu() {
        return start(strict().cpus(firstCpu()));
    }

    /** Builds a runtime. Its threads are in a group of their own, so that those left over are found. */
    WorkRuntime start(WorkRuntime.Builder builder) {
        ThreadGroup group = new ThreadGroup("runtime of a test");
        AtomicReference<WorkRuntime> built = new AtomicReference<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(group, () -> {
            try {
                built.set(builder.build());
            } catch (Throwable t) {
                failure.set(t);
            }
        });
        thread.start();
        Threads.join(thread);
        if (failure.get() != null) {
            if (failure.get() instanceof RuntimeException e) {
                throw e;
            }
            throw new AssertionError(failure.get());
        }
        WorkRuntime runtime = built.get();
        String workers = TestMode.isCarrier() ? "workers: virtual threads on the carriers"
                : "workers: the JDK's virtual threads (fallback)";
        assertTrue(runtime.describe().contains(workers), runtime::describe);
        synchronized (runtimes) {
            runtimes.put(runtime, group);
        }
        workqueues.add(runtime.system()); // once the runtime is closed, it can not be asked for it
        return runtime;
    }

    Workqueue queue(WorkRuntime runtime, String name, int maxActive) {
        return queue(runtime.workqueue(name).maxActive(maxActive));
    }

    Workqueue queue(WorkRuntime runtime, String name) {
        return queue(runtime.workqueue(name));
    }

    public Workqueue queue(Workqueue.Builder builder) {
        Workqueue workqueue = builder.build();
        workqueues.add(workqueue);
        return workqueue;
    }

    Item item(Work.Handler handler) {
        Item item = new Item(handler);
        items.add(item);
        return item;
    }

    Item item() {
        return item(work -> {});
    }

    public Gate gate() {
        Gate gate = new Gate();
        gates.add(gate);
        return gate;
    }

    /** Keeps a CPU busy until the returned gate is opened; it is busy when this returns. */
    Gate occupy(Workqueue workqueue, int cpu) {
        Gate gate = gate();
        Item hog = item(work -> gate.burn());
        assertTrue(workqueue.queueOn(cpu, hog));
        Await.until("CPU " + cpu + " is kept busy", () -> hog.runs() == 1);
        return gate;
    }

    /** The test runs items that are not ours, or ours elsewhere. */
    public void doNotCountRuns() {
        countsRuns = false;
    }

    /** The test queues while the runtime closes: entries that were refused may stay in its rings. */
    void mayStrandRefusedEntries() {
        mayStrand = true;
    }

    /** Handlers of the test throw, and are meant to. */
    void handlersMayFail() {
        mayFail = true;
    }

    // ---- after each test ----

    @Override
    public void afterEach(ExtensionContext context) {
        gates.forEach(Gate::open);
        runtimes.keySet().forEach(runtime -> workqueues.addAll(runtime.workqueues()));
        List<Executable> checks = new ArrayList<>();
        runtimes.forEach((runtime, group) -> checks.add(() -> close(runtime)));
        runtimes.forEach((runtime, group) -> checks.add(() -> check(runtime, group)));
        checks.add(this::checkWorkqueues);
        checks.add(this::checkItems);
        assertAll("invariants", checks);
    }

    private static void close(WorkRuntime runtime) {
        TestThreads.start(runtime::close).join();
    }

    private void check(WorkRuntime runtime, ThreadGroup group) {
        for (Cpu cpu : runtime.cpuArray()) {
            assertTrue(mayStrand || cpu.queue.isEmpty(), "an entry is left in the queue of " + cpu.number);
            assertFalse(cpu.hasMessages(), "a message is left for " + cpu.number);
            assertTrue(mayStrand || !cpu.hasWork(), "an entry is left in the books of " + cpu.number);
            assertTrue(cpu.isAbandoned());
            assertEquals(0, cpu.timers.size(), "alarms are left in a wheel of " + cpu.number);
            assertFalse(cpu.timers.hasOperations(), "an operation is left for the wheels of " + cpu.number);
        }
        for (Engine engine : runtime.engines()) {
            if (engine instanceof Seat seat) {
                assertEquals(0, seat.crew().size(), "workers of a closed runtime");
                assertEquals(0, seat.crew().idle(), "idle workers of a closed runtime");
            }
        }
        assertTrue(runtime.describe().contains("(closed)"), runtime::describe);
        // a carrier whose thread of the user's goes on ends when that does
        Await.until("the threads of the runtime have ended: " + alive(group).toList(),
                () -> alive(group).findAny().isEmpty());
    }

    private static Stream<Thread> alive(ThreadGroup group) {
        Thread[] threads = new Thread[group.activeCount() + 16];
        int count = group.enumerate(threads);
        return Arrays.stream(threads, 0, count);
    }

    private void checkWorkqueues() {
        long started = 0;
        for (Workqueue workqueue : new LinkedHashSet<>(workqueues)) {
            for (Share share : workqueue.allShares()) {
                assertEquals(0, share.activeNow(), "active items of " + workqueue + " in " + share.poolNow());
                assertEquals(0, share.waitingNow(), "waiting items of " + workqueue + " in " + share.poolNow());
                assertTrue(share.inactive.isEmpty(), "waiting items of " + workqueue + " in " + share.poolNow());
                assertFalse(share.hasMarkers(), "flushes of " + workqueue);
                assertEquals(share.startedNow(), share.completedNow(), "instances of " + workqueue);
                started += share.startedNow();
            }
        }
        if (countsRuns) {
            assertEquals(items.stream().mapToLong(Item::runs).sum(), started, "instances started, and runs");
        }
    }

    private void checkItems() {
        for (Item item : items) {
            if (!mayFail && item.failure() != null) {
                throw new AssertionError("a handler failed", item.failure());
            }
            assertFalse(item.hasOverlapped(), "two workers ran at once: " + item);
            assertFalse(item.hasWaiters(), "someone still waits for " + item);
            assertFalse(item.isBusy(), "busy in a closed runtime: " + item);
        }
    }
}
