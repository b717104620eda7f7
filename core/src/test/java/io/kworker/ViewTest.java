// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What executors of workqueues have that the JDK's do not: bounds, and a workqueue that they live on. */
@Timeout(60)
class ViewTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private volatile Object kept;

    @BeforeEach
    void itemsAreTheViews() {
        runtimes.doNotCountRuns();
    }

    private Workqueue workqueue(int maxActive) {
        return runtimes.queue(runtimes.oneCpu(), "view", maxActive);
    }

    // ---- bounds ----

    @Test
    void a_bound_rejects_the_one_too_many_and_leaves_no_trace_of_it() throws Exception {
        View executor = (View) workqueue(1).asExecutorService(Bound.reject(2));
        for (int round = 0; round < 3; round++) {
            Gate gate = runtimes.gate();
            AtomicInteger runs = new AtomicInteger();
            ExecutorServiceContract.occupy(executor, gate);
            executor.execute(runs::incrementAndGet);
            Future<?> second = executor.submit(runs::incrementAndGet);
            long size = executor.size();
            for (int i = 0; i < 10; i++) {
                assertThrows(RejectedExecutionException.class, () -> executor.execute(runs::incrementAndGet));
                assertThrows(RejectedExecutionException.class, () -> executor.submit(runs::incrementAndGet));
            }
            assertEquals(size, executor.size());
            gate.open();
            second.get();
            assertEquals(2, runs.get());
        }
        executor.close();
    }

    @Test
    void a_cancelled_task_gives_its_place_back_at_once() {
        Gate gate = runtimes.gate();
        try (ScheduledExecutorService executor = workqueue(1).asScheduledExecutorService(Bound.reject(1))) {
            ExecutorServiceContract.occupy(executor, gate);
            for (int i = 0; i < 10; i++) {
                Future<?> future = executor.submit(() -> {});
                assertThrows(RejectedExecutionException.class, () -> executor.schedule(() -> {}, 1, TimeUnit.DAYS));
                assertTrue(future.cancel(false));
                Future<?> timed = executor.schedule(() -> {}, 1, TimeUnit.DAYS);
                assertThrows(RejectedExecutionException.class, () -> executor.execute(() -> {}));
                assertTrue(timed.cancel(false));
            }
            gate.open();
        }
    }

    @Test
    void the_caller_runs_what_finds_no_place() {
        Gate gate = runtimes.gate();
        AtomicReference<Thread> ranOn = new AtomicReference<>();
        ScheduledExecutorService executor = workqueue(1).asScheduledExecutorService(Bound.callerRuns(1));
        ExecutorServiceContract.occupy(executor, gate);
        executor.execute(() -> {});
        executor.execute(() -> ranOn.set(Thread.currentThread()));
        assertSame(Thread.currentThread(), ranOn.get());
        assertTrue(executor.submit(() -> {}).isDone());
        IllegalStateException thrown = new IllegalStateException("as the test wants");
        assertSame(thrown, assertThrows(IllegalStateException.class, () -> executor.execute(() -> {
            throw thrown;
        })));
        assertThrows(RejectedExecutionException.class, () -> executor.schedule(() -> {}, 1, TimeUnit.DAYS));
        executor.shutdown();
        assertThrows(RejectedExecutionException.class, () -> executor.execute(() -> {}));
        gate.open();
        executor.close();
    }

    @Test
    void the_submitter_blocks_until_there_is_a_place() {
        Gate gate = runtimes.gate();
        AtomicInteger runs = new AtomicInteger();
        ExecutorService executor = workqueue(1).asExecutorService(Bound.block(1));
        ExecutorServiceContract.occupy(executor, gate);
        executor.execute(runs::incrementAndGet);
        TestThreads.Started submitter = TestThreads.start(() -> executor.execute(runs::incrementAndGet));
        awaitParked(submitter);
        gate.open();
        submitter.join();
        executor.close();
        assertEquals(2, runs.get());
    }

    @Test
    void a_blocked_submitter_is_rejected_when_interrupted_and_keeps_its_flag() {
        Gate gate = runtimes.gate();
        ExecutorService executor = workqueue(1).asExecutorService(Bound.block(1));
        ExecutorServiceContract.occupy(executor, gate);
        executor.execute(() -> {});
        Thread.currentThread().interrupt();
        assertThrows(RejectedExecutionException.class, () -> executor.execute(() -> {}));
        assertTrue(Thread.interrupted());
        gate.open();
        executor.close();
    }

    @Test
    void blocked_submitters_are_rejected_at_the_shutdown() {
        Gate gate = runtimes.gate();
        ExecutorService executor = workqueue(1).asExecutorService(Bound.block(1));
        ExecutorServiceContract.occupy(executor, gate);
        executor.execute(() -> {});
        List<TestThreads.Started> submitters = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            submitters.add(TestThreads.start(
                    () -> assertThrows(RejectedExecutionException.class, () -> executor.execute(() -> {}))));
        }
        submitters.forEach(ViewTest::awaitParked);
        executor.shutdown();
        submitters.forEach(TestThreads.Started::join);
        gate.open();
        executor.close();
    }

    @Test
    void bounds_out_of_range_are_refused() {
        for (int tasks : new int[] {Integer.MIN_VALUE, 0, Bound.MAX_TASKS + 1}) {
            assertThrows(IllegalArgumentException.class, () -> Bound.block(tasks));
            assertThrows(IllegalArgumentException.class, () -> Bound.reject(tasks));
            assertThrows(IllegalArgumentException.class, () -> Bound.callerRuns(tasks));
        }
        Workqueue workqueue = workqueue(1);
        assertThrows(NullPointerException.class, () -> workqueue.asExecutorService(null));
        assertThrows(NullPointerException.class, () -> workqueue.asScheduledExecutorService(null));
    }

    private static void awaitParked(TestThreads.Started submitter) {
        Await.until("the submitter blocks", () -> submitter.thread.getState() == Thread.State.WAITING);
    }

    // ---- the workqueue ----

    @Test
    void an_executor_is_shut_down_by_itself() throws Exception {
        Workqueue workqueue = workqueue(2);
        ExecutorService one = workqueue.asExecutorService();
        ExecutorService other = workqueue.asExecutorService();
        Gate gate = runtimes.gate();
        ExecutorServiceContract.occupy(other, gate);
        one.close();
        assertTrue(one.isTerminated());
        assertFalse(other.isShutdown());
        Item item = runtimes.item();
        assertTrue(workqueue.queue(item));
        item.flush();
        assertEquals("runs", other.submit(() -> "runs").get());
        gate.open();
        other.close();
    }

    /** J8: they run on the same threads, one after another. */
    @Test
    void shutdown_now_interrupts_no_task_of_another_executor() {
        Workqueue workqueue = workqueue(1);
        AtomicInteger strays = new AtomicInteger();
        AtomicInteger interrupted = new AtomicInteger();
        ExecutorService other = workqueue.asExecutorService();
        for (int i = 0; i < 2_000; i++) {
            ExecutorService one = workqueue.asExecutorService();
            AtomicBoolean isNear = new AtomicBoolean();
            boolean isLong = i % 2 == 0; // else it ends, or has not begun, when the interrupt comes
            one.execute(() -> {
                isNear.set(true);
                while (isLong && !Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                }
                if (Thread.currentThread().isInterrupted()) {
                    interrupted.incrementAndGet();
                }
            });
            Future<?> next = other.submit(() -> {
                if (Thread.currentThread().isInterrupted()) {
                    strays.incrementAndGet();
                }
            });
            if (isLong) {
                Await.until("it has started", isNear::get);
            }
            one.shutdownNow();
            Await.until("the next one is done", next::isDone);
        }
        other.close();
        assertEquals(0, strays.get());
        assertTrue(interrupted.get() >= 1_000);
    }

    /** J2: what is queued runs, what waits for a timer is cancelled. */
    @Test
    void the_end_of_the_workqueue_ends_its_executors() {
        Workqueue workqueue = workqueue(1);
        ExecutorService plain = workqueue.asExecutorService(Bound.block(1));
        ScheduledExecutorService timed = workqueue.asScheduledExecutorService();
        Gate gate = runtimes.gate();
        AtomicInteger runs = new AtomicInteger();
        ExecutorServiceContract.occupy(plain, gate);
        plain.execute(runs::incrementAndGet);
        TestThreads.Started submitter = TestThreads.start(
                () -> assertThrows(RejectedExecutionException.class, () -> plain.execute(runs::incrementAndGet)));
        awaitParked(submitter);
        timed.execute(runs::incrementAndGet);
        ScheduledFuture<?> delayed = timed.schedule(() -> 1, 1, TimeUnit.HOURS);
        ScheduledFuture<?> periodic = timed.scheduleAtFixedRate(() -> {}, 1, 1, TimeUnit.HOURS);
        TestThreads.Started closer = TestThreads.start(workqueue::close);
        Await.until("both are shut down", () -> plain.isShutdown() && timed.isShutdown());
        submitter.join();
        assertThrows(CancellationException.class, delayed::get);
        assertThrows(CancellationException.class, periodic::get);
        Await.until("both timers are counted", () -> workqueue.stats().timersCancelled() == 2);
        gate.open();
        closer.join();
        assertEquals(2, runs.get());
        assertTrue(plain.isTerminated() && timed.isTerminated());
        assertThrows(RejectedExecutionException.class, () -> plain.execute(() -> {}));
        ExecutorService late = workqueue.asScheduledExecutorService();
        assertTrue(late.isTerminated());
    }

    @Test
    void the_end_of_the_runtime_ends_executors_of_system_queues() {
        WorkRuntime runtime = runtimes.oneCpu();
        ScheduledExecutorService executor = runtime.system().asScheduledExecutorService();
        ScheduledFuture<?> periodic = executor.scheduleAtFixedRate(() -> {}, 0, 1, TimeUnit.MILLISECONDS);
        TestThreads.start(runtime::close).join();
        assertTrue(executor.isTerminated());
        assertTrue(periodic.isCancelled());
    }

    /** Every timer is cancelled or has run, whenever the workqueue ends. */
    @Test
    void timers_armed_against_the_end_of_the_workqueue_are_not_lost() {
        WorkRuntime runtime = runtimes.runtime();
        for (int round = 0; round < 30; round++) {
            Workqueue workqueue = runtimes.queue(runtime.workqueue("closing"));
            ScheduledExecutorService executor = workqueue.asScheduledExecutorService();
            ConcurrentLinkedQueue<ScheduledFuture<?>> accepted = new ConcurrentLinkedQueue<>();
            TestThreads.Started submitter = TestThreads.start(() -> {
                try {
                    for (int i = 0;; i++) {
                        accepted.add(executor.schedule(() -> {}, i % 3, TimeUnit.MILLISECONDS));
                        accepted.add(executor.scheduleAtFixedRate(() -> {}, 0, 100, TimeUnit.MICROSECONDS));
                    }
                } catch (RejectedExecutionException e) {
                    assertTrue(executor.isShutdown());
                }
            });
            int enough = 20 * round;
            Await.until("some are accepted", () -> accepted.size() >= enough);
            TestThreads.start(workqueue::close).join();
            submitter.join();
            assertTrue(executor.isTerminated(), executor::toString);
            assertTrue(accepted.stream().allMatch(Future::isDone));
        }
    }

    /** J2. */
    @Test
    void while_its_workqueue_is_drained_tasks_are_refused_and_timers_cancelled() {
        ConcurrentLinkedQueue<Throwable> reported = new ConcurrentLinkedQueue<>();
        Workqueue workqueue = runtimes.queue(runtimes.oneCpu().workqueue("drained")
                .exceptionHandler((work, thrown) -> reported.add(thrown)));
        View executor = (View) workqueue.asScheduledExecutorService(Bound.reject(2));
        Gate gate = runtimes.gate();
        ExecutorServiceContract.occupy(executor, gate);
        ScheduledFuture<?> timed = ((ScheduledExecutorService) executor).schedule(() -> 1, 20, TimeUnit.MILLISECONDS);
        TestThreads.Started drainer = TestThreads.start(workqueue::drain);
        Await.until("it is being drained", () -> isRefused(executor));
        for (int i = 0; i < 10; i++) {
            assertThrows(RejectedExecutionException.class, () -> executor.submit(() -> {}));
        }
        Await.until("the timer is refused", timed::isDone);
        assertTrue(timed.isCancelled());
        Await.until("that is reported", () -> reported.size() == 1);
        gate.open();
        drainer.join();
        for (int i = 0; i < 10; i++) {
            Future<?> future = executor.submit(() -> {});
            Await.until("it runs", future::isDone);
        }
        executor.close();
    }

    private static boolean isRefused(ExecutorService executor) {
        try {
            executor.submit(() -> {}).cancel(false);
            return false;
        } catch (RejectedExecutionException e) {
            return true;
        }
    }

    @Test
    void a_bh_workqueue_is_no_executor() {
        Workqueue workqueue = runtimes.queue(runtimes.oneCpu().workqueue("bh").bh());
        assertThrows(IllegalStateException.class, workqueue::asExecutorService);
        assertThrows(IllegalStateException.class, workqueue::asScheduledExecutorService);
    }

    /** J11. */
    @Test
    void what_execute_was_given_and_throws_is_reported() {
        ConcurrentLinkedQueue<Throwable> reported = new ConcurrentLinkedQueue<>();
        Workqueue workqueue = runtimes.queue(runtimes.oneCpu().workqueue("failing")
                .exceptionHandler((work, thrown) -> reported.add(thrown)));
        IllegalStateException thrown = new IllegalStateException("as the test wants");
        try (ExecutorService executor = workqueue.asExecutorService()) {
            executor.execute(() -> {
                throw thrown;
            });
            executor.submit(() -> {
                throw thrown;
            });
        }
        Await.until("it is reported", () -> !reported.isEmpty());
        assertEquals(List.of(thrown), List.copyOf(reported));
    }

    /** J6. */
    @Test
    void close_by_a_task_of_its_own_is_refused() throws Exception {
        ScheduledExecutorService executor = workqueue(1).asScheduledExecutorService();
        executor.submit(() -> assertThrows(WorkDeadlockException.class, executor::close)).get();
        executor.schedule(() -> assertThrows(WorkDeadlockException.class, executor::close), 1, TimeUnit.NANOSECONDS)
                .get();
        assertFalse(executor.isShutdown());
        executor.close();
    }

    /** A task that waits for one behind it, with no slot left, by means that the engine does not know. */
    @Test
    void a_limit_that_is_too_small_for_a_latch_is_reported_by_the_watchdog() {
        try (Logs logs = new Logs()) {
            WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu())
                    .watchdog(Duration.ofMillis(100)));
            ExecutorService executor = runtimes.queue(runtime, "narrow", 1).asExecutorService();
            CountDownLatch latch = new CountDownLatch(1);
            executor.submit(() -> {
                executor.submit(latch::countDown);
                latch.await();
                return null;
            });
            String message = logs.await(1, "task stall");
            assertTrue(message.contains("'narrow'") && message.contains("CountDownLatch.await"), message);
            assertTrue(message.contains(ViewTest.class.getName() + "$$Lambda"), message); // what the user has submitted
            executor.shutdownNow();
            executor.close();
        }
    }

    /** Whoever gets the next instance of a periodic task decides: its worker cancels it, or shutdownNow returns it. */
    @Test
    void shutdown_now_against_re_arming_returns_or_cancels_a_periodic_task() throws Exception {
        Workqueue workqueue = runtimes.queue(runtimes.runtime(), "view", 4);
        for (int round = 0; round < 2_000; round++) {
            ScheduledExecutorService executor = workqueue.asScheduledExecutorService();
            AtomicInteger runs = new AtomicInteger();
            List<ScheduledFuture<?>> futures = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                futures.add(executor.scheduleWithFixedDelay(runs::incrementAndGet, 0, 1, TimeUnit.DAYS));
            }
            int enough = 1 + round % 4;
            while (runs.get() < enough) {
                Thread.onSpinWait();
            }
            List<Runnable> returned = executor.shutdownNow();
            assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
            for (ScheduledFuture<?> future : futures) {
                assertTrue(future.isCancelled() != returned.contains(future), "round " + round);
            }
        }
    }

    /** Items are the view's, and yet a task gets at its own by {@link Work#current}. */
    @Test
    void a_task_that_plays_with_its_item_loses_nothing_but_itself() throws Exception {
        Workqueue workqueue = workqueue(1);
        ScheduledExecutorService executor = workqueue.asScheduledExecutorService();
        AtomicInteger runs = new AtomicInteger();
        executor.submit(() -> {
            runs.incrementAndGet();
            workqueue.queue(Work.current());
        }).get();
        ScheduledFuture<?> disabled =
                executor.scheduleAtFixedRate(() -> Work.current().disable(), 0, 1, TimeUnit.MILLISECONDS);
        Await.until("it cannot be armed again", disabled::isDone);
        assertTrue(disabled.isCancelled());
        executor.close();
        assertEquals(1, runs.get());
    }

    /** The same of what was given to execute, which has none before it asks; nobody can have it run once more. */
    @Test
    void a_command_has_an_item_while_it_runs() throws Exception {
        Workqueue workqueue = workqueue(2);
        ExecutorService executor = workqueue.asExecutorService();
        AtomicInteger runs = new AtomicInteger();
        AtomicReference<Work> item = new AtomicReference<>();
        Gate gate = runtimes.gate();
        executor.execute(() -> {
            runs.incrementAndGet();
            Work own = Work.current();
            assertSame(own, Work.current());
            assertTrue(workqueue.queue(own));
            assertThrows(WorkDeadlockException.class, workqueue::flush);
            item.set(own);
            gate.burn();
        });
        Await.until("it runs", () -> item.get() != null);
        assertTrue(item.get().isRunning() && item.get().isPending());
        gate.open();
        item.get().flush();
        executor.close();
        assertEquals(1, runs.get());
        assertFalse(item.get().isBusy());
    }

    // ---- commands, wherever they wait ----

    /** In the ring, for a slot, behind a ring that was full: in the order in which they came, for one submitter. */
    @Test
    void commands_are_run_in_order_from_wherever_they_wait() throws Exception {
        for (int many : new int[] {10, 500}) {
            ExecutorService executor = smallRing();
            Gate gate = runtimes.gate();
            ExecutorServiceContract.occupy(executor, gate);
            ConcurrentLinkedQueue<Integer> order = new ConcurrentLinkedQueue<>();
            for (int i = 0; i < many; i++) {
                int number = i;
                executor.execute(() -> order.add(number));
            }
            gate.open();
            executor.close();
            assertEquals(IntStream.range(0, many).boxed().toList(), List.copyOf(order));
        }
    }

    @Test
    void shutdown_now_returns_commands_from_wherever_they_wait() throws Exception {
        for (int many : new int[] {10, 500}) {
            ExecutorService executor = smallRing();
            Gate gate = runtimes.gate();
            ExecutorServiceContract.occupy(executor, gate);
            List<Runnable> commands = new ArrayList<>();
            for (int i = 0; i < many; i++) {
                int number = i;
                Runnable command = () -> assertTrue(number < 0, "run");
                commands.add(command);
                executor.execute(command);
            }
            assertEquals(Set.copyOf(commands), Set.copyOf(executor.shutdownNow()));
            gate.open();
            assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
        }
    }

    private ExecutorService smallRing() {
        WorkRuntime runtime = runtimes.start(
                RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu()).ringCapacity(64));
        return runtimes.queue(runtime, "small", 1).asExecutorService();
    }

    /** Accepted and run, or rejected: by drains that come and go, then by the close. */
    @Test
    void commands_executed_against_drains_and_the_close_are_not_lost() {
        Workqueue workqueue = runtimes.queue(runtimes.runtime(), "draining", 2);
        ExecutorService executor = workqueue.asExecutorService();
        AtomicInteger accepted = new AtomicInteger();
        AtomicInteger runs = new AtomicInteger();
        AtomicInteger rejected = new AtomicInteger();
        TestThreads.Started submitter = TestThreads.start(() -> {
            while (!executor.isShutdown()) {
                try {
                    executor.execute(runs::incrementAndGet);
                    accepted.incrementAndGet();
                } catch (RejectedExecutionException e) {
                    rejected.incrementAndGet();
                }
                while (accepted.get() - runs.get() > 100) {
                    Thread.yield(); // else the drains take long
                }
            }
        });
        for (int round = 0; round < 100; round++) {
            int before = accepted.get();
            Await.until("more are accepted", () -> accepted.get() > before);
            workqueue.drain();
        }
        TestThreads.start(workqueue::close).join();
        submitter.join();
        assertTrue(executor.isTerminated(), executor::toString);
        assertEquals(accepted.get(), runs.get(), () -> rejected + " rejected");
    }

    /** Though it is frozen: nothing that has been taken back holds up a flush. */
    @Test
    void commands_that_were_taken_back_hold_up_no_flush_of_a_frozen_workqueue() throws Exception {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("frozen").freezable());
        ExecutorService executor = workqueue.asExecutorService();
        runtime.freeze().toCompletableFuture().get(20, TimeUnit.SECONDS);
        for (int i = 0; i < 100; i++) {
            executor.execute(() -> {});
        }
        TestThreads.Started flusher = TestThreads.start(workqueue::flush);
        assertEquals(100, executor.shutdownNow().size());
        flusher.join();
        assertTrue(executor.isTerminated());
        runtime.thaw();
    }

    // ---- memory ----

    @Test
    void a_cancelled_task_is_let_go() {
        ScheduledExecutorService executor = workqueue(1).asScheduledExecutorService();
        Gate gate = runtimes.gate();
        ExecutorServiceContract.occupy(executor, gate);
        List<WeakReference<Object>> payloads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            payloads.add(cancelled(executor, i));
        }
        Await.until("they are collected", () -> {
            System.gc();
            return payloads.stream().allMatch(payload -> payload.get() == null);
        });
        gate.open();
        executor.close();
    }

    private static WeakReference<Object> cancelled(ScheduledExecutorService executor, int kind) {
        Object payload = new Object();
        Runnable command = payload::hashCode;
        Future<?> future = switch (kind) {
            case 0 -> executor.submit(command);
            case 1 -> executor.schedule(command, 1, TimeUnit.DAYS);
            default -> executor.scheduleAtFixedRate(command, 1, 1, TimeUnit.DAYS);
        };
        assertTrue(future.cancel(false));
        return new WeakReference<>(payload);
    }

    /** Nor is a result kept, though the books go on counting the task for a while. */
    @Test
    void a_task_that_is_over_is_let_go() throws Exception {
        View executor = (View) workqueue(1).asScheduledExecutorService();
        List<WeakReference<Object>> payloads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            payloads.add(over((ScheduledExecutorService) executor, i));
        }
        ((ExecutorService) executor).submit(() -> {}).get(); // a worker may refer to what it has run last
        Await.until("they are collected: " + payloads, () -> {
            System.gc();
            return payloads.stream().allMatch(payload -> payload.get() == null);
        });
        assertTrue(executor.size() >= payloads.size());
        executor.close();
    }

    private static WeakReference<Object> over(ScheduledExecutorService executor, int kind) throws Exception {
        Object payload = new Object();
        Future<?> future = switch (kind) {
            case 0 -> executor.submit(() -> payload);
            case 1 -> executor.schedule(() -> payload, 1, TimeUnit.MILLISECONDS);
            case 2 -> executor.submit(() -> {}, payload);
            default -> executor.scheduleAtFixedRate(() -> {
                throw new IllegalStateException(payload.toString());
            }, 0, 1, TimeUnit.MILLISECONDS);
        };
        Await.until("it is over", future::isDone);
        return new WeakReference<>(payload);
    }

    /** Who keeps the future of a task that is over, however it has ended, keeps nothing of the engine's. */
    @Test
    void a_future_lets_go_of_its_task() {
        ScheduledExecutorService executor = workqueue(1).asScheduledExecutorService();
        Gate gate = runtimes.gate();
        Callable<Object> failing = () -> {
            throw new IllegalStateException("as the test wants");
        };
        List<Future<?>> futures = List.of(executor.submit(() -> 1), executor.submit(failing),
                executor.schedule(() -> 1, 1, TimeUnit.MILLISECONDS), executor.schedule(() -> 1, 1, TimeUnit.DAYS),
                executor.scheduleAtFixedRate(() -> {}, 1, 1, TimeUnit.MILLISECONDS), executor.submit(() -> {
                    gate.pass();
                    return 1;
                }), executor.submit(() -> 1));
        Await.until("two are over", () -> futures.stream().filter(Future::isDone).count() >= 2);
        assertTrue(futures.stream().allMatch(future -> ((TaskFuture<?>) future).item() != null || future.isDone()));
        futures.forEach(future -> future.cancel(true));
        Await.until("all have let go",
                () -> futures.stream().allMatch(future -> ((TaskFuture<?>) future).item() == null));
        executor.close();
    }

    /** Of several tasks the first one that succeeds is enough; what the others refer to is not kept. */
    @Test
    void what_invoke_any_leaves_behind_is_let_go() throws Exception {
        ExecutorService executor = workqueue(1).asExecutorService();
        List<WeakReference<Object>> payloads = new ArrayList<>();
        assertEquals("quick", executor.invokeAny(List.of(() -> "quick", late(payloads), late(payloads))));
        Gate gate = runtimes.gate();
        ExecutorServiceContract.occupy(executor, gate);
        Await.until("they are collected", () -> {
            System.gc();
            return payloads.stream().allMatch(payload -> payload.get() == null);
        });
        gate.open();
        executor.close();
    }

    private static Callable<String> late(List<WeakReference<Object>> payloads) {
        Object payload = new Object();
        payloads.add(new WeakReference<>(payload));
        return () -> "late" + payload;
    }

    /** Tasks that are over are swept out of the books, however many there were at once. */
    @Test
    void the_books_stay_small() throws Exception {
        View executor = (View) runtimes.queue(runtimes.runtime(), "books", 1).asExecutorService();
        for (int i = 0; i < 20_000; i++) {
            executor.submit(() -> {}).get();
        }
        int cpus = RuntimeExtension.numbers().length;
        assertTrue(executor.size() <= 256L * cpus, executor.size() + " in memory");
        Gate gate = runtimes.gate();
        CountDownLatch done = new CountDownLatch(20_000);
        for (int i = 0; i < 20_000; i++) {
            executor.execute(() -> {
                try {
                    gate.pass();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                done.countDown();
            });
        }
        gate.open();
        Await.open("all have run", done);
        Await.until("they are swept out", () -> executor.size() <= 256L * cpus);
        executor.close();
    }

    /**
     * One object for execute, one more than the future for submit, as large as those made by hand, and for many of them
     * a page of the register.
     */
    @Test
    @CarrierOnly
    void execute_makes_one_object_and_submit_two() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().ringCapacity(64));
        Workqueue queue = runtimes.queue(runtime, "objects");
        View executor = (View) queue.asExecutorService();
        Ledger ledger = new Ledger(executor, queue.boundShare(0));
        AtomicInteger runs = new AtomicInteger();
        Runnable command = runs::incrementAndGet;
        Callable<Integer> callable = runs::incrementAndGet;
        long small = bytes(runs, () -> {
            runs.incrementAndGet();
            kept = new Command(ledger, command);
        });
        long task = bytes(runs, () -> {
            runs.incrementAndGet();
            kept = new Task(executor, command);
        });
        long future = bytes(runs, () -> {
            runs.incrementAndGet();
            kept = new TaskFuture<>(callable);
        });
        assertTrue(small > 0 && task > 0 && future > 0);
        assertEquals(Os.hasMembarrier() ? small : task, bytes(runs, () -> executor.execute(command)));
        long submitted = bytes(runs, () -> kept = executor.submit(callable));
        assertTrue(submitted >= task + future && submitted <= task + future + 10, submitted + " bytes");
        executor.close();
    }

    /** Allocated by the caller for each run; the least of several attempts. */
    private static long bytes(AtomicInteger runs, Runnable once) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 20; attempt++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100; i++) {
                int until = runs.get() + 1;
                once.run();
                while (runs.get() < until) {
                    Thread.onSpinWait();
                }
            }
            least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / 100);
        }
        return least;
    }
}
