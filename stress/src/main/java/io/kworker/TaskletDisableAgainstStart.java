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
 * A tasklet is disabled while its CPU starts it: after the return of disable the handler does not run, and it runs once
 * it is enabled, if it has not run before (R70, T13, T14).
 *
 * <p>Results: the handler was entered after disable had returned, runs after the enable.
 */
public final class TaskletDisableAgainstStart {
    private TaskletDisableAgainstStart() {}

    /** Running, then the look at the depth; depth, then the look whether it runs. */
    @JCStressTest
    @State
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Ran before, or kept.")
    @Outcome(expect = FORBIDDEN, desc = "Started after the return, or lost.")
    public static class Model {
        private final AtomicInteger running = new AtomicInteger();
        private final AtomicInteger depth = new AtomicInteger();
        private final AtomicInteger returned = new AtomicInteger();
        private int runs;
        private boolean tooLate;

        @Actor
        public void owner() {
            running.set(1);
            if (depth.get() == 0) {
                tooLate = returned.get() == 1;
                runs++;
            }
            running.set(0);
        }

        @Actor
        public void disabler() {
            depth.set(1);
            while (running.get() == 1) {
                Thread.onSpinWait();
            }
            returned.set(1);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r1 = tooLate;
            r.r2 = runs == 0 ? 1 : runs; // enabled: what was kept runs
        }
    }

    /** The look at the depth, then running. */
    @JCStressTest
    @State
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Ran before, or kept.")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "Started after the return.")
    public static class Broken {
        private final AtomicInteger running = new AtomicInteger();
        private final AtomicInteger depth = new AtomicInteger();
        private final AtomicInteger returned = new AtomicInteger();
        private int runs;
        private boolean tooLate;

        @Actor
        public void owner() {
            if (depth.get() == 0) {
                running.set(1);
                tooLate = returned.get() == 1;
                runs++;
            }
            running.set(0);
        }

        @Actor
        public void disabler() {
            depth.set(1);
            while (running.get() == 1) {
                Thread.onSpinWait();
            }
            returned.set(1);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r1 = tooLate;
            r.r2 = runs == 0 ? 1 : runs;
        }
    }

    /** {@link Cpu#fetch} and the handler against {@link Tasklet#disable}. */
    @JCStressTest
    @State
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Ran before, or kept.")
    @Outcome(expect = FORBIDDEN, desc = "Started after the return, or lost.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final AtomicInteger returned = new AtomicInteger();
        private final Meeting meeting = new Meeting();
        private boolean tooLate;

        private final CountedTasklet tasklet = new CountedTasklet(cpus.runtime) {
            @Override
            protected void run() {
                tooLate |= returned.get() == 1;
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
        public void disabler() {
            meeting.meetRoughly();
            tasklet.disable();
            returned.set(1);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r1 = tooLate;
            returned.set(0);
            tasklet.enable();
            cpus.serve();
            r.r2 = tasklet.runs();
        }
    }
}
