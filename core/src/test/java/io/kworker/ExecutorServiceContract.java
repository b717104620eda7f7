// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@link ExecutorService} says, clause by clause; for ours, and for the JDK's as a check of the tests. */
@Timeout(60)
abstract class ExecutorServiceContract {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** A new one that runs so many tasks at once. */
    abstract ExecutorService make(int tasks);

    /**
     * Whether what was accepted runs or is returned, whatever comes. A {@code ScheduledThreadPoolExecutor} cancels a
     * task silently where its submission meets a shutdown, and those that it returns when they are run.
     */
    boolean keepsItsWord() {
        return true;
    }

    // ---- execute, submit ----

    @Test
    void execute_runs_each_command_once() {
        AtomicInteger runs = new AtomicInteger();
        try (ExecutorService executor = make(2)) {
            for (int i = 0; i < 1000; i++) {
                executor.execute(runs::incrementAndGet);
            }
        }
        assertEquals(1000, runs.get());
    }

    @Test
    void a_future_has_the_result_of_its_task() throws Exception {
        try (ExecutorService executor = make(1)) {
            assertEquals("result", executor.submit(() -> "result").get());
            assertEquals("given", executor.submit(() -> {}, "given").get());
            assertNull(executor.submit(() -> {}).get());
        }
    }

    @Test
    void a_future_has_the_exception_of_its_task() {
        Exception thrown = new Exception("as the test wants");
        try (ExecutorService executor = make(1)) {
            Callable<Object> failing = () -> {
                throw thrown;
            };
            Future<Object> future = executor.submit(failing);
            assertSame(thrown, assertThrows(ExecutionException.class, future::get).getCause());
            assertEquals(Future.State.FAILED, future.state());
        }
    }

    @Test
    void nulls_are_refused() {
        try (ExecutorService executor = make(1)) {
            assertThrows(NullPointerException.class, () -> executor.execute(null));
            assertThrows(NullPointerException.class, () -> executor.submit((Runnable) null));
            assertThrows(NullPointerException.class, () -> executor.submit(null, ""));
            assertThrows(NullPointerException.class, () -> executor.submit((Callable<?>) null));
            assertThrows(NullPointerException.class, () -> executor.invokeAll(null));
            assertThrows(NullPointerException.class, () -> executor.invokeAll(List.of(), 1, null));
            assertThrows(NullPointerException.class, () -> executor.invokeAny(null));
            List<Callable<Object>> withNull = new ArrayList<>();
            withNull.add(null);
            assertThrows(NullPointerException.class, () -> executor.invokeAll(withNull));
            assertThrows(NullPointerException.class, () -> executor.invokeAny(withNull));
        }
    }

    @Test
    void what_the_submitter_did_happens_before_the_task_and_that_before_get() throws Exception {
        try (ExecutorService executor = make(2)) {
            for (int i = 0; i < 1000; i++) {
                int[] box = {i};
                executor.submit(() -> box[0]++).get();
                assertEquals(i + 1, box[0]);
            }
        }
    }

    @Test
    void so_many_tasks_run_at_once_and_no_more() throws Exception {
        CountDownLatch three = new CountDownLatch(3);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (ExecutorService executor = make(3)) {
            for (int i = 0; i < 9; i++) {
                executor.submit(() -> {
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    three.countDown();
                    three.await();
                    inside.decrementAndGet();
                    return null;
                });
            }
        }
        assertEquals(3, most.get());
    }

    // ---- invokeAll, invokeAny ----

    @Test
    void invoke_all_returns_when_all_are_done() throws Exception {
        try (ExecutorService executor = make(2)) {
            List<Callable<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                int number = i;
                tasks.add(() -> {
                    if (number == 7) {
                        throw new IllegalStateException("as the test wants");
                    }
                    return number;
                });
            }
            List<Future<Integer>> futures = executor.invokeAll(tasks);
            assertTrue(futures.stream().allMatch(Future::isDone));
            assertThrows(ExecutionException.class, futures.get(7)::get);
            assertEquals(19, futures.get(19).get());
            assertTrue(executor.invokeAll(List.of()).isEmpty());
        }
    }

    @Test
    void invoke_all_cancels_what_is_late() throws Exception {
        Gate gate = runtimes.gate();
        try (ExecutorService executor = make(1)) {
            AtomicBoolean isInterrupted = new AtomicBoolean();
            List<Future<String>> futures = executor.invokeAll(List.of(() -> "quick", () -> {
                try {
                    gate.pass();
                } catch (InterruptedException e) {
                    isInterrupted.set(true);
                }
                return "late";
            }, () -> "behind it"), 300, TimeUnit.MILLISECONDS);
            assertEquals("quick", futures.get(0).get());
            assertTrue(futures.get(1).isCancelled());
            assertTrue(futures.get(2).isCancelled());
            Await.until("the late one is interrupted", isInterrupted::get);
        }
    }

    @Test
    void invoke_any_returns_one_that_succeeded() throws Exception {
        try (ExecutorService executor = make(2)) {
            Callable<String> failing = () -> {
                throw new IllegalStateException("as the test wants");
            };
            assertEquals("ok", executor.invokeAny(List.of(failing, () -> "ok", failing)));
            assertEquals("ok", executor.invokeAny(List.of(failing, () -> "ok"), 20, TimeUnit.SECONDS));
            assertThrows(ExecutionException.class, () -> executor.invokeAny(List.of(failing, failing)));
            assertThrows(IllegalArgumentException.class, () -> executor.invokeAny(List.of()));
        }
    }

    @Test
    void invoke_any_gives_up_in_time_and_interrupts() {
        Gate gate = runtimes.gate();
        CountDownLatch interrupted = new CountDownLatch(1);
        try (ExecutorService executor = make(1)) {
            Callable<String> late = () -> {
                try {
                    gate.pass();
                } catch (InterruptedException e) {
                    interrupted.countDown();
                }
                return "late";
            };
            assertThrows(TimeoutException.class,
                    () -> executor.invokeAny(List.of(late), 50, TimeUnit.MILLISECONDS));
            gate.open(); // it need not have started
        }
    }

    // ---- cancel ----

    @Test
    void a_task_that_is_cancelled_while_it_waits_does_not_run() throws Exception {
        Gate gate = runtimes.gate();
        AtomicInteger runs = new AtomicInteger();
        try (ExecutorService executor = make(1)) {
            occupy(executor, gate);
            Future<?> future = executor.submit(runs::incrementAndGet);
            assertTrue(future.cancel(false));
            assertFalse(future.cancel(true));
            assertTrue(future.isCancelled() && future.isDone());
            assertThrows(CancellationException.class, future::get);
            gate.open();
        }
        assertEquals(0, runs.get());
    }

    @Test
    void cancel_true_interrupts_the_task_and_cancel_false_does_not() throws Exception {
        for (boolean interrupt : new boolean[] {true, false}) {
            Gate gate = runtimes.gate();
            CountDownLatch started = new CountDownLatch(1);
            AtomicReference<Boolean> isInterrupted = new AtomicReference<>();
            try (ExecutorService executor = make(1)) {
                Future<?> future = executor.submit(() -> {
                    started.countDown();
                    try {
                        gate.pass();
                        isInterrupted.set(false);
                    } catch (InterruptedException e) {
                        isInterrupted.set(true);
                    }
                });
                Await.open("it has started", started);
                assertTrue(future.cancel(interrupt));
                if (!interrupt) {
                    gate.open();
                }
            }
            assertEquals(interrupt, isInterrupted.get());
        }
    }

    /** The interrupt is for the task that was cancelled, never for the next one on its thread. */
    @Test
    void an_interrupt_never_reaches_the_next_task() {
        AtomicInteger strays = new AtomicInteger();
        try (ExecutorService executor = make(1)) {
            for (int i = 0; i < 3000; i++) {
                AtomicBoolean isNear = new AtomicBoolean();
                Future<?> future = executor.submit(() -> isNear.set(true));
                Future<?> next = executor.submit(() -> {
                    if (Thread.currentThread().isInterrupted()) {
                        strays.incrementAndGet();
                    }
                });
                if (i % 2 == 0) {
                    Await.until("it has started", isNear::get);
                }
                future.cancel(true);
                Await.until("the next one is done", next::isDone);
            }
        }
        assertEquals(0, strays.get());
    }

    @Test
    void tasks_start_with_a_clear_interrupt_flag() throws Exception {
        try (ExecutorService executor = make(1)) {
            for (int i = 0; i < 100; i++) {
                executor.submit(() -> Thread.currentThread().interrupt()).get();
                assertFalse(executor.submit(() -> Thread.currentThread().isInterrupted()).get());
            }
        }
    }

    // ---- shutdown ----

    @Test
    void after_shutdown_what_was_accepted_runs_and_nothing_else() throws Exception {
        Gate gate = runtimes.gate();
        AtomicInteger runs = new AtomicInteger();
        ExecutorService executor = make(1);
        occupy(executor, gate);
        for (int i = 0; i < 10; i++) {
            executor.execute(runs::incrementAndGet);
        }
        executor.shutdown();
        assertTrue(executor.isShutdown());
        assertFalse(executor.isTerminated());
        assertThrows(RejectedExecutionException.class, () -> executor.execute(runs::incrementAndGet));
        assertThrows(RejectedExecutionException.class, () -> executor.submit(() -> 1));
        assertThrows(RejectedExecutionException.class, () -> executor.invokeAll(List.of(() -> 1)));
        assertThrows(RejectedExecutionException.class, () -> executor.invokeAny(List.of(() -> 1)));
        assertFalse(executor.awaitTermination(1, TimeUnit.MILLISECONDS));
        gate.open();
        assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
        assertTrue(executor.isTerminated());
        assertEquals(10, runs.get());
        executor.shutdown();
        assertTrue(executor.shutdownNow().isEmpty());
        executor.close();
    }

    @Test
    void an_unused_one_terminates_at_once() throws Exception {
        ExecutorService executor = make(1);
        assertFalse(executor.isShutdown() || executor.isTerminated());
        executor.shutdown();
        assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
    }

    /** What runs ends by its interrupt at once, and the next one was started before all were taken back. */
    @Test
    void shutdown_now_starts_nothing_in_the_place_of_what_it_interrupts() throws Exception {
        for (int round = 0; round < 3; round++) {
            Gate gate = runtimes.gate();
            ExecutorService executor = make(1);
            CountDownLatch started = new CountDownLatch(1);
            AtomicInteger runs = new AtomicInteger();
            executor.execute(() -> {
                started.countDown();
                try {
                    gate.pass();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            Await.open("it has started", started);
            for (int i = 0; i < 20_000; i++) {
                executor.submit(runs::incrementAndGet);
            }
            assertEquals(20_000, executor.shutdownNow().size());
            assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
            assertEquals(0, runs.get());
        }
    }

    @Test
    void shutdown_now_interrupts_what_runs_and_returns_the_rest() throws Exception {
        Gate gate = runtimes.gate();
        ExecutorService executor = make(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch started = new CountDownLatch(1);
        AtomicInteger runs = new AtomicInteger();
        executor.execute(() -> {
            started.countDown();
            try {
                gate.pass();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        Await.open("it has started", started);
        Future<?> future = executor.submit(runs::incrementAndGet);
        Future<?> cancelled = executor.submit(runs::incrementAndGet);
        cancelled.cancel(false);
        executor.execute(runs::incrementAndGet);
        List<Runnable> rest = new ArrayList<>(executor.shutdownNow());
        rest.remove(cancelled); // the JDK's may return it
        assertTrue(executor.isShutdown());
        assertEquals(2, rest.size());
        assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
        Await.open("what runs is interrupted", interrupted);
        assertEquals(0, runs.get());
        assertFalse(future.isDone());
        rest.forEach(Runnable::run);
        assertEquals(keepsItsWord() ? 2 : 0, runs.get());
        assertTrue(future.isDone());
    }

    @Test
    void close_waits_for_the_tasks_and_an_interrupted_one_stops_them() {
        Gate gate = runtimes.gate();
        CountDownLatch started = new CountDownLatch(1);
        AtomicBoolean isInterrupted = new AtomicBoolean();
        ExecutorService executor = make(1);
        executor.execute(() -> {
            started.countDown();
            try {
                gate.pass();
            } catch (InterruptedException e) {
                isInterrupted.set(true);
            }
        });
        Await.open("it has started", started);
        AtomicBoolean keptFlag = new AtomicBoolean();
        Thread closer = new Thread(() -> {
            executor.close();
            keptFlag.set(Thread.currentThread().isInterrupted());
        });
        closer.start();
        Await.until("it is closed", executor::isShutdown);
        assertFalse(executor.isTerminated());
        closer.interrupt();
        Threads.join(closer);
        assertTrue(executor.isTerminated());
        assertTrue(isInterrupted.get());
        assertTrue(keptFlag.get());
    }

    @Test
    void an_interrupt_ends_the_wait_for_termination() {
        ExecutorService executor = make(1);
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> executor.awaitTermination(20, TimeUnit.SECONDS));
        executor.shutdown();
    }

    // ---- under load ----

    /** Accepted = ran + returned + cancelled. */
    @Test
    void shutdown_now_under_load_loses_nothing() throws Exception {
        for (int round = 0; round < 20; round++) {
            ExecutorService executor = make(2);
            Set<Runnable> ran = ConcurrentHashMap.newKeySet();
            ConcurrentLinkedQueue<Runnable> accepted = new ConcurrentLinkedQueue<>();
            Set<Runnable> cancelled = ConcurrentHashMap.newKeySet();
            List<Thread> submitters = new ArrayList<>();
            for (int s = 0; s < 2; s++) {
                Thread submitter = new Thread(() -> submitAll(executor, ran, accepted, cancelled));
                submitter.start();
                submitters.add(submitter);
            }
            int enough = 300 * round;
            Await.until("some have run", () -> ran.size() >= Math.min(enough, 3000));
            List<Runnable> returned = executor.shutdownNow();
            submitters.forEach(Threads::join);
            assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
            long returnedLive = returned.stream().filter(task -> !(task instanceof Future<?> f && f.isDone())).count();
            cancelled.removeAll(ran); // cancelled as it ran
            long sum = ran.size() + returnedLive + cancelled.size();
            assertTrue(keepsItsWord() ? accepted.size() == sum : accepted.size() >= sum,
                    "round " + round + ": " + accepted.size() + " accepted, " + sum + " accounted for");
            for (Runnable task : returned) {
                assertFalse(ran.contains(task), "returned and run");
            }
            assertEquals(returned.size(), new HashSet<>(returned).size());
        }
    }

    private static void submitAll(ExecutorService executor, Set<Runnable> ran,
            ConcurrentLinkedQueue<Runnable> accepted, Set<Runnable> cancelled) {
        AtomicInteger waiting = new AtomicInteger();
        try {
            for (int i = 0;; i++) {
                Runnable command = new Runnable() {
                    @Override
                    public void run() {
                        ran.add(this);
                        waiting.decrementAndGet();
                    }
                };
                waiting.incrementAndGet();
                if (i % 4 == 0) {
                    Future<?> future = executor.submit(command);
                    accepted.add(command);
                    if (future.cancel(false)) {
                        cancelled.add(command);
                        waiting.decrementAndGet();
                    }
                } else {
                    executor.execute(command);
                    accepted.add(command);
                }
                slowDown(executor, waiting::get);
            }
        } catch (RejectedExecutionException e) {
            assertTrue(executor.isShutdown());
        }
    }

    /** A task is accepted and runs, or is rejected, whenever the shutdown comes. */
    @Test
    void shutdown_under_load_loses_nothing() throws Exception {
        for (int round = 0; round < 50; round++) {
            ExecutorService executor = make(2);
            AtomicInteger ran = new AtomicInteger();
            AtomicInteger accepted = new AtomicInteger();
            Thread submitter = new Thread(() -> {
                try {
                    for (;;) {
                        executor.execute(ran::incrementAndGet);
                        accepted.incrementAndGet();
                        slowDown(executor, () -> accepted.get() - ran.get());
                    }
                } catch (RejectedExecutionException e) {
                    assertInstanceOf(RejectedExecutionException.class, e);
                }
            });
            submitter.start();
            int enough = round * 10;
            Await.until("some have run", () -> ran.get() >= enough);
            if (round % 2 == 0) {
                executor.shutdown();
                assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
            } else {
                executor.close();
            }
            int atTermination = ran.get();
            Threads.join(submitter);
            assertTrue(keepsItsWord() ? accepted.get() == ran.get() : accepted.get() >= ran.get(),
                    accepted + " accepted, " + ran + " run");
            assertEquals(atTermination, ran.get());
        }
    }

    /** Where the submitter is faster than the executor, it would take long to empty the queue. */
    private static void slowDown(ExecutorService executor, IntSupplier waiting) {
        while (waiting.getAsInt() > 200 && !executor.isShutdown()) {
            Thread.yield();
        }
    }

    static void occupy(ExecutorService executor, Gate gate) {
        CountDownLatch started = new CountDownLatch(1);
        executor.submit(() -> {
            started.countDown();
            gate.pass();
            return null;
        });
        Await.open("it is occupied", started);
    }
}
