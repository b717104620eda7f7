// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NoOpIdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a carrier does while it is idle, nothing waits for ever; and by default it sleeps. */
@Timeout(60)
class IdleStrategyTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    static Stream<Named<Supplier<? extends IdleStrategy>>> strategies() {
        return Stream.of(
                Named.of("busy spin", () -> BusySpinIdleStrategy.INSTANCE),
                Named.of("no operation", () -> NoOpIdleStrategy.INSTANCE),
                Named.of("yield", () -> YieldingIdleStrategy.INSTANCE),
                Named.of("back off", BackoffIdleStrategy::new),
                Named.of("sleep", () -> new SleepingIdleStrategy(50_000)),
                Named.of("sleep for milliseconds", () -> new SleepingMillisIdleStrategy(1)));
    }

    /** Items, and handlers that sleep and are woken at all sorts of moments, also while a worker spins for work. */
    private void exercise(WorkRuntime runtime) {
        Workqueue workqueue = runtime.system();
        for (int round = 0; round < 20; round++) {
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                int nanos = 1_000 + (round * 5 + i) * 37_000 % 900_000;
                items.add(runtimes.item(work -> Thread.sleep(0, nanos)));
                workqueue.queue(items.getLast());
            }
            items.forEach(Work::flush);
            assertTrue(items.stream().allMatch(item -> item.runs() == 1));
        }
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void with_any_idle_strategy_items_run_and_sleepers_wake(Supplier<? extends IdleStrategy> strategy) {
        exercise(runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu()).idleStrategy(strategy)));
    }

    /** The default, with a spin long enough that wake-ups fall into it. */
    @ParameterizedTest
    @MethodSource("spins")
    void with_any_time_of_spinning_items_run_and_sleepers_wake(Duration spin) {
        exercise(runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu()).spinBeforePark(spin)));
    }

    static Stream<Duration> spins() {
        return Stream.of(Duration.ZERO, Duration.ofNanos(1), Duration.ofNanos(20_000), Duration.ofMillis(2),
                Duration.ofSeconds(30));
    }

    /** The strategy is told when there was work, or it would stay where it had backed off to. */
    @Test
    @CarrierOnly
    void an_idle_strategy_is_told_of_work() {
        List<Recorder> recorders = new ArrayList<>();
        WorkRuntime runtime =
                runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu()).idleStrategy(() -> {
                    Recorder recorder = new Recorder();
                    recorders.add(recorder);
                    return recorder;
                }));
        for (int i = 0; i < 10; i++) {
            int idled = recorders.stream().mapToInt(recorder -> recorder.idled.get()).sum();
            Await.until("the carrier is idle",
                    () -> recorders.stream().mapToInt(recorder -> recorder.idled.get()).sum() > idled);
            Item item = runtimes.item();
            runtime.system().queue(item);
            item.flush();
        }
        Await.until("it was told ten times",
                () -> recorders.stream().mapToInt(recorder -> recorder.resets.get()).sum() >= 10);
    }

    /** Counts what it is told. */
    private static final class Recorder implements IdleStrategy {
        final AtomicInteger idled = new AtomicInteger();
        final AtomicInteger resets = new AtomicInteger();

        @Override
        public void idle(int workCount) {
            if (workCount > 0) {
                resets.incrementAndGet();
            } else {
                idle();
            }
        }

        @Override
        public void idle() {
            idled.incrementAndGet();
            Thread.onSpinWait();
        }

        @Override
        public void reset() {
            resets.incrementAndGet();
        }
    }

    /** Parked means parked: with nothing to do, no thread of the runtime as much as ticks. */
    @Test
    void an_idle_runtime_sleeps() {
        WorkRuntime runtime = runtimes.runtime();
        for (int cpu : runtime.cpus()) {
            Item item = runtimes.item(work -> Thread.sleep(1));
            runtime.system().queueOn(cpu, item);
            item.flush();
        }
        List<Thread> threads = new ArrayList<>();
        for (Engine engine : runtime.engines()) {
            if (engine instanceof Seat seat) {
                threads.add(seat.owner());
            } else {
                threads.add((Dispatcher) engine);
            }
        }
        threads.add(runtime.monitor());
        // not TIMED_WAITING: no deadline wakes them
        Await.until("all sleep", () -> threads.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING));
        Await.never("one wakes", () -> threads.stream().anyMatch(thread -> thread.getState() != Thread.State.WAITING));
        Item item = runtimes.item();
        runtime.system().queue(item);
        item.flush();
        assertEquals(1, item.runs());
    }
}
