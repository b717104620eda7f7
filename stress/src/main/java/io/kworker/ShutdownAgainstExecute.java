// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The shutdown of an executor against a submission: it is accepted and awaited, or refused.
 *
 * <p>Results: accepted, terminated before the task has run, terminated afterwards.
 */
public final class ShutdownAgainstExecute {
    private ShutdownAgainstExecute() {}

    /** Submitter: entered, then the state. Closer: the state, then what was entered. */
    @JCStressTest
    @State
    @Outcome(id = "true, false, true", expect = ACCEPTABLE, desc = "Accepted, and awaited.")
    @Outcome(id = "false, (true|false), true", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(expect = FORBIDDEN, desc = "Terminated with a task to come, or never.")
    public static class Model {
        private final AtomicInteger entered = new AtomicInteger();
        private final AtomicInteger ended = new AtomicInteger();
        private final AtomicInteger state = new AtomicInteger();
        private final AtomicInteger terminated = new AtomicInteger();

        @Actor
        public void submitter(ZZZ_Result r) {
            entered.getAndIncrement();
            r.r1 = state.get() == 0;
            if (!r.r1) {
                end();
            }
        }

        @Actor
        public void closer(ZZZ_Result r) {
            state.set(1);
            tryTerminate();
            r.r2 = terminated.get() != 0;
        }

        private void end() {
            ended.getAndIncrement();
            if (state.get() != 0) {
                tryTerminate();
            }
        }

        private void tryTerminate() {
            int over = ended.get();
            if (over == entered.get()) {
                terminated.set(1);
            }
        }

        @Arbiter
        public void arbiter(ZZZ_Result r) {
            if (r.r1) {
                end();
            }
            r.r3 = terminated.get() != 0;
        }
    }

    /** The submitter looks at the state first. */
    @JCStressTest
    @State
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "Accepted, and awaited.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "true, true", expect = ACCEPTABLE_INTERESTING, desc = "Terminated with a task to come.")
    public static class Broken {
        private final AtomicInteger entered = new AtomicInteger();
        private final AtomicInteger state = new AtomicInteger();

        @Actor
        public void submitter(ZZ_Result r) {
            r.r1 = state.get() == 0;
            if (r.r1) {
                entered.getAndIncrement();
            }
        }

        @Actor
        public void closer(ZZ_Result r) {
            state.set(1);
            r.r2 = entered.get() == 0;
        }
    }

    /** {@link View#execute} against {@link View#shutdown}. */
    @JCStressTest
    @State
    @Outcome(id = "true, false, true", expect = ACCEPTABLE, desc = "Accepted, and awaited.")
    @Outcome(id = "false, (true|false), true", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(expect = FORBIDDEN, desc = "Terminated with a task to come, or never.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final View view = cpu.newView();

        @Actor
        public void submitter(ZZZ_Result r) {
            try {
                view.execute(() -> {});
                r.r1 = true;
            } catch (RejectedExecutionException e) {
                r.r1 = false;
            }
        }

        @Actor
        public void closer(ZZZ_Result r) {
            view.shutdown();
            r.r2 = view.isTerminated();
        }

        @Arbiter
        public void arbiter(ZZZ_Result r) {
            cpu.serve();
            r.r3 = view.isTerminated();
        }
    }
}
