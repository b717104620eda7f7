// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Hundreds of delayed items that several threads and handlers arm, re-time, cancel, disable and hurry, by chance: of
 * each item every accepted instance has run or was taken back, and none ran early or twice at once (G43 to G47, A13,
 * A14, A22, J1, J17, R25 to R28).
 */
@Timeout(60)
class RandomTimersTest {
    private static final int ITEMS = 300;
    private static final int THREADS = 4;
    private static final int STEPS = 8_000;
    private static final int KINDS = 3;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final AtomicInteger early = new AtomicInteger();
    private final AtomicInteger overlapping = new AtomicInteger();

    /** Kind 0 is re-timed, kind 1 is disabled, kind 2 belongs to one thread and is watched for early runs. */
    private final class Counted extends DelayedWork {
        private final int kind;
        private final LongAdder accepted = new LongAdder();
        private final LongAdder takenBack = new LongAdder();
        private final AtomicInteger runs = new AtomicInteger();
        private final AtomicInteger inside = new AtomicInteger();
        private volatile long notBefore = Long.MIN_VALUE;
        private volatile Workqueue again;

        Counted(int kind, boolean isDeferrable) {
            super(isDeferrable);
            this.kind = kind;
        }

        @Override
        protected void run() throws Exception {
            if (inside.getAndIncrement() != 0) {
                overlapping.incrementAndGet();
            }
            if (kind == 2 && System.nanoTime() - notBefore < 0) {
                early.incrementAndGet();
            }
            int n = runs.incrementAndGet();
            if (n % 7 == 0) {
                Thread.sleep(1);
            }
            Workqueue queue = again;
            if (kind < 2 && n % 3 == 0 && queue != null && queue.queueDelayed(this, n % 5 * 100_000L)) {
                accepted.increment();
            }
            inside.decrementAndGet();
        }

        void took(boolean wasPending) {
            if (wasPending) {
                takenBack.increment();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void every_accepted_instance_runs_or_is_taken_back(long seed) {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpuIntensiveThreshold(Duration.ofMillis(2)));
        runtimes.doNotCountRuns();
        List<Workqueue> queues = List.of(
                runtimes.queue(runtime, "bound"),
                runtimes.queue(runtime, "two", 2),
                runtimes.queue(runtime.workqueue("unbound").unbound()),
                runtimes.queue(runtime.workqueue("ordered").ordered()),
                runtimes.queue(runtime.workqueue("highpri").highpri()));
        List<Counted> items = new ArrayList<>();
        for (int i = 0; i < ITEMS; i++) {
            Counted item = new Counted(i % KINDS, i % 10 == 9);
            item.again = queues.get(i % queues.size());
            items.add(item);
        }
        TestThreads.together(THREADS, thread -> {
            Random random = new Random(seed * THREADS + thread);
            for (int step = 0; step < STEPS; step++) {
                int which = random.nextInt(ITEMS);
                Workqueue queue = queues.get(random.nextInt(queues.size()));
                long delay = random.nextInt(4) == 0 ? 0 : random.nextInt(3_000_000);
                Counted item = items.get(which);
                int cpu = random.nextBoolean() ? RuntimeExtension.firstCpu() : RuntimeExtension.lastCpu();
                switch (item.kind) {
                    case 0 -> retime(random, queue, cpu, item, delay);
                    case 1 -> disable(random, queue, cpu, item, delay);
                    default -> {
                        if (which / KINDS % THREADS == thread) {
                            watch(random, queue, cpu, item, delay);
                        }
                    }
                }
            }
        });
        for (Counted item : items) {
            item.again = null;
        }
        for (Counted item : items) {
            item.took(item.cancelSync());
            assertFalse(item.isBusy());
            assertEquals(item.accepted.sum(), item.runs.get() + item.takenBack.sum(), "instances of kind " + item.kind);
        }
        assertEquals(0, early.get());
        assertEquals(0, overlapping.get());
    }

    private static void retime(Random random, Workqueue queue, int cpu, Counted item, long delay) {
        switch (random.nextInt(6)) {
            case 0, 1 -> {
                if (!queue.modDelayedOn(cpu, item, delay)) {
                    item.accepted.increment();
                }
            }
            case 2 -> accept(queue.queueDelayedOn(cpu, item, delay), item);
            case 3 -> accept(queue.queueOn(cpu, item), item);
            case 4 -> item.took(item.cancel());
            default -> {
                if (random.nextInt(10) == 0) {
                    item.flushDelayed();
                } else {
                    accept(queue.queueDelayed(item, delay), item);
                }
            }
        }
    }

    private static void disable(Random random, Workqueue queue, int cpu, Counted item, long delay) {
        switch (random.nextInt(8)) {
            case 0 -> {
                item.took(item.disable());
                item.enable();
            }
            case 1 -> {
                if (random.nextInt(8) == 0) {
                    item.took(item.cancelSync());
                }
            }
            case 2 -> item.took(item.cancel());
            case 3 -> {
                if (random.nextInt(10) == 0) {
                    item.flushDelayed();
                }
            }
            default -> accept(queue.queueDelayedOn(cpu, item, delay), item);
        }
    }

    private static void watch(Random random, Workqueue queue, int cpu, Counted item, long delay) {
        if (random.nextInt(4) == 0) {
            item.took(item.cancel());
        } else if (!item.isBusy()) {
            item.notBefore = System.nanoTime() + delay;
            accept(queue.queueDelayedOn(cpu, item, delay), item);
        }
    }

    private static void accept(boolean isAccepted, Counted item) {
        if (isAccepted) {
            item.accepted.increment();
        }
    }
}
