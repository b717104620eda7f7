// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Emptying a workqueue that stays in use (G59, G60, A26, R57, R58). */
@Timeout(60)
class DrainTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** A drain under way, which does not return by itself. */
    private static TestThreads.Started draining(Workqueue workqueue) {
        return waitingIn(workqueue::drain);
    }

    private static TestThreads.Started waitingIn(TestThreads.Body call) {
        TestThreads.Started caller = TestThreads.start(call);
        Await.until("the caller waits", () -> caller.thread.getState() == Thread.State.WAITING);
        Await.never("the call returns", caller::isDone);
        return caller;
    }

    private static void assertRejected(Workqueue workqueue, Item item) {
        String message = assertThrows(RejectedExecutionException.class, () -> workqueue.queue(item)).getMessage();
        assertTrue(message.contains("'" + workqueue.name() + "'"), message);
        assertTrue(message.contains("drain"), message);
        assertFalse(item.isBusy());
    }

    /** G60, J2, R24: what is there ends, outsiders are refused meanwhile, and afterwards it is open as before. */
    @ParameterizedTest
    @EnumSource(value = WorkqueueFlushTest.Kind.class, names = "BH", mode = EnumSource.Mode.EXCLUDE)
    void a_drain_waits_and_refuses_and_then_opens_again(WorkqueueFlushTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            items.add(runtimes.item(work -> gate.pass()));
            workqueue.queue(items.getLast());
        }
        TestThreads.Started drainer = draining(workqueue);
        Item outside = runtimes.item();
        assertRejected(workqueue, outside);
        assertFalse(outside.cancel());
        assertFalse(outside.flush());
        assertRejected(workqueue, outside);
        gate.open();
        drainer.join();
        assertTrue(items.stream().allMatch(item -> item.runs() == 1 && !item.isBusy()));
        assertTrue(workqueue.queue(outside));
        outside.flush();
        assertEquals(1, outside.runs());
    }

    /** J2: what is refused can run elsewhere at once, and what is pending elsewhere stays so. */
    @Test
    void a_refused_item_can_be_queued_elsewhere() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "draining");
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        TestThreads.Started drainer = draining(workqueue);
        Item item = runtimes.item();
        assertRejected(workqueue, item);
        runtime.system().queue(item);
        item.flush();
        assertEquals(1, item.runs());
        gate.open();
        drainer.join();
    }

    /** G59: handlers of its own items go on queueing, themselves and others, to any CPU, until they stop. */
    @ParameterizedTest
    @EnumSource(value = WorkqueueFlushTest.Kind.class, names = "BH", mode = EnumSource.Mode.EXCLUDE)
    void chained_queueing_goes_on(WorkqueueFlushTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        int[] cpus = RuntimeExtension.numbers();
        Gate gate = runtimes.gate();
        AtomicInteger accepted = new AtomicInteger();
        Item[] links = new Item[40];
        for (int i = 0; i < links.length; i++) {
            int next = i + 1;
            links[i] = runtimes.item(work -> {
                gate.pass();
                if (next < links.length && workqueue.queueOn(cpus[next % cpus.length], links[next])) {
                    accepted.incrementAndGet();
                }
                if (((Item) work).runs() == 1 && workqueue.queue(work)) {
                    accepted.incrementAndGet();
                }
            });
        }
        workqueue.queue(links[0]);
        TestThreads.Started drainer = draining(workqueue);
        gate.open();
        drainer.join();
        int runs = 0;
        for (Item link : links) {
            assertFalse(link.isBusy());
            runs += link.runs();
        }
        assertEquals(1 + accepted.get(), runs);
        assertTrue(links[links.length - 1].runs() >= 1);
    }

    /** G59: a handler of another workqueue, and a thread that a handler has started, are outsiders. */
    @Test
    void the_handlers_of_other_workqueues_and_threads_of_handlers_are_outsiders() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "draining");
        Gate mayTry = runtimes.gate();
        Gate mayEnd = runtimes.gate();
        AtomicReference<Throwable> ofThread = new AtomicReference<>();
        AtomicReference<Throwable> ofOther = new AtomicReference<>();
        Item insider = runtimes.item();
        workqueue.queue(runtimes.item(work -> {
            mayTry.pass();
            Threads.join(Thread.ofVirtual().start(() -> ofThread.set(queueing(workqueue, runtimes.item()))));
            workqueue.queue(insider);
            mayEnd.pass();
        }));
        runtime.system().queue(runtimes.item(work -> {
            mayTry.pass();
            ofOther.set(queueing(workqueue, runtimes.item()));
        }));
        TestThreads.Started drainer = draining(workqueue);
        mayTry.open();
        Await.until("both have tried", () -> ofThread.get() != null && ofOther.get() != null);
        mayEnd.open();
        drainer.join();
        assertEquals(RejectedExecutionException.class, ofThread.get().getClass());
        assertEquals(RejectedExecutionException.class, ofOther.get().getClass());
        assertEquals(1, insider.runs());
    }

    private static Throwable queueing(Workqueue workqueue, Item item) {
        try {
            workqueue.queue(item);
            return new AssertionError("not refused");
        } catch (RejectedExecutionException e) {
            return e;
        }
    }

    /** G59: a BH handler has no context of its own, so it is never chained. */
    @Test
    void bh_handlers_are_never_chained() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("bh").bh());
        Gate gate = runtimes.gate();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Item refused = runtimes.item();
        workqueue.queue(runtimes.item(work -> {
            gate.burn();
            thrown.set(queueing(workqueue, refused));
        }));
        TestThreads.Started drainer = draining(workqueue);
        gate.open();
        drainer.join();
        assertEquals(RejectedExecutionException.class, thrown.get().getClass());
        assertFalse(refused.isBusy());
        assertTrue(workqueue.queue(refused));
        refused.flush();
    }

    /** A26. */
    @Test
    void a_drain_of_an_idle_workqueue_returns_at_once() {
        WorkRuntime runtime = runtimes.runtime();
        for (WorkqueueFlushTest.Kind kind : WorkqueueFlushTest.Kind.values()) {
            Workqueue workqueue = kind.in(runtimes, runtime);
            workqueue.drain();
            workqueue.drain();
            Item item = runtimes.item();
            assertTrue(workqueue.queue(item));
            workqueue.drain();
            assertEquals(1, item.runs());
        }
    }

    /** R58: it opens when the last of several drains has ended, and not before. */
    @Test
    void of_several_drains_the_last_one_opens_it() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "draining");
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        List<TestThreads.Started> drainers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            drainers.add(draining(workqueue));
        }
        assertRejected(workqueue, runtimes.item());
        gate.open();
        drainers.forEach(TestThreads.Started::join);
        Item item = runtimes.item();
        assertTrue(workqueue.queue(item));
        item.flush();
    }

    /** R58: while somebody drains, it is shut, whoever else has come and gone. */
    @Test
    void it_stays_shut_while_anybody_drains() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "draining");
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicLong accepted = new AtomicLong();
        TestThreads.Started queuer = TestThreads.start(() -> {
            Item item = runtimes.item();
            while (!isOver.get()) {
                try {
                    if (workqueue.queue(item)) {
                        accepted.incrementAndGet();
                    }
                } catch (RejectedExecutionException e) {
                    Thread.onSpinWait();
                }
            }
        });
        TestThreads.together(4, number -> {
            for (int i = 0; i < 100; i++) {
                workqueue.drain();
            }
        });
        isOver.set(true);
        queuer.join();
        workqueue.flush();
        assertEquals(accepted.get(), workqueue.allShares().stream().mapToLong(Share::completedNow).sum());
    }

    /** R57: what was accepted while it was shut, as the refusal of another item right after shows, is waited for. */
    @ParameterizedTest
    @EnumSource(value = WorkqueueFlushTest.Kind.class, names = {"BOUND", "UNBOUND", "ORDERED"})
    void what_is_accepted_during_a_drain_is_waited_for(WorkqueueFlushTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        int turns = 3_000;
        Item item = runtimes.item(work -> Thread.sleep(0, 10_000));
        Item probe = runtimes.item();
        CyclicBarrier barrier = new CyclicBarrier(2);
        AtomicBoolean mustBeOver = new AtomicBoolean();
        AtomicInteger left = new AtomicInteger();
        TestThreads.together(2, number -> {
            for (int turn = 0; turn < turns; turn++) {
                mustBeOver.set(false);
                barrier.await();
                if (number == 0) {
                    if (isAccepted(workqueue, item) && !isAccepted(workqueue, probe)) {
                        mustBeOver.set(true);
                    }
                } else {
                    workqueue.drain();
                    if (mustBeOver.get() && item.isBusy()) {
                        left.incrementAndGet();
                    }
                }
                barrier.await();
                workqueue.flush();
            }
        });
        assertEquals(0, left.get(), "accepted and left");
    }

    private static boolean isAccepted(Workqueue workqueue, Item item) {
        try {
            return workqueue.queue(item);
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /** A26, A27: on a closed workqueue there is nothing to drain, and it stays closed. */
    @Test
    void a_drain_of_a_closed_workqueue_returns_at_once_and_does_not_open_it() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "closed");
        workqueue.close();
        workqueue.drain();
        assertThrows(RejectedExecutionException.class, () -> workqueue.queue(runtimes.item()));
    }

    /** R58: a close that comes during a drain wins. */
    @Test
    void a_close_during_a_drain_leaves_it_closed() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "closed");
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        TestThreads.Started drainer = draining(workqueue);
        TestThreads.Started closer = waitingIn(workqueue::close);
        TestThreads.Started second = draining(workqueue);
        gate.open();
        drainer.join();
        closer.join();
        second.join();
        assertThrows(RejectedExecutionException.class, () -> workqueue.queue(runtimes.item()));
    }

    /** R57, R58: drains, closes and queueings at random: accepted is run. */
    @ParameterizedTest
    @EnumSource(WorkqueueFlushTest.Kind.class)
    void drains_and_a_close_that_race_queueings_lose_nothing(WorkqueueFlushTest.Kind kind) {
        runtimes.mayStrandRefusedEntries();
        for (int round = 0; round < 20; round++) {
            WorkRuntime runtime = runtimes.runtime();
            Workqueue workqueue = kind.in(runtimes, runtime);
            AtomicLong accepted = new AtomicLong();
            AtomicBoolean isClosed = new AtomicBoolean();
            List<Item> items = List.of(runtimes.item(), runtimes.item(), runtimes.item());
            TestThreads.together(4, number -> {
                if (number == 3) {
                    for (int i = 0; i < 20; i++) {
                        workqueue.drain();
                    }
                    workqueue.close();
                    isClosed.set(true);
                    return;
                }
                while (!isClosed.get()) {
                    try {
                        if (workqueue.queue(items.get(number))) {
                            accepted.incrementAndGet();
                        }
                    } catch (RejectedExecutionException e) {
                        Thread.onSpinWait();
                    }
                }
            });
            assertTrue(items.stream().noneMatch(Item::isBusy));
            assertEquals(accepted.get(), items.stream().mapToLong(Item::runs).sum());
            runtime.close();
        }
    }

    /** J6: a handler of another workqueue may drain. */
    @Test
    void a_handler_can_drain_another_workqueue() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue other = runtimes.queue(runtime, "other");
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            items.add(runtimes.item(work -> Thread.sleep(0, 100_000)));
            other.queue(items.getLast());
        }
        Item drainer = runtimes.item(work -> other.drain());
        runtime.system().queue(drainer);
        drainer.flush();
        assertTrue(items.stream().noneMatch(Item::isBusy));
    }

    /** G57, A47: it waits for the thaw; what is cancelled meanwhile does not run. */
    @ParameterizedTest
    @EnumSource(value = WorkqueueFlushTest.Kind.class, names = {"BOUND", "UNBOUND", "ORDERED"})
    void drain_and_close_of_a_frozen_workqueue_wait_for_the_thaw(WorkqueueFlushTest.Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue.Builder builder = runtime.workqueue("frozen").freezable();
        Workqueue workqueue = runtimes.queue(switch (kind) {
            case UNBOUND -> builder.unbound();
            case ORDERED -> builder.ordered();
            default -> builder;
        });
        runtime.freeze().join();
        Item item = runtimes.item();
        Item cancelled = runtimes.item();
        workqueue.queue(item);
        workqueue.queue(cancelled);
        TestThreads.Started drainer = draining(workqueue);
        assertTrue(cancelled.cancel());
        TestThreads.Started closer = waitingIn(workqueue::close);
        runtime.thaw();
        drainer.join();
        closer.join();
        assertEquals(1, item.runs());
        assertEquals(0, cancelled.runs());
    }
}
