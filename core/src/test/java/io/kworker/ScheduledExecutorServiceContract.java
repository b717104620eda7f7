// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What {@link ScheduledExecutorService} says, beside what {@link ExecutorService} says; ours, and the JDK's. */
abstract class ScheduledExecutorServiceContract extends ExecutorServiceContract {
    @Override
    abstract ScheduledExecutorService make(int tasks);

    /** J17. */
    @Test
    void a_delayed_task_runs_once_and_not_early() throws Exception {
        try (ScheduledExecutorService executor = make(2)) {
            long start = System.nanoTime();
            ScheduledFuture<Long> first = executor.schedule(System::nanoTime, 20, TimeUnit.MILLISECONDS);
            AtomicInteger runs = new AtomicInteger();
            ScheduledFuture<?> second = executor.schedule((Runnable) runs::incrementAndGet, 1, TimeUnit.MILLISECONDS);
            assertTrue(first.get() - start >= 20_000_000, "early");
            second.get();
            assertEquals(1, runs.get());
            assertTrue(first.getDelay(TimeUnit.NANOSECONDS) <= 0);
        }
    }

    @Test
    void zero_and_negative_delays_are_none() throws Exception {
        try (ScheduledExecutorService executor = make(1)) {
            for (long delay : new long[] {0, -1, Long.MIN_VALUE}) {
                assertEquals("now", executor.schedule(() -> "now", delay, TimeUnit.DAYS).get());
                ScheduledFuture<?> periodic = executor.scheduleAtFixedRate(() -> {
                    throw new IllegalStateException("as the test wants");
                }, delay, 1, TimeUnit.DAYS);
                assertThrows(ExecutionException.class, periodic::get);
            }
        }
    }

    @Test
    void the_longest_delays_do_not_overflow() throws Exception {
        ScheduledExecutorService executor = make(1);
        List<ScheduledFuture<?>> futures = new ArrayList<>();
        for (TimeUnit unit : TimeUnit.values()) {
            futures.add(executor.schedule(() -> "never", Long.MAX_VALUE, unit));
        }
        CountDownLatch runs = new CountDownLatch(2);
        futures.add(executor.scheduleWithFixedDelay(runs::countDown, 0, Long.MAX_VALUE, TimeUnit.NANOSECONDS));
        futures.add(executor.scheduleAtFixedRate(runs::countDown, 0, Long.MAX_VALUE, TimeUnit.DAYS));
        ScheduledFuture<String> soon = executor.schedule(() -> "soon", 1, TimeUnit.MILLISECONDS);
        assertEquals("soon", soon.get());
        Await.open("both have run", runs);
        for (ScheduledFuture<?> future : futures) {
            assertFalse(future.isDone());
            Await.until("the next run is far", () -> future.getDelay(TimeUnit.DAYS) > 100 * 365);
            assertTrue(future.compareTo(soon) > 0);
            assertTrue(soon.compareTo(future) < 0);
        }
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
    }

    @Test
    void nulls_and_periods_that_are_not_positive_are_refused() {
        try (ScheduledExecutorService executor = make(1)) {
            assertThrows(NullPointerException.class, () -> executor.schedule((Runnable) null, 1, TimeUnit.DAYS));
            assertThrows(NullPointerException.class, () -> executor.schedule((Callable<?>) null, 1, TimeUnit.DAYS));
            assertThrows(NullPointerException.class, () -> executor.schedule(() -> {}, 1, null));
            assertThrows(NullPointerException.class, () -> executor.schedule(() -> 1, 1, null));
            assertThrows(NullPointerException.class, () -> executor.scheduleAtFixedRate(null, 1, 0, TimeUnit.DAYS));
            assertThrows(NullPointerException.class, () -> executor.scheduleAtFixedRate(() -> {}, 1, 0, null));
            assertThrows(NullPointerException.class, () -> executor.scheduleWithFixedDelay(null, 1, 0, TimeUnit.DAYS));
            assertThrows(NullPointerException.class, () -> executor.scheduleWithFixedDelay(() -> {}, 1, 0, null));
            for (long period : new long[] {0, -1, Long.MIN_VALUE}) {
                assertThrows(IllegalArgumentException.class,
                        () -> executor.scheduleAtFixedRate(() -> {}, 1, period, TimeUnit.DAYS));
                assertThrows(IllegalArgumentException.class,
                        () -> executor.scheduleWithFixedDelay(() -> {}, 1, period, TimeUnit.DAYS));
            }
        }
    }

    @Test
    void tasks_run_in_the_order_of_their_times() throws Exception {
        ConcurrentLinkedQueue<Integer> order = new ConcurrentLinkedQueue<>();
        try (ScheduledExecutorService executor = make(1)) {
            Gate gate = runtimes.gate();
            executor.schedule(() -> order.add(3), 60, TimeUnit.MILLISECONDS);
            executor.schedule(() -> order.add(1), 20, TimeUnit.MILLISECONDS);
            executor.schedule(() -> order.add(2), 40, TimeUnit.MILLISECONDS);
            gate.open();
        }
        assertEquals(List.of(1, 2, 3), List.copyOf(order));
    }

    // ---- periodic ----

    /** The n-th run is not before its time, and a late one is made up for. */
    @Test
    void a_fixed_rate_counts_from_the_first_time() {
        long period = 5_000_000;
        ConcurrentLinkedQueue<Long> times = new ConcurrentLinkedQueue<>();
        try (ScheduledExecutorService executor = make(1)) {
            long start = System.nanoTime();
            AtomicBoolean isFirst = new AtomicBoolean(true);
            ScheduledFuture<?> future = executor.scheduleAtFixedRate(() -> {
                times.add(System.nanoTime());
                if (isFirst.getAndSet(false)) {
                    Await.never("it ends", () -> false); // takes several periods
                }
            }, period, period, TimeUnit.NANOSECONDS);
            Await.until("it has run", () -> times.size() >= 20);
            future.cancel(false);
            int n = 0;
            for (long time : times) {
                n++;
                assertTrue(time - start >= n * period, "run " + n + " is early");
            }
        }
    }

    @Test
    void a_fixed_delay_counts_from_the_end_of_the_run() {
        long delay = 5_000_000;
        AtomicInteger runs = new AtomicInteger();
        AtomicInteger early = new AtomicInteger();
        try (ScheduledExecutorService executor = make(2)) {
            long[] end = {System.nanoTime()};
            ScheduledFuture<?> future = executor.scheduleWithFixedDelay(() -> {
                if (System.nanoTime() - end[0] < delay) {
                    early.incrementAndGet();
                }
                runs.incrementAndGet();
                end[0] = System.nanoTime();
            }, delay, delay, TimeUnit.NANOSECONDS);
            Await.until("it has run", () -> runs.get() >= 10);
            assertFalse(future.isDone());
            future.cancel(false);
        }
        assertEquals(0, early.get());
    }

    @Test
    void runs_of_a_periodic_task_do_not_overlap() {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        AtomicInteger runs = new AtomicInteger();
        try (ScheduledExecutorService executor = make(3)) {
            ScheduledFuture<?> future = executor.scheduleAtFixedRate(() -> {
                if (inside.getAndIncrement() != 0) {
                    overlaps.incrementAndGet();
                }
                Thread.yield();
                runs.incrementAndGet();
                inside.decrementAndGet();
            }, 0, 1, TimeUnit.NANOSECONDS);
            Await.until("it has run", () -> runs.get() >= 1000);
            future.cancel(false);
        }
        assertEquals(0, overlaps.get());
    }

    @Test
    void an_exception_ends_a_periodic_task() {
        AtomicInteger runs = new AtomicInteger();
        IllegalStateException thrown = new IllegalStateException("as the test wants");
        try (ScheduledExecutorService executor = make(1)) {
            ScheduledFuture<?> future = executor.scheduleAtFixedRate(() -> {
                if (runs.incrementAndGet() == 3) {
                    throw thrown;
                }
            }, 0, 1, TimeUnit.MILLISECONDS);
            assertEquals(thrown, assertThrows(ExecutionException.class, future::get).getCause());
            Await.never("it runs again", () -> runs.get() > 3);
        }
        assertEquals(3, runs.get());
    }

    @Test
    void a_periodic_task_runs_no_more_after_its_cancel() {
        for (boolean interrupt : new boolean[] {true, false}) {
            AtomicInteger runs = new AtomicInteger();
            try (ScheduledExecutorService executor = make(1)) {
                for (int i = 0; i < 200; i++) {
                    int before = runs.get();
                    ScheduledFuture<?> future =
                            executor.scheduleAtFixedRate(runs::incrementAndGet, 0, 1, TimeUnit.NANOSECONDS);
                    Await.until("it runs", () -> runs.get() > before + 1);
                    assertTrue(future.cancel(interrupt));
                    assertThrows(CancellationException.class, future::get);
                }
                Future<?> behind = executor.submit(() -> {}); // with one at a time, the last run is over then
                Await.until("the last run is over", behind::isDone);
                int atCancel = runs.get();
                Await.never("it runs again", () -> runs.get() != atCancel);
            }
        }
    }

    @Test
    void a_periodic_task_may_cancel_itself() {
        AtomicInteger runs = new AtomicInteger();
        List<ScheduledFuture<?>> box = new ArrayList<>();
        CountDownLatch isKnown = new CountDownLatch(1);
        try (ScheduledExecutorService executor = make(1)) {
            box.add(executor.scheduleWithFixedDelay(() -> {
                Await.open("the future is known", isKnown);
                runs.incrementAndGet();
                box.get(0).cancel(true);
            }, 0, 1, TimeUnit.NANOSECONDS));
            isKnown.countDown();
            assertThrows(CancellationException.class, () -> box.get(0).get());
        }
        assertEquals(1, runs.get());
    }

    @Test
    void a_delayed_task_that_is_cancelled_does_not_run() {
        AtomicInteger runs = new AtomicInteger();
        try (ScheduledExecutorService executor = make(1)) {
            ScheduledFuture<?> future = executor.schedule(runs::incrementAndGet, 20, TimeUnit.MILLISECONDS);
            assertTrue(future.cancel(true));
            Await.never("it runs", () -> runs.get() > 0);
        }
        assertEquals(0, runs.get());
    }

    // ---- shutdown ----

    @Test
    void delayed_tasks_run_after_shutdown_and_periodic_ones_do_not() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        ScheduledExecutorService executor = make(1);
        ScheduledFuture<String> delayed = executor.schedule(() -> "run", 50, TimeUnit.MILLISECONDS);
        ScheduledFuture<?> waiting = executor.scheduleAtFixedRate(() -> {}, 1, 1, TimeUnit.HOURS);
        ScheduledFuture<?> running = executor.scheduleAtFixedRate(runs::incrementAndGet, 0, 1, TimeUnit.MILLISECONDS);
        Await.until("it runs", () -> runs.get() > 0);
        executor.shutdown();
        assertThrows(RejectedExecutionException.class, () -> executor.schedule(() -> 1, 1, TimeUnit.NANOSECONDS));
        assertThrows(RejectedExecutionException.class,
                () -> executor.scheduleAtFixedRate(() -> {}, 1, 1, TimeUnit.NANOSECONDS));
        assertTrue(waiting.isCancelled());
        assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
        assertEquals("run", delayed.get());
        assertTrue(running.isCancelled());
    }

    @Test
    void shutdown_now_returns_delayed_and_periodic_tasks() throws Exception {
        ScheduledExecutorService executor = make(1);
        AtomicInteger runs = new AtomicInteger();
        ScheduledFuture<?> delayed = executor.schedule((Runnable) runs::incrementAndGet, 1, TimeUnit.HOURS);
        ScheduledFuture<?> periodic = executor.scheduleAtFixedRate(runs::incrementAndGet, 1, 1, TimeUnit.HOURS);
        List<Runnable> rest = executor.shutdownNow();
        assertEquals(2, rest.size());
        assertTrue(rest.contains(delayed) && rest.contains(periodic));
        assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
        assertEquals(0, runs.get());
        assertFalse(delayed.isDone() || periodic.isDone());
    }

    /** What is returned is not cancelled, and what is not returned is. */
    @Test
    void shutdown_now_against_periodic_tasks_ends_them() throws Exception {
        for (int i = 0; i < 200; i++) {
            ScheduledExecutorService executor = make(2);
            AtomicInteger runs = new AtomicInteger();
            List<ScheduledFuture<?>> futures =
                    List.of(executor.scheduleAtFixedRate(runs::incrementAndGet, 0, 1, TimeUnit.NANOSECONDS),
                            executor.scheduleWithFixedDelay(runs::incrementAndGet, 0, 1, TimeUnit.NANOSECONDS));
            int enough = i;
            Await.until("they run", () -> runs.get() > enough);
            List<Runnable> returned = List.of();
            if (i % 4 != 0) {
                returned = executor.shutdownNow();
            } else {
                executor.shutdown();
            }
            assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
            int atTermination = runs.get();
            Thread.yield();
            assertEquals(atTermination, runs.get());
            for (ScheduledFuture<?> future : futures) {
                assertTrue(!keepsItsWord() || future.isCancelled() != returned.contains(future), "round " + i);
            }
        }
    }
}
