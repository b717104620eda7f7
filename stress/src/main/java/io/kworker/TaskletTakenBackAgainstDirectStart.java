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
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * What was scheduled of a tasklet is taken back, as by a workqueue that closes, while its CPU starts it without a
 * claim: taken back, or run, and never both or neither (G10, J2).
 *
 * <p>Results: taken back, runs.
 */
public final class TaskletTakenBackAgainstDirectStart {
    private TaskletTakenBackAgainstDirectStart() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** One instance, which starts unclaimed where the word is 0. */
    private abstract static class Unclaimed {
        final AtomicInteger state = new AtomicInteger(PENDING);
        final AtomicInteger word = new AtomicInteger();
        int direct;
        int runs;
        boolean isTaken;

        final void start() {
            direct = 1;
            VarHandle.fullFence();
            if (word.get() == 0) {
                runs++;
                direct = 2;
                VarHandle.fullFence();
                state.set(0);
            } else if (state.compareAndSet(PENDING, RUNNING) || state.get() == RUNNING) {
                runs++;
                state.set(0);
            }
        }
    }

    /** Says that it may, looks whether it has started, takes it. */
    @JCStressTest
    @State
    @Outcome(id = {"true, 0", "false, 1"}, expect = ACCEPTABLE, desc = "One of the two.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither.")
    public static class Model extends Unclaimed {
        @Actor
        public void owner() {
            start();
        }

        @Actor
        public void taker() {
            word.set(1);
            if (state.compareAndSet(PENDING, PENDING)) {
                if (direct != 0) {
                    state.compareAndSet(PENDING, RUNNING);
                }
            }
            isTaken = state.compareAndSet(PENDING, 0);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r1 = isTaken;
            r.r2 = runs;
        }
    }

    /** Does not look. */
    @JCStressTest
    @State
    @Outcome(id = {"true, 0", "false, 1"}, expect = ACCEPTABLE, desc = "One of the two.")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "Both.")
    public static class Broken extends Unclaimed {
        @Actor
        public void owner() {
            start();
        }

        @Actor
        public void taker() {
            word.set(1);
            isTaken = state.compareAndSet(PENDING, 0);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r1 = isTaken;
            r.r2 = runs;
        }
    }

    /** {@link Cpu#fetch} and the handler against {@link Softirq#takeBack}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, 0", "false, 1"}, expect = ACCEPTABLE, desc = "One of the two.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final CountedTasklet tasklet = new CountedTasklet(cpus.runtime);
        private final Meeting meeting = new Meeting();
        private boolean isTaken;

        public Actual() {
            tasklet.scheduleOn(0);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.first.turn();
        }

        @Actor
        public void taker() {
            meeting.meetRoughly();
            isTaken = tasklet.item.takeBack(1);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            cpus.serve();
            r.r1 = isTaken;
            r.r2 = tasklet.isIdle() ? tasklet.runs() : -2;
        }
    }
}
