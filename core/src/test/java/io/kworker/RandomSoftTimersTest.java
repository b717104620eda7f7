// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
 * Hundreds of timers that handlers of both CPUs, their own callbacks and threads arm, re-time and take back, by chance:
 * of each every accepted instance has expired or was taken back, and none was early or twice at once (M2 to M8, M11 to
 * M13, R73 to R76).
 */
@Timeout(60)
class RandomSoftTimersTest {
    private static final int TIMERS = 256;
    private static final int THREADS = 2;
    private static final int ROUNDS = 400;
    private static final int BURST = 100;
    private static final long SPIN = 4_000_000;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final AtomicInteger early = new AtomicInteger();
    private final AtomicInteger overlapping = new AtomicInteger();
    private volatile boolean isOver;

    /** One that everybody uses, or one of those that belong to a CPU, mostly, and are watched. */
    private final class Counted extends SoftTimer {
        private final LongAdder accepted = new LongAdder();
        private final LongAdder takenBack = new LongAdder();
        private final AtomicInteger runs = new AtomicInteger();
        private final AtomicInteger inside = new AtomicInteger();
        private volatile long notBefore = Long.MIN_VALUE;

        Counted(WorkRuntime runtime, boolean isDeferrable) {
            super(runtime, isDeferrable);
        }

        @Override
        protected void expired() {
            if (inside.getAndIncrement() != 0) {
                overlapping.incrementAndGet();
            }
            long now = System.nanoTime();
            if (now - notBefore < 0) {
                early.incrementAndGet();
            }
            int n = runs.incrementAndGet();
            if (n % 64 == 63) { // long enough for the CPU to be taken away
                while (System.nanoTime() - now < SPIN) {
                    Thread.onSpinWait();
                }
            }
            if (n % 3 == 0 && !isOver) {
                arm(mod(now + n % 5 * 300_000L));
            }
            inside.decrementAndGet();
        }

        void arm(boolean wasPending) {
            if (!wasPending) {
                accepted.increment();
            }
        }

        void took(boolean wasPending) {
            if (wasPending) {
                takenBack.increment();
            }
        }

        void step(Random random, int cpu) {
            long deadline = System.nanoTime() + (random.nextInt(8) == 0 ? -1 : random.nextInt(3_000_000));
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> arm(mod(deadline));
                case 3 -> arm(reduce(deadline));
                case 4 -> modPending(deadline);
                case 5 -> {
                    if (random.nextInt(50) == 0) {
                        arm(modOn(cpu, deadline));
                    }
                }
                default -> took(delete());
            }
        }
    }

    private List<Counted> timers(WorkRuntime runtime) {
        List<Counted> timers = new ArrayList<>();
        for (int i = 0; i < TIMERS; i++) {
            timers.add(new Counted(runtime, i % 16 == 15));
        }
        return timers;
    }

    /** Bursts of calls in handlers of a CPU, and rarely, or often, calls by threads. */
    @ParameterizedTest
    @ValueSource(ints = {1, 10, 1_000})
    void every_accepted_instance_expires_or_is_taken_back(int foreign) {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpuIntensiveThreshold(Duration.ofMillis(2)));
        runtimes.doNotCountRuns();
        Workqueue queue = runtimes.queue(runtime, "bursts");
        List<Counted> timers = timers(runtime);
        int[] cpus = runtime.cpus();
        TestThreads.together(THREADS, thread -> {
            Random random = new Random(foreign * THREADS + thread);
            int cpu = cpus[thread % cpus.length];
            for (int round = 0; round < ROUNDS; round++) {
                Work burst = Work.of(item -> {
                    for (int i = 0; i < BURST; i++) { // most of them of this CPU
                        int which = random.nextInt(TIMERS / THREADS) * THREADS;
                        timers.get(which + (random.nextInt(1_000) < foreign ? 1 - thread : thread)).step(random, cpu);
                    }
                });
                queue.queueOn(cpu, burst);
                burst.flush();
                if (random.nextInt(1_000) < foreign) {
                    timers.get(random.nextInt(TIMERS)).step(random, cpu);
                }
            }
        });
        isOver = true;
        for (Counted timer : timers) {
            timer.took(timer.deleteSync());
            assertFalse(timer.isPending());
            assertEquals(timer.accepted.sum(), timer.runs.get() + timer.takenBack.sum());
        }
        assertEquals(0, overlapping.get());
    }

    /** Each belongs to one handler, that waits for its callback and moves its deadline to and fro. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void none_is_early_and_none_expires_after_its_deletion(long seed) {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpuIntensiveThreshold(Duration.ofMillis(2)));
        runtimes.doNotCountRuns();
        isOver = true; // no callback arms anything
        Workqueue queue = runtimes.queue(runtime, "bursts");
        List<Counted> timers = timers(runtime);
        int[] cpus = runtime.cpus();
        AtomicInteger stray = new AtomicInteger();
        TestThreads.together(THREADS, thread -> {
            Random random = new Random(seed * THREADS + thread);
            for (int round = 0; round < ROUNDS; round++) {
                Work burst = Work.of(item -> {
                    for (int i = 0; i < BURST; i++) {
                        Counted timer = timers.get(random.nextInt(TIMERS / THREADS) * THREADS + thread);
                        timer.deleteSync();
                        int runs = timer.runs.get();
                        if (timer.isPending() || timer.isRunning()) {
                            stray.incrementAndGet();
                        }
                        long deadline = System.nanoTime() + random.nextInt(2_000_000);
                        timer.notBefore = deadline;
                        timer.mod(deadline);
                        if (random.nextBoolean()) { // later, so that it stays in its slot; or taken back and armed
                            timer.notBefore = deadline += 1_000_000;
                            timer.mod(deadline);
                        }
                        if (runs != timer.runs.get() && System.nanoTime() - deadline < -1_000_000) {
                            stray.incrementAndGet();
                        }
                    }
                });
                queue.queueOn(cpus[thread % cpus.length], burst);
                burst.flush();
            }
        });
        for (Counted timer : timers) {
            timer.deleteSync();
        }
        assertEquals(0, early.get());
        assertEquals(0, stray.get());
        assertEquals(0, overlapping.get());
        assertTrue(timers.stream().mapToInt(timer -> timer.runs.get()).sum() > 0);
    }
}
