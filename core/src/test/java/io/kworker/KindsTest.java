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
 * Items thrown between workqueues of all kinds, by threads and by their own handlers, while limits, attributes and the
 * CPUs online change: none overlaps itself (G13, J1), and what was accepted and not cancelled runs (G10).
 */
@Timeout(60)
class KindsTest {
    private static final long SEED = Long.getLong("kworker.test.seed", System.nanoTime());
    private static final Duration LENGTH = Duration.ofMillis(1_200);
    private static final int ITEMS = 40;
    private static final int THREADS = 3;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final List<Workqueue> workqueues = new ArrayList<>();
    private volatile boolean isOver;

    /** What differs between the runs of the test. */
    enum Setting {
        PLAIN {
            @Override
            WorkRuntime.Builder builder() {
                return RuntimeExtension.builder().topology(FakeMachine.nodes(2, 1)).ringCapacity(2);
            }
        },

        /** CPUs are taken from handlers all the time. */
        TAKE_OVERS {
            @Override
            WorkRuntime.Builder builder() {
                return RuntimeExtension.builder()
                        .topology(FakeMachine.of(2))
                        .cpuIntensiveThreshold(Duration.ofNanos(50_000))
                        .maxCarriersPerCpu(4);
            }
        },

        /** The CPUs that there are, never taken from a handler. */
        STRICT {
            @Override
            WorkRuntime.Builder builder() {
                return RuntimeExtension.strict();
            }
        };

        abstract WorkRuntime.Builder builder();
    }

    /** An item with what everybody was told who queued and cancelled it. */
    private final class Subject {
        final AtomicInteger accepted = new AtomicInteger();
        final AtomicInteger cancelled = new AtomicInteger();
        final Item item = runtimes.item(work -> handle());

        /** Handlers are quick, or sleep, burn, wait for a child, queue themselves; BH handlers do not block. */
        private void handle() throws Exception {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            boolean isAtomic = Run.current().isAtomic();
            switch (random.nextInt(16)) {
                case 0 -> {
                    if (!isAtomic) {
                        Thread.sleep(0, random.nextInt(1_000, 500_000));
                    }
                }
                case 1 -> burn(random.nextInt(1_000, 200_000));
                case 2 -> {
                    if (!isAtomic) {
                        Thread.startVirtualThread(Thread::yield).join();
                    }
                }
                case 3, 4, 5 -> {
                    if (!isOver) {
                        queue(random.nextInt());
                    }
                }
                case 6 -> count(item.cancel());
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

    private void addKinds(WorkRuntime runtime) {
        List.of(
                runtime.workqueue("bound"),
                runtime.workqueue("bound, 2").maxActive(2),
                runtime.workqueue("highpri, 1").highpri().maxActive(1),
                runtime.workqueue("intensive").cpuIntensive().maxActive(3),
                runtime.workqueue("bh").bh(),
                runtime.workqueue("bh highpri").bh().highpri(),
                runtime.workqueue("unbound, 2").unbound().maxActive(2).minActive(1),
                runtime.workqueue("unbound highpri").unbound().highpri().affinity(Affinity.SYSTEM),
                runtime.workqueue("strict, 1").unbound().affinity(Affinity.CPU).strict().maxActive(1),
                runtime.workqueue("ordered").ordered(),
                runtime.workqueue("ordered strict").ordered().affinity(Affinity.CPU).strict(),
                runtime.workqueue("reclaim").memReclaim().maxActive(1))
                .forEach(builder -> workqueues.add(runtimes.queue(builder)));
    }

    /** One change of something that may change while items flow. */
    private void change(WorkRuntime runtime, SplittableRandom random) {
        Workqueue workqueue = workqueues.get(random.nextInt(workqueues.size()));
        Affinity scope = Affinity.values()[random.nextInt(Affinity.values().length)];
        int[] cpus = runtime.cpus();
        int cpu = cpus[random.nextInt(cpus.length)];
        switch (random.nextInt(4)) {
            case 0 -> {
                if (!workqueue.isOrdered() && !workqueue.isBh()) {
                    workqueue.setMaxActive(random.nextInt(1, 6));
                }
            }
            case 1 -> {
                if (!workqueue.isBound()) {
                    Attributes attributes = Attributes.of(scope);
                    workqueue.apply(random.nextBoolean() ? attributes.strictly() : attributes.withCpus(cpu));
                }
            }
            case 2 -> {
                if (cpus.length > 1) {
                    runtime.cpuOffline(cpu);
                    Thread.yield();
                    runtime.cpuOnline(cpu);
                }
            }
            default -> workqueue.flush();
        }
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    void what_was_accepted_and_not_cancelled_runs_and_never_beside_itself(Setting setting) {
        System.out.println("seed " + SEED + " (another one by -Dkworker.test.seed=)");
        WorkRuntime runtime = runtimes.start(setting.builder());
        addKinds(runtime);
        List<Subject> subjects = new ArrayList<>();
        for (int i = 0; i < ITEMS; i++) {
            subjects.add(new Subject());
        }
        long end = System.nanoTime() + LENGTH.toNanos();
        TestThreads.together(THREADS, thread -> {
            SplittableRandom random = new SplittableRandom(SEED + thread);
            while (System.nanoTime() - end < 0) {
                Subject subject = subjects.get(random.nextInt(ITEMS));
                switch (random.nextInt(20)) {
                    case 0 -> subject.count(subject.item.cancel());
                    case 1 -> subject.count(subject.item.cancelSync());
                    case 2 -> subject.item.flush();
                    case 3 -> {
                        if (thread == 0) { // one thread changes things, or a CPU might stay offline
                            change(runtime, random);
                        }
                    }
                    default -> subject.queue(random.nextInt());
                }
            }
        });
        isOver = true;
        runtime.close();
        int runs = 0;
        for (Subject subject : subjects) {
            assertEquals(subject.accepted.get() - subject.cancelled.get(), subject.item.runs(), subject.item::toString);
            assertFalse(subject.item.hasOverlapped());
            runs += subject.item.runs();
        }
        int all = runs;
        assertTrue(all > 500, () -> all + " runs are no test");
    }
}
