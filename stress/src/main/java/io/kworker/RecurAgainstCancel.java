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
import org.openjdk.jcstress.infra.results.ZZI_Result;

/**
 * A recurring item is armed again at the end of its run, or begins to recur, while somebody cancels it (R76, R18): no
 * stray run, and nothing that was accepted is lost.
 *
 * <p>Results: begun, or cancelled; pending in the end; alarms that are left, and 10 where it is pending and does not
 * recur, or the other way round.
 */
public final class RecurAgainstCancel {
    private RecurAgainstCancel() {}

    private static final long HOUR = 3_600_000_000_000L;

    /** Armed, then a look whether it is ended; ended, then taken back. */
    @JCStressTest
    @State
    @Outcome(id = ".*, false, 0", expect = ACCEPTABLE, desc = "Ended.")
    @Outcome(expect = FORBIDDEN, desc = "A stray run.")
    public static class Model {
        private final AtomicInteger recurs = new AtomicInteger(1);
        private final AtomicInteger pending = new AtomicInteger();

        @Actor
        public void runner() {
            if (recurs.get() == 1) {
                pending.set(1);
                if (recurs.get() == 0) {
                    pending.set(0);
                }
            }
        }

        @Actor
        public void canceller(ZZI_Result r) {
            recurs.set(0);
            r.r1 = pending.compareAndSet(1, 0);
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r2 = pending.get() == 1;
        }
    }

    /** Who has armed it does not look again. */
    @JCStressTest
    @State
    @Outcome(id = ".*, false, 0", expect = ACCEPTABLE, desc = "Ended.")
    @Outcome(id = "false, true, 0", expect = ACCEPTABLE_INTERESTING, desc = "A stray run.")
    public static class Broken {
        private final AtomicInteger recurs = new AtomicInteger(1);
        private final AtomicInteger pending = new AtomicInteger();

        @Actor
        public void runner() {
            if (recurs.get() == 1) {
                pending.set(1);
            }
        }

        @Actor
        public void canceller(ZZI_Result r) {
            recurs.set(0);
            r.r1 = pending.compareAndSet(1, 0);
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r2 = pending.get() == 1;
        }
    }

    /** What the shipped tests have in common: an item of an hour's period. */
    private abstract static class Recurring {
        final TwoCpus cpus = new TwoCpus();
        final Workqueue queue = cpus.runtime.system();
        final TimedItem item = new TimedItem();

        /** The item begins to recur and is in a run, on the first CPU. */
        final void startRun() {
            queue.queueEvery(item, HOUR);
            apply();
            queue.modAt(item, 0, 0, WorkState.Arm.ANY, null);
            apply();
            boolean started = cpus.first.start();
            assert started;
        }

        final void apply() {
            for (int i = 0; i < 3; i++) {
                cpus.first.cpu.timers.applyOperations();
                cpus.second.cpu.timers.applyOperations();
            }
        }

        /** Whether the next run is followed by one more. */
        final boolean recurs() {
            queue.modAt(item, 0, 0, WorkState.Arm.ANY, null);
            cpus.serve();
            return item.isPending();
        }

        final void look(ZZI_Result r) {
            apply();
            r.r2 = item.isPending();
            r.r3 = cpus.first.cpu.timers.size() + cpus.second.cpu.timers.size();
            if (recurs() != r.r2) {
                r.r3 += 10;
            }
        }
    }

    /** {@link DelayedWork#ran} against {@link Work#cancel}. */
    @JCStressTest
    @State
    @Outcome(id = ".*, false, 0", expect = ACCEPTABLE, desc = "Ended.")
    @Outcome(expect = FORBIDDEN, desc = "A stray run.")
    public static class Actual extends Recurring {
        public Actual() {
            startRun();
        }

        @Actor
        public void runner() {
            cpus.first.run();
        }

        @Actor
        public void canceller(ZZI_Result r) {
            r.r1 = item.cancel();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            look(r);
        }
    }

    /** The same with {@link Work#cancelSync}, which waits for the run. */
    @JCStressTest
    @State
    @Outcome(id = ".*, false, 0", expect = ACCEPTABLE, desc = "Ended.")
    @Outcome(expect = FORBIDDEN, desc = "A stray run.")
    public static class ActualSync extends Recurring {
        public ActualSync() {
            startRun();
        }

        @Actor
        public void runner() {
            cpus.first.run();
        }

        @Actor
        public void canceller(ZZI_Result r) {
            r.r1 = item.cancelSync() || item.isBusy();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            look(r);
        }
    }

    /** {@link Workqueue#queueEvery} against {@link Work#cancel}: it recurs, or has been cancelled. */
    @JCStressTest
    @State
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "Recurs.")
    @Outcome(id = "true, false, 0", expect = ACCEPTABLE, desc = "Begun and cancelled.")
    @Outcome(expect = FORBIDDEN, desc = "Half of it.")
    public static class ActualBegin extends Recurring {
        private boolean cancelled;

        @Actor
        public void beginner(ZZI_Result r) {
            r.r1 = queue.queueEvery(item, HOUR);
        }

        @Actor
        public void canceller() {
            cancelled = item.cancel();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            look(r);
            if (cancelled == r.r2) {
                r.r3 += 100;
            }
        }
    }

    /** {@link Workqueue#queueEvery} against the end of a run that somebody else has queued: it recurs. */
    @JCStressTest
    @State
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "Recurs.")
    @Outcome(expect = FORBIDDEN, desc = "Lost.")
    public static class ActualBeginInRun extends Recurring {
        public ActualBeginInRun() {
            queue.queueOn(0, item);
            cpus.first.start();
        }

        @Actor
        public void runner() {
            cpus.first.run();
        }

        @Actor
        public void beginner(ZZI_Result r) {
            r.r1 = queue.queueEvery(item, HOUR);
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            look(r);
        }
    }
}
