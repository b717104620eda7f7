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
 * Two CPUs schedule a tasklet and try to run it: never both at once, and who comes too late runs it afterwards (R72,
 * T10).
 *
 * <p>Results: schedules that were accepted, runs.
 */
public final class TaskletOfTwoCpus {
    private TaskletOfTwoCpus() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** Who finds it running tries again. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1", "2, 2"}, expect = ACCEPTABLE, desc = "One run for each.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, or twice at once.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger();
        private final AtomicInteger accepted = new AtomicInteger();
        private int runs;

        @Actor
        public void first() {
            scheduleAndRun();
        }

        @Actor
        public void second() {
            scheduleAndRun();
        }

        private void scheduleAndRun() {
            if ((state.getAndUpdate(s -> s | PENDING) & PENDING) != 0) {
                return;
            }
            accepted.getAndIncrement();
            while (!state.compareAndSet(PENDING, RUNNING)) {
                Thread.onSpinWait();
            }
            runs++;
            state.addAndGet(-RUNNING);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = accepted.get();
            r.r2 = runs;
        }
    }

    /** Who finds it running forgets it. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1", "2, 2"}, expect = ACCEPTABLE, desc = "One run for each.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE_INTERESTING, desc = "Lost.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger();
        private final AtomicInteger accepted = new AtomicInteger();
        private int runs;

        @Actor
        public void first() {
            scheduleAndRun();
        }

        @Actor
        public void second() {
            scheduleAndRun();
        }

        private void scheduleAndRun() {
            if ((state.getAndUpdate(s -> s | PENDING) & PENDING) != 0) {
                return;
            }
            accepted.getAndIncrement();
            if (state.compareAndSet(PENDING, RUNNING)) {
                runs++;
                state.addAndGet(-RUNNING);
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = accepted.get();
            r.r2 = runs;
        }
    }

    /** {@link Workqueue#queue} and {@link Cpu#fetch} on both. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1", "2, 2"}, expect = ACCEPTABLE, desc = "One run for each.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, or twice at once.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final CountedTasklet tasklet = new CountedTasklet(cpus.runtime);
        private final Meeting meeting = new Meeting();
        private final AtomicInteger accepted = new AtomicInteger();

        @Actor
        public void first() {
            meeting.meetRoughly();
            scheduleAndRun(0, cpus.first);
        }

        @Actor
        public void second() {
            meeting.meetRoughly();
            scheduleAndRun(1, cpus.second);
        }

        private void scheduleAndRun(int index, Owner owner) {
            if (tasklet.scheduleOn(index)) {
                accepted.getAndIncrement();
            }
            owner.turn();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpus.serve();
            r.r1 = accepted.get();
            r.r2 = tasklet.runs();
        }
    }
}
