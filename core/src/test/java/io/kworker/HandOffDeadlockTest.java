// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Knots in which an instance waits for the end of its item's own run, or for a rescuer that has not come to it (J1,
 * J6): found at once, or soon after the instance has left its queue.
 */
@Timeout(60)
class HandOffDeadlockTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final AtomicReference<WorkDeadlockException> refusal = new AtomicReference<>();

    /** A handler that passes a gate, and then does a call, which may be refused. */
    private Item caller(Gate gate, Runnable call) {
        return runtimes.item(work -> {
            gate.pass();
            try {
                call.run();
            } catch (WorkDeadlockException e) {
                refusal.set(e);
            }
        });
    }

    private static void awaitRun(Item item) {
        Await.until("it runs", item::isRunning);
    }

    /** Waits for all that is queued to a workqueue, by a handler of another one. */
    enum Call {
        FLUSH, DRAIN;

        void on(Workqueue workqueue) {
            switch (this) {
                case FLUSH -> workqueue.flush();
                case DRAIN -> workqueue.drain();
            }
        }
    }

    /** A workqueue in which an instance waits. */
    enum Kind {
        BOUND, UNBOUND, ORDERED;

        Workqueue in(RuntimeExtension runtimes, WorkRuntime runtime) {
            Workqueue.Builder builder = runtime.workqueue(name());
            return runtimes.queue(switch (this) {
                case BOUND -> builder;
                case UNBOUND -> builder.unbound();
                case ORDERED -> builder.ordered();
            });
        }
    }

    /** The one that runs waits first, for the flusher. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_flush_of_a_workqueue_where_an_item_is_pending_whose_run_waits_for_the_flusher(Kind kind) {
        for (Call call : Call.values()) {
            refusal.set(null);
            WorkRuntime runtime = runtimes.oneCpu();
            Workqueue workqueue = kind.in(runtimes, runtime);
            Gate mayFlush = runtimes.gate();
            Item flusher = caller(mayFlush, () -> call.on(workqueue));
            Gate open = runtimes.gate();
            open.open();
            Item running = caller(open, () -> {
                if (flusher.isRunning()) {
                    flusher.flush(); // it may be this one that notices first
                }
            });
            runtime.system().queue(flusher);
            awaitRun(flusher);
            runtime.system().queue(running);
            Await.until("it waits", flusher::hasWaiters);
            assertTrue(workqueue.queue(running));
            mayFlush.open();
            TestThreads.start(flusher::flush).join();
            assertNotNull(refusal.get(), call::name);
            String chain = refusal.get().getMessage();
            assertTrue(chain.contains("flush() for") && chain.contains("of workqueue '" + kind), chain);
            TestThreads.start(running::flush).join();
            assertEquals(2, running.runs());
        }
    }

    /** The flusher waits first: the one that runs is refused. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_wait_for_the_flusher_of_a_workqueue_where_the_own_item_is_pending(Kind kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate mayFlush = runtimes.gate();
        Gate mayWait = runtimes.gate();
        Item flusher = runtimes.item(work -> {
            mayFlush.pass();
            workqueue.flush();
        });
        Item running = caller(mayWait, flusher::flush);
        runtime.system().queue(running);
        runtime.system().queue(flusher);
        awaitRun(running);
        awaitRun(flusher);
        assertTrue(workqueue.queue(running));
        mayFlush.open();
        Await.never("it ends", () -> !flusher.isRunning());
        mayWait.open();
        TestThreads.start(running::flush).join();
        assertNotNull(refusal.get());
        TestThreads.start(flusher::flush).join();
    }

    /** What was queued after the flush began is none of its business. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_wait_for_a_flusher_that_does_not_wait_for_the_own_instance(Kind kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item first = runtimes.item(work -> gate.pass());
        workqueue.queue(first);
        awaitRun(first);
        Item flusher = runtimes.item(work -> workqueue.flush());
        runtime.system().queue(flusher);
        awaitRun(flusher);
        Await.never("it ends", () -> !flusher.isRunning());
        Gate mayWait = runtimes.gate();
        Item running = caller(mayWait, flusher::flush);
        runtime.system().queue(running);
        awaitRun(running);
        assertTrue(workqueue.queue(running));
        mayWait.open();
        Await.never("it ends", () -> !running.isRunning());
        gate.open();
        TestThreads.start(flusher::flush).join();
        TestThreads.start(running::flush).join();
        if (refusal.get() != null) {
            throw new AssertionError("a false alarm", refusal.get());
        }
    }

    /** The first one in line waits for a run that waits for something behind it. */
    @ParameterizedTest
    @EnumSource(Call.class)
    void an_ordered_workqueue_that_waits_for_a_run_elsewhere(Call call) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue ordered = Kind.ORDERED.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item behind = runtimes.item();
        AtomicBoolean isFirst = new AtomicBoolean(true);
        Item running = caller(gate, () -> {
            if (isFirst.getAndSet(false)) {
                behind.flush();
            }
        });
        runtime.system().queue(running);
        awaitRun(running);
        ordered.queue(running);
        ordered.queue(behind);
        gate.open();
        TestThreads.start(() -> call.on(ordered)).join();
        assertNotNull(refusal.get());
        assertEquals(2, running.runs());
        assertEquals(1, behind.runs());
    }

    /** The same over a second handler, which waits first. */
    @Test
    void an_ordered_workqueue_that_waits_for_a_run_elsewhere_is_a_link() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue ordered = Kind.ORDERED.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item behind = runtimes.item();
        Gate open = runtimes.gate();
        open.open();
        Item second = caller(open, behind::flush); // it may be this one that notices first
        Item running = caller(gate, second::flush);
        runtime.system().queue(running);
        awaitRun(running);
        ordered.queue(running);
        ordered.queue(behind);
        runtime.system().queue(second);
        Await.until("it waits", behind::hasWaiters);
        assertFalse(second.hasWaiters());
        gate.open();
        TestThreads.start(ordered::flush).join();
        assertNotNull(refusal.get());
    }

    /** What is in front of it in an ordered workqueue goes on: no knot. */
    @Test
    void an_ordered_workqueue_that_waits_for_a_run_that_goes_on() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue ordered = Kind.ORDERED.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item running = runtimes.item(work -> gate.pass());
        runtime.system().queue(running);
        awaitRun(running);
        Item behind = runtimes.item();
        ordered.queue(running);
        ordered.queue(behind);
        Item waiter = caller(gate, () -> {});
        Item flusher = runtimes.item(work -> behind.flush());
        runtime.system().queue(waiter);
        runtime.system().queue(flusher);
        Await.until("it waits", behind::hasWaiters);
        Await.never("it ends", () -> !flusher.isRunning());
        gate.open();
        TestThreads.start(flusher::flush).join();
        assertEquals(1, behind.runs());
    }

    /** Ways of waiting for one item. */
    enum Wait {
        FLUSH, CANCEL_SYNC;

        void on(Work work) {
            switch (this) {
                case FLUSH -> work.flush();
                case CANCEL_SYNC -> work.cancelSync();
            }
        }
    }

    /** A rescuer has been given both, and runs the one that waits for the other. */
    @ParameterizedTest
    @EnumSource(Wait.class)
    void a_handler_on_a_rescuer_that_waits_for_the_next_one(Wait wait) {
        AtomicBoolean isShort = new AtomicBoolean();
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder()
                .cpus(RuntimeExtension.firstCpu())
                .maxCarriersPerCpu(1)
                .beforeThread(() -> {
                    if (isShort.get()) {
                        throw new OutOfMemoryError("a test has it that no thread can be made");
                    }
                }));
        Workqueue workqueue = runtimes.queue(runtime.workqueue("reclaim").memReclaim());
        Gate gate = runtimes.gate();
        try {
            if (TestMode.isCarrier()) {
                Item hog = runtimes.item(work -> gate.burn());
                runtime.system().queue(hog);
                awaitRun(hog);
            }
            isShort.set(true);
            Item next = runtimes.item();
            AtomicBoolean isOnRescuer = new AtomicBoolean();
            Item first = runtimes.item(work -> {
                isOnRescuer.set(Work.isOnRescuer());
                Await.until("the next one has been handed over", next::isRunning);
                try {
                    wait.on(next);
                } catch (WorkDeadlockException e) {
                    refusal.set(e);
                }
            });
            workqueue.queue(first);
            workqueue.queue(next);
            TestThreads.start(next::flush).join();
            assertTrue(isOnRescuer.get());
            assertNotNull(refusal.get());
            assertEquals(1, next.runs());
        } finally {
            isShort.set(false);
            gate.open();
        }
    }
}
