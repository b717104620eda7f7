// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A tasklet is scheduled on a CPU while it runs on another one: it runs once more after that, on the CPU that scheduled
 * it (R69, T8, T10, T11).
 *
 * <p>Results: runs, the CPU of the last one.
 */
public final class TaskletOnAnotherCpu {
    private TaskletOnAnotherCpu() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** What the scheduler's CPU cannot start stays that CPU's. */
    @JCStressTest
    @State
    @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "Once more, on the second CPU.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, twice at once, or on the wrong CPU.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(RUNNING);
        private final AtomicInteger note = new AtomicInteger();
        private final AtomicInteger left = new AtomicInteger();
        private int runs = 1;
        private int cpu;

        @Actor
        public void first() {
            state.addAndGet(-RUNNING);
            left.addAndGet(note.getAndSet(0));
        }

        @Actor
        public void second() {
            state.addAndGet(PENDING);
            if (state.compareAndSet(PENDING, RUNNING)) {
                run();
            } else {
                note.set(1);
                if ((state.get() & RUNNING) == 0) {
                    left.addAndGet(note.getAndSet(0));
                }
            }
        }

        private void run() {
            runs++;
            cpu = 1;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            if (left.get() == 1 && state.compareAndSet(PENDING, RUNNING)) {
                run();
            }
            r.r1 = runs;
            r.r2 = cpu;
        }
    }

    /** As an item, that goes where it runs (G13). */
    @JCStressTest
    @State
    @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "Once more, on the second CPU.")
    @Outcome(id = "2, 0", expect = ACCEPTABLE_INTERESTING, desc = "On the CPU on which it ran.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(RUNNING);
        private int cpu;

        @Actor
        public void first() {
            state.addAndGet(-RUNNING);
        }

        @Actor
        public void second() {
            int found = state.getAndAdd(PENDING);
            cpu = (found & RUNNING) == 0 ? 1 : 0;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = 1 + state.get();
            r.r2 = cpu;
        }
    }

    /** {@link Workqueue#queue} and {@link Cpu#fetch} on one CPU against the end of the run on the other. */
    @JCStressTest
    @State
    @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "Once more, on the second CPU.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, twice at once, or on the wrong CPU.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final CountedTasklet tasklet = new CountedTasklet(cpus.runtime);
        private final Meeting meeting = new Meeting();

        public Actual() {
            tasklet.scheduleOn(0);
            cpus.first.start();
        }

        @Actor
        public void first() {
            meeting.meetRoughly();
            cpus.first.run();
        }

        @Actor
        public void second() {
            meeting.meetRoughly();
            tasklet.scheduleOn(1);
            cpus.second.turn();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpus.serve();
            r.r1 = tasklet.runs();
            r.r2 = tasklet.cpu();
        }
    }
}
