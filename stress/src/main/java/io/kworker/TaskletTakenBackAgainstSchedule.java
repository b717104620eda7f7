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
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * An idle tasklet is scheduled while somebody takes back what is scheduled, and a dead entry of it does not run in the
 * place of what is scheduled afterwards (G10).
 *
 * <p>Results: taken back, runs after one more schedule.
 */
public final class TaskletTakenBackAgainstSchedule {
    private TaskletTakenBackAgainstSchedule() {}

    private static final int PENDING = 1;
    private static final int DIRECT = 2;

    /** A state, a word, and how many entries that start unclaimed, and that start by a claim, have been queued. */
    private abstract static class Scheduled {
        final AtomicInteger state = new AtomicInteger();
        final AtomicInteger word = new AtomicInteger();
        int direct;
        int ordinary;
        int runs;
        boolean isTaken;

        final void take() {
            word.set(1);
            isTaken = (state.getAndSet(0) & PENDING) != 0;
        }

        /** The owner of the CPU, and one more schedule. */
        final void rest() {
            serve();
            if (state.compareAndSet(0, PENDING)) {
                ordinary++;
                serve();
            }
        }

        private void serve() {
            for (; direct > 0; direct--) {
                if (word.get() == 0 || (state.get() & DIRECT) != 0) {
                    state.set(0);
                    runs++;
                }
            }
            for (; ordinary > 0; ordinary--) {
                if (state.compareAndSet(PENDING, 0)) {
                    runs++;
                }
            }
        }
    }

    /** Looks at the word after the state. */
    @JCStressTest
    @State
    @Outcome(id = {"true, 1", "false, 2"}, expect = ACCEPTABLE, desc = "One run for each that was not taken back.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, or too many.")
    public static class Model extends Scheduled {
        @Actor
        public void scheduler() {
            state.compareAndSet(0, PENDING | DIRECT);
            if (word.get() == 0) {
                direct++;
            } else if (state.compareAndSet(PENDING | DIRECT, PENDING)) {
                ordinary++;
            }
        }

        @Actor
        public void taker() {
            take();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            rest();
            r.r1 = isTaken;
            r.r2 = runs;
        }
    }

    /** Takes back before it says that it may. */
    @JCStressTest
    @State
    @Outcome(id = {"true, 1", "false, 2"}, expect = ACCEPTABLE, desc = "One run for each that was not taken back.")
    @Outcome(id = "true, 2", expect = ACCEPTABLE_INTERESTING, desc = "Taken back, and has run.")
    public static class Broken extends Scheduled {
        private final AtomicInteger isRun = new AtomicInteger();

        @Actor
        public void scheduler() {
            state.compareAndSet(0, PENDING | DIRECT);
            if (word.get() == 0) {
                isRun.set(1); // at once, by an owner that sees the word as it was
            } else if (state.compareAndSet(PENDING | DIRECT, PENDING)) {
                ordinary++;
            }
        }

        @Actor
        public void taker() {
            isTaken = (state.getAndSet(0) & PENDING) != 0;
            word.set(1);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            if (isRun.get() == 1) {
                state.set(0);
                runs++;
            }
            rest();
            r.r1 = isTaken;
            r.r2 = runs;
        }
    }

    /** {@link Tasklet#schedule} against {@link Work#cancel}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, 1", "false, 2"}, expect = ACCEPTABLE, desc = "One run for each that was not taken back.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, or too many.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final CountedTasklet tasklet = new CountedTasklet(cpus.runtime);
        private final Meeting meeting = new Meeting();
        private boolean isTaken;

        @Actor
        public void scheduler() {
            meeting.meetRoughly();
            tasklet.scheduleOn(0);
        }

        @Actor
        public void taker() {
            meeting.meetRoughly();
            isTaken = tasklet.item.cancel();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            cpus.serve();
            tasklet.scheduleOn(1);
            cpus.serve();
            r.r1 = isTaken;
            r.r2 = tasklet.isIdle() ? tasklet.runs() : -2;
        }
    }
}
