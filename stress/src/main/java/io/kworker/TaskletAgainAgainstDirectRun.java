// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A tasklet that was scheduled is scheduled again while its CPU starts, runs and ends it without a claim: refused, and
 * the run sees what the caller wrote before, or accepted, and there is one more run, which sees that (T8, G5, G7).
 *
 * <p>Results: schedules that were accepted, runs, what the last run has seen.
 */
public final class TaskletAgainAgainstDirectRun {
    private TaskletAgainAgainstDirectRun() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** One instance, which starts unclaimed. */
    private abstract static class Unclaimed {
        final AtomicInteger state = new AtomicInteger(PENDING);
        final AtomicInteger word = new AtomicInteger();
        int direct;
        int data;
        int seen;
        int runs;
        int accepted = 1;

        final void handler() {
            seen = data;
            runs++;
        }

        /** True where it is finished; else who has claimed it has left a run. */
        final boolean end() {
            direct = 2; // over
            VarHandle.fullFence();
            return state.compareAndSet(PENDING, 0);
        }

        final void rest() {
            while (state.get() != 0) {
                state.getAndAdd(-PENDING);
                handler();
            }
        }
    }

    /**
     * Makes itself known, fence, look at the word, handler; claims a run that is known, and adds one. Without the look
     * C2 drops the fence: only plain reads would follow before the next one.
     */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1, 1", "2, 2, 1"}, expect = ACCEPTABLE, desc = "One run for each, the last one after the data.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, too many, or blind.")
    public static class Model extends Unclaimed {
        @Actor
        public void owner() {
            direct = 1;
            VarHandle.fullFence();
            if (word.get() == 0) {
                handler();
            }
            if (!end()) {
                state.getAndAdd(-RUNNING);
            }
        }

        @Actor
        public void again() {
            data = 1;
            if (state.compareAndSet(PENDING, PENDING)) {
                if (direct == 0) {
                    return; // refused
                }
                state.compareAndSet(PENDING, RUNNING);
            }
            state.getAndAdd(PENDING);
            accepted = 2;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            rest();
            r.r1 = accepted;
            r.r2 = runs;
            r.r3 = seen;
        }
    }

    /** The handler before the fence. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1, 1", "2, 2, 1"}, expect = ACCEPTABLE, desc = "One run for each, the last one after the data.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE_INTERESTING, desc = "Refused, and the run is blind.")
    public static class Broken extends Unclaimed {
        @Actor
        public void owner() {
            direct = 1;
            handler();
            VarHandle.fullFence();
            if (!end()) {
                state.getAndAdd(-RUNNING);
            }
        }

        @Actor
        public void again() {
            data = 1;
            if (state.compareAndSet(PENDING, PENDING)) {
                if (direct == 0) {
                    return; // refused
                }
                state.compareAndSet(PENDING, RUNNING);
            }
            state.getAndAdd(PENDING);
            accepted = 2;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            rest();
            r.r1 = accepted;
            r.r2 = runs;
            r.r3 = seen;
        }
    }

    /** {@link Cpu#fetch}, the handler and its end against {@link Tasklet#schedule}. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1, 1", "2, 2, 1"}, expect = ACCEPTABLE, desc = "One run for each, the last one after the data.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, too many, twice at once, or blind.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Meeting meeting = new Meeting();
        private int data;
        private int seen;
        private int accepted = 1;

        private final CountedTasklet tasklet = new CountedTasklet(cpus.runtime) {
            @Override
            protected void run() {
                seen = data;
                super.run();
            }
        };

        public Actual() {
            tasklet.scheduleOn(0);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.first.turn();
        }

        @Actor
        public void again() {
            meeting.meetRoughly();
            data = 1;
            if (tasklet.scheduleOn(1)) {
                accepted = 2;
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.serve();
            r.r1 = accepted;
            r.r2 = tasklet.runs();
            r.r3 = seen;
        }
    }
}
