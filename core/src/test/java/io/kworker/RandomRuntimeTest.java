// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Everything at once, at random: what was accepted and not cancelled has run, once, and never beside itself (G10, G13,
 * J1).
 */
@Timeout(60)
class RandomRuntimeTest {
    private static final long SEED = Long.getLong("kworker.test.seed", 20261123);
    private static final Duration LENGTH = Duration.ofSeconds(2);
    private static final int THREADS = 4;
    private static final int ITEMS = 64;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** The limits of the three workqueues of each runtime. */
    private static final int[] LIMITS = {1, 2, 1024};

    /** An item with what the threads and its own handler were told when they queued and cancelled it. */
    private final class Subject {
        final AtomicInteger accepted = new AtomicInteger();
        final AtomicInteger cancelled = new AtomicInteger();
        final Item item = runtimes.item(work -> handle());

        /** Handlers are quick, or sleep, burn, throw, wait for a child or queue themselves. */
        private void handle() throws Exception {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            switch (random.nextInt(24)) {
                case 0 -> Thread.sleep(0, random.nextInt(1_000, 800_000));
                case 1 -> burn(random.nextInt(1_000, 300_000));
                case 2 -> throw new IllegalStateException("as the test wants");
                case 3 -> Thread.yield();
                case 4 -> Thread.startVirtualThread(Thread::yield).join();
                case 5, 6, 7 -> {
                    if (!isOver) {
                        queue(random.nextInt());
                    }
                }
                case 8 -> count(item.cancel());
                default -> {}
            }
        }

        private void burn(long nanos) {
            long end = System.nanoTime() + nanos;
            while (System.nanoTime() - end < 0) {
                Thread.onSpinWait();
            }
        }

        void queue(int random) {
            Workqueue workqueue = workqueues.get(Math.floorMod(random, workqueues.size()));
            int[] cpus = workqueue.runtime().cpus();
            boolean isQueued =
                    random < 0 ? workqueue.queue(item) : workqueue.queueOn(cpus[random % 7 % cpus.length], item);
            if (isQueued) {
                accepted.incrementAndGet();
            }
        }

        void count(boolean isCancelled) {
            if (isCancelled) {
                cancelled.incrementAndGet();
            }
        }
    }

    /** What differs between the runs of the test. */
    enum Setting {
        ONE_RUNTIME {
            @Override
            WorkRuntime.Builder builder() {
                return RuntimeExtension.builder().ringCapacity(2);
            }
        },

        /** Items wander between them (J1). */
        TWO_RUNTIMES {
            @Override
            WorkRuntime.Builder builder() {
                return RuntimeExtension.builder();
            }
        },

        /** CPUs are taken from handlers all the time. */
        TAKE_OVERS {
            @Override
            WorkRuntime.Builder builder() {
                return RuntimeExtension.builder().cpuIntensiveThreshold(Duration.ofNanos(50_000)).maxCarriersPerCpu(4);
            }
        },

        /** Workers come and go. */
        SHORT_LIVES {
            @Override
            WorkRuntime.Builder builder() {
                return RuntimeExtension.builder().idleWorkerLifetime(Duration.ofMillis(1))
                        .spinBeforePark(Duration.ZERO);
            }
        };

        abstract WorkRuntime.Builder builder();
    }

    private final List<Workqueue> workqueues = new ArrayList<>();
    private volatile boolean isOver;

    @ParameterizedTest
    @EnumSource(Setting.class)
    void what_was_accepted_and_not_cancelled_runs(Setting setting) {
        System.out.println("seed " + SEED + " (another one by -Dkworker.test.seed=)");
        runtimes.handlersMayFail();
        List<WorkRuntime> all = new ArrayList<>();
        AtomicInteger failures = new AtomicInteger();
        for (int i = 0; i < (setting == Setting.TWO_RUNTIMES ? 2 : 1); i++) {
            all.add(runtimes.start(setting.builder()));
            for (int limit : LIMITS) {
                workqueues.add(runtimes.queue(all.getLast()
                        .workqueue("limit " + limit)
                        .maxActive(limit)
                        .exceptionHandler((work, thrown) -> failures.incrementAndGet())));
            }
        }
        List<Subject> subjects = new ArrayList<>();
        for (int i = 0; i < ITEMS; i++) {
            subjects.add(new Subject());
        }
        long end = System.nanoTime() + LENGTH.toNanos();
        TestThreads.together(THREADS, thread -> {
            SplittableRandom random = new SplittableRandom(SEED + thread);
            while (System.nanoTime() - end < 0) {
                Subject subject = subjects.get(random.nextInt(ITEMS));
                switch (random.nextInt(16)) {
                    case 0 -> subject.count(subject.item.cancel());
                    case 1 -> subject.count(subject.item.cancelSync());
                    case 2 -> subject.item.flush();
                    default -> subject.queue(random.nextInt());
                }
            }
        });
        isOver = true;
        subjects.forEach(subject -> subject.item.flush()); // those that queued themselves meanwhile are drained below
        all.forEach(WorkRuntime::close);
        int runs = 0;
        for (Subject subject : subjects) {
            assertEquals(subject.accepted.get() - subject.cancelled.get(), subject.item.runs(), subject.item::toString);
            assertFalse(subject.item.hasOverlapped());
            runs += subject.item.runs();
        }
        assertTrue(runs > 1_000, runs + " runs are no test");
        assertTrue(failures.get() > 0);
    }
}
