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
import org.openjdk.jcstress.infra.results.IZ_Result;

/**
 * The CPU finds a tasklet disabled that is enabled at this moment: it runs once, by the one or the other (T13).
 *
 * <p>Results: runs, scheduled in the end.
 */
public final class TaskletEnableAgainstKeep {
    private TaskletEnableAgainstKeep() {}

    private static final int DEPTH = 1;
    private static final int KEPT = 2;

    /** Kept only with the depth that was seen. */
    @JCStressTest
    @State
    @Outcome(id = "1, false", expect = ACCEPTABLE, desc = "Ran.")
    @Outcome(expect = FORBIDDEN, desc = "Left behind, or twice.")
    public static class Model {
        private final AtomicInteger word = new AtomicInteger(DEPTH);
        private final AtomicInteger runs = new AtomicInteger();

        @Actor
        public void owner() {
            if (!word.compareAndSet(DEPTH, DEPTH | KEPT)) {
                runs.getAndIncrement();
            }
        }

        @Actor
        public void enabler() {
            if ((word.getAndSet(0) & KEPT) != 0) {
                runs.getAndIncrement();
            }
        }

        @Arbiter
        public void arbiter(IZ_Result r) {
            r.r1 = runs.get();
            r.r2 = word.get() != 0;
        }
    }

    /** Looks at the depth, then keeps. */
    @JCStressTest
    @State
    @Outcome(id = "1, false", expect = ACCEPTABLE, desc = "Ran.")
    @Outcome(id = "0, true", expect = ACCEPTABLE_INTERESTING, desc = "Left behind.")
    public static class Broken {
        private final AtomicInteger word = new AtomicInteger(DEPTH);
        private final AtomicInteger runs = new AtomicInteger();

        @Actor
        public void owner() {
            if (word.get() == DEPTH) {
                word.getAndUpdate(w -> w | KEPT);
            } else {
                runs.getAndIncrement();
            }
        }

        @Actor
        public void enabler() {
            if ((word.getAndSet(0) & KEPT) != 0) {
                runs.getAndIncrement();
            }
        }

        @Arbiter
        public void arbiter(IZ_Result r) {
            r.r1 = runs.get();
            r.r2 = word.get() != 0;
        }
    }

    /** {@link Cpu#fetch} and the look at the word against {@link Tasklet#enable}. */
    @JCStressTest
    @State
    @Outcome(id = "1, false", expect = ACCEPTABLE, desc = "Ran.")
    @Outcome(expect = FORBIDDEN, desc = "Left behind, or twice.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final CountedTasklet tasklet = new CountedTasklet(cpus.runtime);
        private final Meeting meeting = new Meeting();

        public Actual() {
            tasklet.disableNoSync();
            tasklet.scheduleOn(0);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.first.turn();
        }

        @Actor
        public void enabler() {
            meeting.meetRoughly();
            tasklet.enable();
        }

        @Arbiter
        public void arbiter(IZ_Result r) {
            cpus.serve();
            r.r1 = tasklet.runs();
            r.r2 = !tasklet.isIdle();
        }
    }
}
