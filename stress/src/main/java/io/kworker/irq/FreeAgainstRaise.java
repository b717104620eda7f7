// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A handler is freed while its line is raised: what its primary wakes has been queued when the waiting for the last run
 * begins (R81, I11, I19).
 *
 * <p>Results: calls of the primary, queued when the primaries have been waited for, runs.
 */
public final class FreeAgainstRaise {
    private FreeAgainstRaise() {}

    /** First off the line, then waited. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Freed before.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "One last run.")
    @Outcome(expect = FORBIDDEN, desc = "Woken after the wait.")
    public static class Model {
        private volatile boolean isInProgress;
        private volatile boolean isLinked = true;
        private int queued;

        @Actor
        public void raiser() {
            isInProgress = true;
            if (isLinked) {
                queued++;
            }
            isInProgress = false;
        }

        @Actor
        public void freer(III_Result r) {
            isLinked = false;
            while (isInProgress) {
                Thread.onSpinWait();
            }
            r.r2 = queued;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = queued;
            r.r3 = r.r2;
        }
    }

    /** First waited, then off the line. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Freed before.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "One last run.")
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE_INTERESTING, desc = "Woken after the wait.")
    @Outcome(expect = FORBIDDEN, desc = "Nothing else.")
    public static class Broken {
        private volatile boolean isInProgress;
        private volatile boolean isLinked = true;
        private int queued;

        @Actor
        public void raiser() {
            isInProgress = true;
            if (isLinked) {
                queued++;
            }
            isInProgress = false;
        }

        @Actor
        public void freer(III_Result r) {
            while (isInProgress) {
                Thread.onSpinWait();
            }
            isLinked = false;
            r.r2 = queued;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = queued;
            r.r3 = r.r2;
        }
    }

    /** {@link IrqLine#raise} against the steps of {@link IrqLine#free}. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Freed before.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "One last run.")
    @Outcome(expect = FORBIDDEN, desc = "Woken after the wait.")
    public static class Actual {
        private final IrqLine line = new HandLine(item -> queue()).line;
        private final IrqAction action = line.request(self -> answer(), self -> {}, "one");
        private int calls;
        private int queued;

        private void queue() {
            queued++;
        }

        private IrqReturn answer() {
            calls++;
            return IrqReturn.WAKE_THREAD;
        }

        @Actor
        public void raiser() {
            line.raise();
        }

        @Actor
        public void freer(III_Result r) {
            line.proceed(line.unlink(action));
            line.awaitPrimaries();
            r.r2 = queued;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            if (r.r2 != 0) {
                action.thread.run(); // the last one
            }
            line.retire(action);
            r.r1 = calls;
            r.r3 = (int) action.stats().runs();
        }
    }
}
