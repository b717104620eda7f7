// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stopping the freezable workqueues of a runtime (G72, G57, A47, R50). */
@Timeout(60)
class FreezeTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** Freezable workqueues of every kind. */
    enum Kind {
        BOUND, BOUND_ONE, HIGHPRI, UNBOUND, UNBOUND_ONE, UNBOUND_BY_CPU, ORDERED, CPU_INTENSIVE, MEM_RECLAIM;

        Workqueue in(RuntimeExtension runtimes, WorkRuntime runtime) {
            Workqueue.Builder builder = runtime.workqueue(name()).freezable();
            return runtimes.queue(switch (this) {
                case BOUND -> builder;
                case BOUND_ONE -> builder.maxActive(1);
                case HIGHPRI -> builder.highpri();
                case UNBOUND -> builder.unbound();
                case UNBOUND_ONE -> builder.unbound().maxActive(1);
                case UNBOUND_BY_CPU -> builder.unbound().affinity(Affinity.CPU);
                case ORDERED -> builder.ordered();
                case CPU_INTENSIVE -> builder.cpuIntensive();
                case MEM_RECLAIM -> builder.memReclaim();
            });
        }

        boolean isSingle() {
            return this == BOUND_ONE || this == UNBOUND_ONE || this == ORDERED;
        }
    }

    private static void complete(CompletableFuture<Void> future) {
        Await.until("it is frozen", future::isDone);
        future.join();
    }

    /** G72: while it is frozen, nothing starts; afterwards everything does, in order. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void nothing_starts_between_frozen_and_thaw(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        for (int round = 0; round < 3; round++) {
            assertFalse(runtime.isFrozen());
            complete(runtime.freeze());
            assertTrue(runtime.isFrozen());
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                items.add(runtimes.item());
                assertTrue(workqueue.queue(items.getLast()));
                assertFalse(workqueue.queue(items.getLast()), "it is pending");
            }
            Await.never("something starts", () -> items.stream().anyMatch(item -> item.runs() > 0));
            assertTrue(items.stream().allMatch(Item::isPending));
            runtime.thaw();
            workqueue.flush();
            assertTrue(items.stream().allMatch(item -> item.runs() == 1));
        }
    }

    /** G72: what is active, asleep too, goes on to its end first; what waits for a slot does not start. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void what_is_active_ends_first(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        int cpu = RuntimeExtension.firstCpu(); // named: this thread may be elsewhere when it queues the second one
        Item active = runtimes.item(work -> gate.pass());
        workqueue.queueOn(cpu, active);
        Await.until("it runs", active::isRunning);
        Item parked = runtimes.item();
        if (kind.isSingle()) {
            workqueue.queueOn(cpu, parked);
        }
        CompletableFuture<Void> future = runtime.freeze();
        assertTrue(runtime.isFrozen());
        Item later = runtimes.item();
        workqueue.queue(later);
        Await.never("it is frozen", future::isDone);
        gate.open();
        complete(future);
        assertEquals(1, active.runs());
        Await.never("something starts", () -> parked.runs() + later.runs() > 0);
        runtime.thaw();
        workqueue.flush();
        assertEquals(kind.isSingle() ? 1 : 0, parked.runs());
        assertEquals(1, later.runs());
    }

    /** G72: a handler that is active cannot start others of its kind any more, nor itself. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void an_item_that_queues_itself_is_stopped(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        AtomicBoolean isOver = new AtomicBoolean();
        Item item = runtimes.item(work -> {
            if (!isOver.get()) {
                workqueue.queue(work);
            }
        });
        workqueue.queue(item);
        for (int i = 0; i < 20; i++) {
            complete(runtime.freeze());
            int runs = item.runs();
            assertTrue(item.isPending());
            assertFalse(item.isRunning());
            Thread.yield();
            assertEquals(runs, item.runs());
            runtime.thaw();
            Await.until("it runs again", () -> item.runs() > runs);
        }
        isOver.set(true);
        workqueue.flush();
    }

    /** R50: whatever races the freeze is active before it, and waited for, or starts after the thaw. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_freeze_that_races_queueings_is_right_either_way(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        AtomicBoolean isFrozen = new AtomicBoolean();
        AtomicInteger wrong = new AtomicInteger();
        AtomicBoolean isOver = new AtomicBoolean();
        List<TestThreads.Started> queuers = new ArrayList<>();
        for (int cpu : RuntimeExtension.numbers()) {
            queuers.add(TestThreads.start(() -> {
                List<Item> items = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    items.add(runtimes.item(work -> {
                        if (isFrozen.get()) {
                            wrong.incrementAndGet();
                        }
                        Thread.yield();
                        if (isFrozen.get()) {
                            wrong.incrementAndGet();
                        }
                    }));
                }
                while (!isOver.get()) {
                    items.forEach(item -> workqueue.queueOn(cpu, item));
                }
            }));
        }
        for (int i = 0; i < 60; i++) {
            complete(runtime.freeze());
            isFrozen.set(true);
            Thread.yield();
            isFrozen.set(false);
            runtime.thaw();
        }
        isOver.set(true);
        queuers.forEach(TestThreads.Started::join);
        workqueue.flush();
        assertEquals(0, wrong.get());
    }

    /** A61: the others go on. */
    @Test
    void workqueues_that_are_not_freezable_go_on() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue frozen = runtime.systemFreezable();
        complete(runtime.freeze());
        Item parked = runtimes.item();
        frozen.queue(parked);
        for (Workqueue workqueue : List.of(runtime.system(), runtime.systemUnbound(), runtime.systemHighpri(),
                runtime.systemBh(), runtimes.queue(runtime.workqueue("ordered").ordered()))) {
            Item item = runtimes.item();
            workqueue.queue(item);
            item.flush();
            assertEquals(1, item.runs());
        }
        assertEquals(0, parked.runs());
        runtime.thaw();
        parked.flush();
    }

    /** G57: a flush of the workqueue, or of a parked item, waits for the thaw. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void flushes_wait_for_the_thaw(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        complete(runtime.freeze());
        Item item = runtimes.item();
        workqueue.queue(item);
        TestThreads.Started ofQueue = TestThreads.start(workqueue::flush);
        TestThreads.Started ofItem = TestThreads.start(item::flush);
        Await.until("someone waits", item::hasWaiters);
        Await.never("a flush returns", () -> ofQueue.isDone() || ofItem.isDone());
        runtime.thaw();
        ofQueue.join();
        ofItem.join();
        assertEquals(1, item.runs());
    }

    /** G57: a cancellation does not, and it releases those who flush the item. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_parked_item_of_a_frozen_workqueue_can_be_cancelled(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        complete(runtime.freeze());
        Item item = runtimes.item();
        for (int i = 0; i < 3; i++) {
            assertTrue(workqueue.queue(item));
            TestThreads.Started flusher = TestThreads.start(item::flush);
            Await.until("someone waits", item::hasWaiters);
            assertTrue(i == 0 ? item.cancel() : i == 1 ? item.cancelSync() : item.disableSync());
            flusher.join();
        }
        assertTrue(item.enableAndQueue(workqueue));
        runtime.thaw();
        item.flush();
        assertEquals(1, item.runs());
    }

    /** Nothing is frozen: done at once. */
    @Test
    void a_freeze_of_nothing_is_complete() throws TimeoutException {
        WorkRuntime runtime = runtimes.runtime();
        complete(runtime.freeze());
        runtime.thaw();
        runtime.thaw();
        runtime.freeze(Duration.ofSeconds(20));
        runtime.freeze(Duration.ofSeconds(20));
        assertTrue(runtime.isFrozen());
        runtime.thaw();
        assertFalse(runtime.isFrozen());
    }

    /** A47: the same freeze, however often it is asked for; and one thaw ends it. */
    @Test
    void a_second_freeze_is_the_first_one() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = Kind.BOUND.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item active = runtimes.item(work -> gate.pass());
        workqueue.queue(active);
        Await.until("it runs", active::isRunning);
        CompletableFuture<Void> first = runtime.freeze();
        CompletableFuture<Void> second = runtime.freeze();
        Await.never("it is frozen", () -> first.isDone() || second.isDone());
        gate.open();
        complete(first);
        complete(second);
        runtime.thaw();
        Item item = runtimes.item();
        workqueue.queue(item);
        item.flush();
    }

    /** What depends on the freeze may block: it runs on a thread of its own. */
    @Test
    void what_depends_on_a_freeze_may_block() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = Kind.BOUND.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        workqueue.queue(runtimes.item(work -> gate.pass()));
        AtomicReference<String> thread = new AtomicReference<>();
        CompletableFuture<Void> dependent = runtime.freeze().thenRun(() -> {
            thread.set(Thread.currentThread().getName());
            Item item = runtimes.item(work -> Thread.sleep(1));
            runtime.system().queue(item);
            item.flush();
        });
        gate.open();
        complete(dependent);
        assertFalse(thread.get().matches("kworker/[0-9].*"), thread.get());
        runtime.thaw();
    }

    /** The thaw comes first: the future is cancelled, and says so; what was active goes on. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_thaw_before_the_freeze_is_complete_cancels_it(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item active = runtimes.item(work -> gate.pass());
        workqueue.queue(active);
        Await.until("it runs", active::isRunning);
        CompletableFuture<Void> first = runtime.freeze();
        CompletableFuture<Void> second = runtime.freeze();
        runtime.thaw();
        Await.until("the freeze is cancelled", first::isDone);
        assertTrue(first.isCancelled());
        assertTrue(second.isCancelled());
        assertThrows(CancellationException.class, first::join);
        CompletableFuture<Void> third = runtime.freeze();
        Await.never("it is frozen", third::isDone);
        gate.open();
        complete(third);
        runtime.thaw();
        Item item = runtimes.item();
        workqueue.queue(item);
        workqueue.flush();
        assertEquals(1, item.runs());
        Await.until("the CPUs have nothing to do any more",
                () -> runtime.engines().stream().allMatch(engine -> engine.cpu().doorbell.isAsleep()));
    }

    /** What depends on a freeze may freeze and thaw itself, in whatever way it ended. */
    @Test
    void what_depends_on_a_cancelled_freeze_may_freeze() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = Kind.BOUND.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item active = runtimes.item(work -> gate.pass());
        workqueue.queue(active);
        Await.until("it runs", active::isRunning);
        AtomicBoolean wasFrozen = new AtomicBoolean(true);
        CompletableFuture<Void> dependent = runtime.freeze().handle((nothing, thrown) -> {
            TestThreads.start(() -> wasFrozen.set(runtime.isFrozen() && runtime.freeze().isDone())).join();
            return null;
        });
        runtime.thaw();
        complete(dependent);
        assertFalse(wasFrozen.get());
        gate.open();
    }

    /** The timeout names what is busy, and everything goes on. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_freeze_that_takes_too_long_names_the_busy_items_and_thaws(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item active = runtimes.item(work -> gate.pass());
        Item innocent = runtimes.item(work -> gate.pass());
        workqueue.queue(active);
        runtime.system().queue(innocent);
        Await.until("they run", () -> active.isRunning() && innocent.isRunning());
        String message = assertThrows(TimeoutException.class, () -> runtime.freeze(Duration.ofMillis(20))).getMessage();
        assertTrue(message.contains(Integer.toHexString(System.identityHashCode(active))), message);
        assertTrue(message.contains("'" + workqueue.name() + "'"), message);
        assertFalse(message.contains(Integer.toHexString(System.identityHashCode(innocent))), message);
        assertFalse(runtime.isFrozen());
        if (!kind.isSingle()) {
            Item item = runtimes.item();
            workqueue.queue(item);
            item.flush();
        }
        gate.open();
    }

    /** A timeout of any length will do. */
    @Test
    void a_freeze_with_an_endless_timeout_is_possible() throws TimeoutException {
        WorkRuntime runtime = runtimes.runtime();
        runtime.freeze(Duration.ofSeconds(Long.MAX_VALUE));
        runtime.thaw();
    }

    /** Another thread thaws meanwhile. */
    @Test
    void a_thaw_during_a_waiting_freeze_is_told() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = Kind.BOUND.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item active = runtimes.item(work -> gate.pass());
        workqueue.queue(active);
        Await.until("it runs", active::isRunning);
        AtomicBoolean kept = new AtomicBoolean();
        TestThreads.Started freezer = TestThreads.start(() -> {
            assertThrows(CancellationException.class, () -> runtime.freeze(Duration.ofSeconds(60)));
            kept.set(Thread.interrupted());
        });
        Await.until("it waits", runtime::isFrozen);
        freezer.thread.interrupt();
        Await.never("the interrupt has ended the wait", freezer::isDone);
        runtime.thaw();
        freezer.join();
        assertTrue(kept.get());
        gate.open();
    }

    /** Made while everything is frozen: it is, too. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_workqueue_made_while_frozen_is_frozen(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        complete(runtime.freeze());
        Workqueue workqueue = kind.in(runtimes, runtime);
        Item item = runtimes.item();
        workqueue.queue(item);
        Await.never("it runs", () -> item.runs() > 0);
        runtime.thaw();
        item.flush();
        assertEquals(1, item.runs());
    }

    /** Made while somebody freezes and thaws: it is left in neither state by mistake. */
    @Test
    void a_workqueue_made_during_a_thaw_is_not_left_frozen() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicBoolean isOver = new AtomicBoolean();
        TestThreads.Started freezer = TestThreads.start(() -> {
            while (!isOver.get()) {
                runtime.freeze();
                runtime.thaw();
            }
        });
        List<Item> items = new ArrayList<>();
        List<Workqueue> made = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            Workqueue workqueue = Kind.values()[i % 7].in(runtimes, runtime);
            made.add(workqueue);
            items.add(runtimes.item());
            workqueue.queue(items.getLast());
        }
        isOver.set(true);
        freezer.join();
        items.forEach(Item::flush);
        assertTrue(items.stream().allMatch(item -> item.runs() == 1));
        made.forEach(Workqueue::close);
    }

    /** G36, G72: a limit changed while frozen is in force after the thaw, and releases nothing before. */
    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"BOUND", "UNBOUND", "HIGHPRI", "UNBOUND_BY_CPU"})
    void a_limit_changed_while_frozen_takes_effect_at_the_thaw(Kind kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = kind.in(runtimes, runtime);
        complete(runtime.freeze());
        Gate gate = runtimes.gate();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            items.add(runtimes.item(work -> gate.pass()));
            workqueue.queue(items.getLast());
        }
        workqueue.setMaxActive(100);
        Await.never("something starts", () -> items.stream().anyMatch(item -> item.runs() > 0));
        workqueue.setMaxActive(2);
        Await.never("something starts", () -> items.stream().anyMatch(item -> item.runs() > 0));
        assertEquals(2, workqueue.maxActive());
        runtime.thaw();
        Await.until("two run", () -> items.stream().filter(Item::isRunning).count() == 2);
        Await.never("a third one runs", () -> items.stream().filter(Item::isRunning).count() > 2);
        gate.open();
    }

    /** G72: a limit, or attributes, changed while the freeze waits for what is active do not make it wait for ever. */
    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"BOUND", "UNBOUND", "ORDERED"})
    void a_change_while_a_freeze_is_under_way_does_not_lose_it(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        Gate gate = runtimes.gate();
        Item active = runtimes.item(work -> gate.pass());
        workqueue.queue(active);
        Await.until("it runs", active::isRunning);
        CompletableFuture<Void> future = runtime.freeze();
        if (kind == Kind.ORDERED) {
            workqueue.apply(Attributes.of(Affinity.CPU));
        } else {
            workqueue.setMaxActive(7);
        }
        Await.never("it is frozen", future::isDone);
        gate.open();
        complete(future);
        runtime.thaw();
    }

    /** G72: changes of limits and attributes that race a freeze do not thaw anything. */
    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"BOUND", "UNBOUND", "ORDERED"})
    void changes_that_race_a_freeze_do_not_undo_it(Kind kind) {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = kind.in(runtimes, runtime);
        AtomicBoolean isOver = new AtomicBoolean();
        TestThreads.Started changer = TestThreads.start(() -> {
            for (int i = 0; !isOver.get(); i++) {
                if (kind == Kind.ORDERED) {
                    workqueue.apply(Attributes.of(i % 2 == 0 ? Affinity.CPU : Affinity.SYSTEM));
                } else {
                    workqueue.setMaxActive(1 + i % 5);
                }
            }
        });
        Item item = runtimes.item();
        for (int i = 0; i < 300; i++) {
            complete(runtime.freeze());
            int runs = item.runs();
            workqueue.queue(item);
            for (int j = 0; j < 200; j++) {
                Thread.onSpinWait();
            }
            assertEquals(runs, item.runs());
            runtime.thaw();
            item.flush();
        }
        isOver.set(true);
        changer.join();
    }

    /** A47: a runtime can be closed while it is frozen; with items that wait, after the thaw. */
    @Test
    void a_frozen_runtime_can_be_closed() {
        WorkRuntime runtime = runtimes.runtime();
        for (Kind kind : Kind.values()) {
            kind.in(runtimes, runtime).queue(runtimes.item());
        }
        runtime.flushAll();
        complete(runtime.freeze());
        TestThreads.start(runtime::close).join();
        WorkRuntime another = runtimes.runtime();
        Workqueue workqueue = Kind.BOUND.in(runtimes, another);
        complete(another.freeze());
        Item item = runtimes.item();
        workqueue.queue(item);
        TestThreads.Started closer = TestThreads.start(another::close);
        Await.until("it waits", () -> closer.thread.getState() == Thread.State.WAITING);
        Await.never("it is closed", closer::isDone);
        another.thaw();
        closer.join();
        assertEquals(1, item.runs());
    }

    /** Who gives up thaws what he has frozen, and not what others freeze too. */
    @Test
    void a_freeze_that_times_out_does_not_thaw_what_others_have_frozen() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("freezable").freezable());
        Gate gate = runtimes.gate();
        Item active = runtimes.item(work -> gate.pass());
        workqueue.queue(active);
        Await.until("it runs", active::isRunning);
        CompletableFuture<Void> others = runtime.freeze();
        TimeoutException left = assertThrows(TimeoutException.class, () -> runtime.freeze(Duration.ofMillis(1)));
        assertTrue(left.getMessage().contains("left so"), left::getMessage);
        assertTrue(runtime.isFrozen());
        assertFalse(others.isDone());
        gate.open();
        complete(others);
        runtime.thaw();
        Gate next = runtimes.gate();
        Item again = runtimes.item(work -> next.pass());
        workqueue.queue(again);
        Await.until("it runs", again::isRunning);
        TimeoutException ended = assertThrows(TimeoutException.class, () -> runtime.freeze(Duration.ofMillis(1)));
        assertTrue(ended.getMessage().contains("thawed again"), ended::getMessage);
        assertFalse(runtime.isFrozen());
        next.open();
        again.flush();
    }
}
