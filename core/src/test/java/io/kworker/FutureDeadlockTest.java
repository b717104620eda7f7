// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A handler that waits in {@link Future#get} for a task that can never come to its end is told so (J6), and no other
 * one.
 */
@Timeout(60)
class FutureDeadlockTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** Workqueues that run so many at once, in all. */
    enum Kind {
        BOUND {
            @Override
            Workqueue.Builder builder(RuntimeExtension runtimes) {
                return runtimes.oneCpu().workqueue("narrow");
            }
        },
        UNBOUND {
            @Override
            Workqueue.Builder builder(RuntimeExtension runtimes) {
                return runtimes.runtime().workqueue("narrow").unbound().affinity(Affinity.SYSTEM);
            }
        };

        abstract Workqueue.Builder builder(RuntimeExtension runtimes);

        ScheduledExecutorService make(RuntimeExtension runtimes, int tasks) {
            return runtimes.queue(builder(runtimes).maxActive(tasks)).asScheduledExecutorService();
        }
    }

    @BeforeEach
    void itemsAreTheViews() {
        runtimes.doNotCountRuns();
    }

    /** However a wait has ended, the graph has forgotten it. */
    @AfterEach
    void nobodyIsLeftWaiting() {
        Await.until("nobody is in the graph", () -> WaitGraph.size() == 0);
    }

    private static WorkDeadlockException refusal(Future<?> future) {
        ExecutionException failure = assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
        return assertInstanceOf(WorkDeadlockException.class, failure.getCause());
    }

    // ---- knots ----

    @ParameterizedTest
    @EnumSource
    void a_task_that_waits_for_one_behind_it_with_no_slot_left_is_told(Kind kind) throws Exception {
        try (ExecutorService executor = kind.make(runtimes, 1)) {
            AtomicReference<Future<String>> inner = new AtomicReference<>();
            Future<String> outer = executor.submit(() -> {
                inner.set(executor.submit(() -> "ran after all"));
                return inner.get().get();
            });
            String message = refusal(outer).getMessage();
            assertTrue(message.contains("Future.get()") && message.contains("needs a slot of workqueue 'narrow' (1 in"),
                    message);
            assertTrue(message.contains(FutureDeadlockTest.class.getName() + "$$Lambda"), message);
            assertEquals("ran after all", inner.get().get()); // the other one had the only slot
        }
    }

    @Test
    void so_is_one_of_an_ordered_workqueue() {
        Workqueue ordered = runtimes.queue(runtimes.runtime().workqueue("ordered").ordered());
        try (ExecutorService executor = ordered.asExecutorService()) {
            refusal(executor.submit(() -> executor.submit(() -> "never").get()));
        }
    }

    /** All of the slots are held by tasks that wait for others without one: each is told, or goes on since one was. */
    @ParameterizedTest
    @EnumSource
    void so_are_several_that_hold_all_slots(Kind kind) throws Exception {
        try (ExecutorService executor = kind.make(runtimes, 4)) {
            CountDownLatch all = new CountDownLatch(4);
            AtomicInteger refused = new AtomicInteger();
            AtomicInteger served = new AtomicInteger();
            List<Future<?>> outers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                outers.add(executor.submit(() -> {
                    all.countDown();
                    all.await();
                    try {
                        executor.submit(() -> 1).get();
                        served.incrementAndGet();
                    } catch (WorkDeadlockException e) {
                        refused.incrementAndGet();
                    }
                    return null;
                }));
            }
            for (Future<?> outer : outers) {
                outer.get(20, TimeUnit.SECONDS);
            }
            assertTrue(refused.get() >= 1);
            assertEquals(4, refused.get() + served.get());
        }
    }

    @Test
    void tasks_that_wait_for_each_other_are_told() throws Exception {
        try (ExecutorService executor = Kind.BOUND.make(runtimes, 10)) {
            CompletableFuture<Future<String>> first = new CompletableFuture<>();
            Future<String> second = executor.submit(() -> first.get().get());
            first.complete(executor.submit(() -> {
                try {
                    return second.get();
                } catch (ExecutionException e) {
                    return "the other one was told";
                }
            }));
            try {
                assertEquals("the other one was told", second.get(20, TimeUnit.SECONDS));
            } catch (ExecutionException e) {
                assertTrue(chain(e).stream().anyMatch(WorkDeadlockException.class::isInstance), e.toString());
            }
        }
    }

    private static List<Throwable> chain(Throwable first) {
        return Stream.iterate(first, t -> t != null, Throwable::getCause).toList();
    }

    @Test
    void a_task_that_waits_for_itself_is_told() throws Exception {
        try (ExecutorService executor = Kind.BOUND.make(runtimes, 10)) {
            CompletableFuture<Future<String>> self = new CompletableFuture<>();
            self.complete(executor.submit(() -> self.get().get()));
            refusal(self.get());
        }
    }

    /** Of a periodic task the queue entry is the trigger, and one that waits for its time may still get a slot. */
    @ParameterizedTest
    @EnumSource
    void a_task_that_waits_for_a_delayed_one_is_told_when_the_time_has_come(Kind kind) {
        try (ScheduledExecutorService executor = kind.make(runtimes, 1)) {
            long start = System.nanoTime();
            refusal(executor.submit(() -> executor.schedule(() -> "never", 60, TimeUnit.MILLISECONDS).get()));
            assertTrue(System.nanoTime() - start >= 60_000_000);
            AtomicReference<ScheduledFuture<?>> periodic = new AtomicReference<>();
            refusal(executor.submit(() -> {
                periodic.set(executor.scheduleAtFixedRate(() -> {}, 0, 1, TimeUnit.MILLISECONDS));
                return periodic.get().get();
            }));
            periodic.get().cancel(true);
        }
    }

    @Test
    void a_knot_may_have_flushes_and_futures_in_it() throws Exception {
        Workqueue narrow = runtimes.queue(runtimes.oneCpu(), "narrow", 1);
        ExecutorService executor = narrow.asExecutorService();
        Workqueue other = runtimes.queue(narrow.runtime(), "other", 1);
        Gate isKnown = runtimes.gate();
        AtomicReference<Future<String>> waitedFor = new AtomicReference<>();
        AtomicReference<Throwable> seenByItem = new AtomicReference<>();
        Item item = runtimes.item(work -> {
            isKnown.pass();
            try {
                waitedFor.get().get();
            } catch (WorkDeadlockException | ExecutionException e) {
                seenByItem.set(e);
            }
        });
        waitedFor.set(executor.submit(() -> {
            other.queue(item);
            item.flush();
            return "the item was told";
        }));
        isKnown.open();
        try {
            assertEquals("the item was told", waitedFor.get().get(20, TimeUnit.SECONDS));
            assertInstanceOf(WorkDeadlockException.class, seenByItem.get());
        } catch (ExecutionException e) {
            assertInstanceOf(WorkDeadlockException.class, e.getCause());
        }
        item.flush();
        executor.close();
    }

    @ParameterizedTest
    @EnumSource
    void invoke_all_on_the_own_executor_with_no_slot_left_is_refused(Kind kind) {
        try (ExecutorService executor = kind.make(runtimes, 1)) {
            AtomicInteger runs = new AtomicInteger();
            refusal(executor.submit(() -> executor.invokeAll(List.of(runs::incrementAndGet, runs::incrementAndGet))));
            assertEquals(0, runs.get()); // they are cancelled
        }
    }

    // ---- no false alarm ----

    /** A chain of tasks, each of which waits for the next one; the last one takes its time. */
    private static int chain(ExecutorService executor, int length, Gate last) throws Exception {
        if (length == 1) {
            last.pass();
            return 1;
        }
        return 1 + executor.submit(() -> chain(executor, length - 1, last)).get();
    }

    @ParameterizedTest
    @EnumSource
    void a_chain_as_long_as_the_limit_comes_to_its_end(Kind kind) throws Exception {
        int length = 100;
        try (ExecutorService executor = kind.make(runtimes, length)) {
            Gate last = runtimes.gate();
            Future<Integer> all = executor.submit(() -> chain(executor, length, last));
            Await.until("all but the last one look whether they wait in vain", () -> WaitGraph.size() == length - 1);
            Await.never("somebody is told", all::isDone);
            last.open();
            assertEquals(length, all.get(20, TimeUnit.SECONDS));
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_longer_one_does_not(Kind kind) {
        int length = 20;
        try (ExecutorService executor = kind.make(runtimes, length)) {
            Gate open = runtimes.gate();
            open.open();
            Future<Integer> all = executor.submit(() -> chain(executor, length + 1, open));
            ExecutionException failure = assertThrows(ExecutionException.class, () -> all.get(20, TimeUnit.SECONDS));
            assertTrue(chain(failure).stream().anyMatch(WorkDeadlockException.class::isInstance));
        }
    }

    /** One slot is held by a task that is not in the graph: it may end. */
    @ParameterizedTest
    @EnumSource
    void a_slot_that_may_fall_free_is_no_knot(Kind kind) throws Exception {
        try (ExecutorService executor = kind.make(runtimes, 2)) {
            Gate gate = runtimes.gate();
            ExecutorServiceContract.occupy(executor, gate);
            Future<String> outer = executor.submit(() -> executor.submit(() -> "ran").get());
            Await.until("it looks whether it waits in vain", () -> WaitGraph.size() == 1);
            Await.never("it is told", outer::isDone);
            gate.open();
            assertEquals("ran", outer.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void a_wait_for_a_task_elsewhere_is_no_knot() throws Exception {
        WorkRuntime runtime = runtimes.oneCpu();
        try (ExecutorService one = runtimes.queue(runtime, "one", 1).asExecutorService();
                ExecutorService other = runtimes.queue(runtime, "other", 1).asExecutorService()) {
            Gate gate = runtimes.gate();
            ExecutorServiceContract.occupy(other, gate);
            Future<String> outer = one.submit(() -> other.submit(() -> "ran").get());
            Await.until("it looks whether it waits in vain", () -> WaitGraph.size() == 1);
            Await.never("it is told", outer::isDone);
            gate.open();
            assertEquals("ran", outer.get(20, TimeUnit.SECONDS));
        }
    }

    /** Nothing starts while it is frozen, but that is not for ever. */
    @Test
    void a_freeze_is_no_knot() throws Exception {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("frozen").freezable().maxActive(2));
        try (ExecutorService executor = workqueue.asExecutorService()) {
            CountDownLatch isRunning = new CountDownLatch(1);
            Gate gate = runtimes.gate();
            Future<String> outer = executor.submit(() -> {
                isRunning.countDown();
                gate.pass();
                return executor.submit(() -> "ran").get();
            });
            Await.open("it runs", isRunning);
            runtime.freeze();
            gate.open();
            Await.until("it looks whether it waits in vain", () -> WaitGraph.size() == 1);
            Await.never("it is told", outer::isDone);
            runtime.thaw();
            assertEquals("ran", outer.get(20, TimeUnit.SECONDS));
        }
    }

    /** What ends by itself needs no help. */
    @Test
    void a_wait_with_a_time_limit_is_let_be() throws Exception {
        try (ExecutorService executor = Kind.BOUND.make(runtimes, 1)) {
            Future<String> outer = executor.submit(() -> {
                Future<String> inner = executor.submit(() -> "too late");
                assertThrows(TimeoutException.class, () -> inner.get(100, TimeUnit.MILLISECONDS));
                return "given up";
            });
            assertEquals("given up", outer.get(20, TimeUnit.SECONDS));
        }
    }

    // ---- many at once ----

    /** Each task waits for some that were submitted after it. With a slot for each nobody is told; nobody hangs. */
    @ParameterizedTest
    @ValueSource(ints = {60, 4, 1})
    void tasks_that_wait_for_later_ones_all_come_to_an_end(int limit) throws Exception {
        int count = 60;
        try (ExecutorService executor = Kind.UNBOUND.make(runtimes, limit)) {
            AtomicInteger refused = new AtomicInteger();
            CompletableFuture<List<Future<Integer>>> all = new CompletableFuture<>();
            List<Future<Integer>> futures = new ArrayList<>();
            for (int number = 0; number < count; number++) {
                int own = number;
                SplittableRandom random = new SplittableRandom(31 * limit + number);
                futures.add(executor.submit(() -> {
                    List<Future<Integer>> tasks = all.get();
                    Thread.sleep(random.nextInt(3) == 0 ? 15 : 0);
                    for (int i = 0; own < count - 1 && i < 3; i++) {
                        try {
                            tasks.get(random.nextInt(own + 1, count)).get();
                        } catch (WorkDeadlockException e) {
                            refused.incrementAndGet();
                        }
                    }
                    return own;
                }));
            }
            all.complete(futures);
            for (int number = 0; number < count; number++) {
                assertEquals(number, futures.get(number).get(50, TimeUnit.SECONDS));
            }
            assertEquals(limit < count, refused.get() > 0);
        }
    }

    // ---- other ends of the wait ----

    /** Interrupted, or the awaited one cancelled, before or after the first look. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_interrupt_or_a_cancel_ends_the_wait(boolean isCancelled) throws Exception {
        try (ExecutorService executor = Kind.BOUND.make(runtimes, 3)) {
            Gate gate = runtimes.gate();
            for (boolean isEarly : new boolean[] {true, false}) {
                Future<String> inner = executor.submit(() -> {
                    gate.pass();
                    return "late";
                });
                AtomicReference<Throwable> seen = new AtomicReference<>();
                CountDownLatch isRunning = new CountDownLatch(1);
                Future<?> outer = executor.submit(() -> {
                    isRunning.countDown();
                    seen.set(assertThrows(Exception.class, inner::get));
                });
                Await.open("it runs", isRunning);
                Await.until("it waits", () -> isEarly || WaitGraph.size() == 1);
                assertTrue(isCancelled ? inner.cancel(true) : outer.cancel(true));
                Await.until("it is over", () -> seen.get() != null);
                assertSame(isCancelled ? CancellationException.class : InterruptedException.class,
                        seen.get().getClass());
                inner.cancel(true);
            }
            assertFalse(gate.isOpen());
        }
    }

    @Test
    void a_wait_of_a_handler_has_the_result_or_the_exception() throws Exception {
        try (ExecutorService executor = Kind.BOUND.make(runtimes, 2)) {
            Gate gate = runtimes.gate();
            Exception thrown = new Exception("as the test wants");
            Future<String> good = executor.submit(() -> executor.submit(() -> {
                gate.pass();
                return "result";
            }).get());
            Await.until("it looks whether it waits in vain", () -> WaitGraph.size() == 1);
            gate.open();
            assertEquals("result", good.get(20, TimeUnit.SECONDS));
            Future<Throwable> bad = executor.submit(() -> assertThrows(ExecutionException.class, executor.submit(() -> {
                throw thrown;
            })::get).getCause());
            assertEquals(thrown, bad.get(20, TimeUnit.SECONDS));
        }
    }

    /** Who has a future executed twice has two that can end it, of which only one is stuck. */
    @Test
    void a_future_that_runs_elsewhere_is_waited_for_though_it_is_queued_behind_the_waiter_as_well() throws Exception {
        try (ExecutorService wide = Kind.UNBOUND.make(runtimes, 2);
                ExecutorService narrow = Kind.BOUND.make(runtimes, 1)) {
            Gate gate = runtimes.gate();
            Gate queued = runtimes.gate();
            CountDownLatch runs = new CountDownLatch(1);
            Future<String> inner = wide.submit(() -> {
                runs.countDown();
                gate.pass();
                return "result";
            });
            Await.open("it runs", runs);
            Future<String> outer = narrow.submit(() -> {
                queued.pass();
                return inner.get();
            });
            narrow.execute((Runnable) inner);
            queued.open();
            Await.until("it looks whether it waits in vain", () -> outer.isDone() || WaitGraph.size() == 1);
            gate.open();
            assertEquals("result", outer.get(20, TimeUnit.SECONDS));
        }
    }

    /** As who lends a hand where the executor is busy. */
    @Test
    void so_is_one_that_somebody_runs_who_has_taken_it_for_a_runnable() throws Exception {
        try (ExecutorService narrow = Kind.BOUND.make(runtimes, 1)) {
            Gate gate = runtimes.gate();
            Gate helped = runtimes.gate();
            CountDownLatch runs = new CountDownLatch(1);
            AtomicReference<Future<String>> inner = new AtomicReference<>();
            Future<String> outer = narrow.submit(() -> {
                helped.pass();
                return inner.get().get();
            });
            inner.set(narrow.submit(() -> {
                runs.countDown();
                gate.pass();
                return "result";
            }));
            Thread helper = Thread.ofPlatform().start((Runnable) inner.get());
            Await.open("it runs", runs);
            helped.open();
            Await.until("it looks whether it waits in vain", () -> outer.isDone() || WaitGraph.size() == 1);
            gate.open();
            assertEquals("result", outer.get(20, TimeUnit.SECONDS));
            helper.join();
        }
    }
}
