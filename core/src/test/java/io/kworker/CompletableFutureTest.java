// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs made of completable futures, whose stages are tasks of a workqueue. */
@Timeout(60)
class CompletableFutureTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private WorkRuntime runtime;

    /** Stages do not wait for each other, so one at a time will do. */
    enum Kind {
        BOUND_ONE_AT_A_TIME {
            @Override
            Workqueue.Builder builder(WorkRuntime runtime) {
                return runtime.workqueue("stages").maxActive(1);
            }
        },
        BOUND {
            @Override
            Workqueue.Builder builder(WorkRuntime runtime) {
                return runtime.workqueue("stages");
            }
        },
        UNBOUND {
            @Override
            Workqueue.Builder builder(WorkRuntime runtime) {
                return runtime.workqueue("stages").unbound().maxActive(4);
            }
        },
        ORDERED {
            @Override
            Workqueue.Builder builder(WorkRuntime runtime) {
                return runtime.workqueue("stages").ordered();
            }
        };

        abstract Workqueue.Builder builder(WorkRuntime runtime);
    }

    @BeforeEach
    void itemsAreTheViews() {
        runtimes.doNotCountRuns();
        runtime = runtimes.runtime();
    }

    private ExecutorService make(Kind kind) {
        return runtimes.queue(kind.builder(runtime)).asExecutorService();
    }

    @ParameterizedTest
    @EnumSource
    void a_deep_chain_runs_stage_by_stage(Kind kind) {
        try (ExecutorService executor = make(kind)) {
            CompletableFuture<Integer> chain = CompletableFuture.supplyAsync(() -> 0, executor);
            AtomicInteger strays = new AtomicInteger();
            for (int i = 0; i < 10_000; i++) {
                chain = chain.thenApplyAsync(number -> {
                    if (Work.current() == null) {
                        strays.incrementAndGet();
                    }
                    return number + 1;
                }, executor);
            }
            assertEquals(10_000, chain.join());
            assertEquals(0, strays.get());
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_wide_fan_is_gathered(Kind kind) {
        try (ExecutorService executor = make(kind)) {
            List<CompletableFuture<Integer>> squares = IntStream.range(0, 5_000)
                    .mapToObj(i -> CompletableFuture.supplyAsync(() -> i, executor)
                            .thenApplyAsync(number -> number % 100, executor)
                            .thenApplyAsync(number -> number * number, executor))
                    .toList();
            CompletableFuture<Integer> sum = CompletableFuture.allOf(squares.toArray(CompletableFuture<?>[]::new))
                    .thenApplyAsync(none -> squares.stream().mapToInt(CompletableFuture::join).sum(), executor);
            assertEquals(IntStream.range(0, 5_000).map(i -> (i % 100) * (i % 100)).sum(), sum.join());
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_tree_is_combined_from_its_leaves(Kind kind) {
        try (ExecutorService executor = make(kind)) {
            assertEquals(5_000 * 4_999 / 2, sum(executor, 0, 5_000).join());
        }
    }

    /** The sum of the numbers from one to below another. */
    private static CompletableFuture<Integer> sum(ExecutorService executor, int from, int to) {
        if (to - from == 1) {
            return CompletableFuture.supplyAsync(() -> from, executor);
        }
        int middle = (from + to) / 2;
        return sum(executor, from, middle).thenCombineAsync(sum(executor, middle, to), Integer::sum, executor);
    }

    /** The halves are begun by stages, and no stage waits for another one: one at a time is enough. */
    @ParameterizedTest
    @EnumSource
    void a_tree_grows_from_within_handlers(Kind kind) {
        try (ExecutorService executor = make(kind)) {
            assertEquals(2_000 * 1_999 / 2, grow(executor, 0, 2_000).join());
        }
    }

    private static CompletableFuture<Integer> grow(ExecutorService executor, int from, int to) {
        if (to - from == 1) {
            return CompletableFuture.completedFuture(from);
        }
        int middle = (from + to) / 2;
        return CompletableFuture.supplyAsync(() -> grow(executor, from, middle), executor)
                .thenComposeAsync(left -> left, executor)
                .thenCombineAsync(grow(executor, middle, to), Integer::sum, executor);
    }

    /** Items of another workqueue begin chains, and wait for them: their CPUs go on with the stages. */
    @ParameterizedTest
    @EnumSource
    void handlers_may_wait_for_chains_on_another_workqueue(Kind kind) {
        Workqueue waiting = runtimes.queue(runtime, "waiting");
        AtomicInteger sum = new AtomicInteger();
        try (ExecutorService executor = make(kind)) {
            for (int i = 0; i < 200; i++) {
                int number = i;
                waiting.queue(runtimes.item(work -> sum.addAndGet(CompletableFuture
                        .supplyAsync(() -> number, executor)
                        .thenApplyAsync(n -> n + 1, executor)
                        .thenCombineAsync(CompletableFuture.supplyAsync(() -> 1, executor), Integer::sum, executor)
                        .join())));
            }
            waiting.flush();
        }
        assertEquals(IntStream.range(0, 200).map(i -> i + 2).sum(), sum.get());
    }

    @ParameterizedTest
    @EnumSource
    void an_exception_skips_the_stages_to_the_one_that_handles_it(Kind kind) {
        try (ExecutorService executor = make(kind)) {
            IllegalStateException thrown = new IllegalStateException("as the test wants");
            AtomicInteger skipped = new AtomicInteger();
            AtomicReference<Throwable> handled = new AtomicReference<>();
            CompletableFuture<Integer> failed = CompletableFuture.supplyAsync(() -> 1, executor)
                    .thenApplyAsync(CompletableFutureTest::failing, executor)
                    .thenApplyAsync(number -> skipped.incrementAndGet(), executor);
            CompletableFuture<Integer> saved = failed.exceptionallyAsync(failure -> {
                handled.set(failure);
                return 7;
            }, executor).thenApplyAsync(number -> number + 1, executor);
            assertEquals(8, saved.join());
            assertEquals(0, skipped.get());
            assertEquals(thrown.getMessage(), assertInstanceOf(CompletionException.class, handled.get())
                    .getCause().getMessage());
            assertSame(handled.get().getCause(),
                    assertThrows(CompletionException.class, failed::join).getCause());
        }
    }

    private static int failing(int number) {
        throw new IllegalStateException("as the test wants");
    }

    /** The time-out comes from outside; the task goes on, and what waits behind it runs when it is over. */
    @ParameterizedTest
    @EnumSource
    void a_time_out_does_not_wait_for_the_task(Kind kind) throws Exception {
        Gate gate = runtimes.gate();
        try (ExecutorService executor = make(kind)) {
            CompletableFuture<String> late = CompletableFuture.supplyAsync(() -> pass(gate), executor);
            AtomicReference<Work> ranIn = new AtomicReference<>();
            CompletableFuture<String> given = late.orTimeout(20, TimeUnit.MILLISECONDS)
                    .exceptionally(failure -> failure instanceof TimeoutException ? "too late" : "wrong");
            assertEquals("too late", given.get(20, TimeUnit.SECONDS));
            CompletableFuture<Void> behind = late.handleAsync((value, failure) -> failure, executor)
                    .thenAcceptAsync(failure -> ranIn.set(Work.current()), executor);
            gate.open();
            behind.get(20, TimeUnit.SECONDS);
            assertNotNull(ranIn.get());
            assertEquals("default", CompletableFuture.supplyAsync(() -> pass(runtimes.gate()), executor)
                    .completeOnTimeout("default", 20, TimeUnit.MILLISECONDS).get(20, TimeUnit.SECONDS));
            executor.shutdownNow(); // else it would wait for ever
        }
    }

    private static String pass(Gate gate) {
        try {
            gate.pass();
            return "passed";
        } catch (InterruptedException e) {
            return "interrupted";
        }
    }

    @ParameterizedTest
    @EnumSource
    void stages_of_an_executor_that_is_shut_down_fail(Kind kind) {
        ExecutorService executor = make(kind);
        CompletableFuture<Integer> first = new CompletableFuture<>();
        CompletableFuture<Integer> second = first.thenApplyAsync(number -> number + 1, executor);
        executor.close();
        first.complete(1);
        assertInstanceOf(RejectedExecutionException.class,
                assertThrows(CompletionException.class, second::join).getCause());
        assertThrows(RejectedExecutionException.class, () -> CompletableFuture.supplyAsync(() -> 1, executor));
    }

    /** Results in the order in which they are ready, of tasks that are submitted as others come in. */
    @ParameterizedTest
    @EnumSource
    void a_completion_service_hands_out_each_result_once(Kind kind) throws Exception {
        try (ExecutorService executor = make(kind)) {
            CompletionService<Integer> service = new ExecutorCompletionService<>(executor);
            List<Integer> results = new ArrayList<>();
            int submitted = 0;
            while (submitted < 50) {
                service.submit(square(submitted++));
            }
            while (results.size() < 2_000) {
                results.add(service.take().get());
                if (submitted < 2_000) {
                    service.submit(square(submitted++));
                }
            }
            assertNull(service.poll());
            assertEquals(IntStream.range(0, 2_000).map(i -> i * i).sum(),
                    results.stream().mapToInt(Integer::intValue).sum());
        }
    }

    private static Callable<Integer> square(int number) {
        return () -> number * number;
    }
}
