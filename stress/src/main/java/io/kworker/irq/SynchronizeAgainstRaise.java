// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

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
 * A line is disabled while it is raised: the primaries have run before the wait is over, or do not run (R79, I6, I8).
 *
 * <p>Results: what the primaries have counted, as seen after the wait, and in the end. They count when they begin and
 * when they end.
 */
public final class SynchronizeAgainstRaise {
    private SynchronizeAgainstRaise() {}

    private static final int PROGRESS = 1;
    private static final int DEPTH = 2;

    /** First disabled, then waited. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Disabled before.")
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "Waited for.")
    @Outcome(expect = FORBIDDEN, desc = "The primaries run after the wait.")
    public static class Model {
        private final AtomicInteger word = new AtomicInteger();
        private int count;

        @Actor
        public void raiser() {
            if (word.compareAndSet(0, PROGRESS)) {
                count++;
                count++;
                word.addAndGet(-PROGRESS);
            }
        }

        @Actor
        public void disabler(II_Result r) {
            word.addAndGet(DEPTH);
            while ((word.get() & PROGRESS) != 0) {
                Thread.onSpinWait();
            }
            r.r1 = count;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = count;
        }
    }

    /** First waited, then disabled. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Disabled before.")
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "Waited for.")
    @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "The primaries run after the wait.")
    public static class Broken {
        private final AtomicInteger word = new AtomicInteger();
        private int count;

        @Actor
        public void raiser() {
            if (word.compareAndSet(0, PROGRESS)) {
                count++;
                count++;
                word.addAndGet(-PROGRESS);
            }
        }

        @Actor
        public void disabler(II_Result r) {
            while ((word.get() & PROGRESS) != 0) {
                Thread.onSpinWait();
            }
            word.addAndGet(DEPTH);
            r.r1 = count;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = count;
        }
    }

    /** {@link IrqLine#disableHardirq} against {@link IrqLine#raise}. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Disabled before.")
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "Waited for.")
    @Outcome(expect = FORBIDDEN, desc = "The primaries run after the wait.")
    public static class Actual {
        private final IrqLine line = new HandLine(item -> {}).line;
        private int count;

        public Actual() {
            line.request(action -> count(), null, "one");
        }

        private IrqReturn count() {
            count++;
            count++;
            return IrqReturn.HANDLED;
        }

        @Actor
        public void raiser() {
            line.raise();
        }

        @Actor
        public void disabler(II_Result r) {
            line.disableHardirq();
            r.r1 = count;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = count;
        }
    }

    /** The same while an edge is remembered: the wait is for one pass, and the next one does not begin. */
    @JCStressTest
    @State
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "Disabled before the replay.")
    @Outcome(id = "4, 4", expect = ACCEPTABLE, desc = "Waited for the replay.")
    @Outcome(expect = FORBIDDEN, desc = "The primaries run after the wait.")
    public static class ActualReplay {
        private final IrqLine line = new HandLine(item -> {}).line;
        private final IrqState.Todo pass;
        private int count;

        public ActualReplay() {
            line.request(action -> count(), null, "one");
            pass = line.state.raise();
            line.raise();
        }

        private IrqReturn count() {
            count++;
            count++;
            return IrqReturn.HANDLED;
        }

        @Actor
        public void raiser() {
            line.proceed(pass);
        }

        @Actor
        public void disabler(II_Result r) {
            line.disableHardirq();
            r.r1 = count;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = count;
        }
    }
}
