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
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two waiters, one for the run in progress and one for the pending instance. The end of the run releases the first and
 * puts the second back on the list, while a cancel, or the next run, ends the second's instance: nobody is left behind,
 * nobody is released twice (R14, R51, G51).
 */
public final class FlushAgainstCancel {
    private FlushAgainstCancel() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;
    private static final int RUNS_WAITER = 1;
    private static final int INSTANCES_WAITER = 10;

    /** The list, as the sum of those on it, and the releases, likewise. */
    private static class Waiters {
        final AtomicInteger state = new AtomicInteger(RUNNING | PENDING);
        final AtomicInteger list = new AtomicInteger(RUNS_WAITER + INSTANCES_WAITER);
        final AtomicInteger releases = new AtomicInteger();

        void finish() {
            release(state.addAndGet(-RUNNING));
        }

        void cancel() {
            release(state.addAndGet(-PENDING));
        }

        private void release(int s) {
            while (s == 0 || s == PENDING) {
                int taken = list.getAndSet(0);
                int kept = s == 0 ? 0 : taken / INSTANCES_WAITER * INSTANCES_WAITER;
                releases.getAndAdd(taken - kept);
                if (kept == 0) {
                    return;
                }
                list.getAndAdd(kept);
                s = look(s);
            }
        }

        /** The state after the putting back; -1 to leave it at that. */
        int look(int before) {
            int s = state.get();
            return s == before ? -1 : s;
        }
    }

    /**
     * Who puts waiters back looks at the state once more. Results: releases (1 the run's waiter, 10 the instance's),
     * left behind.
     */
    @JCStressTest
    @State
    @Outcome(id = "11, 0", expect = ACCEPTABLE, desc = "Both released.")
    @Outcome(expect = FORBIDDEN, desc = "Left behind, or released twice.")
    public static class Model {
        private final Waiters waiters = new Waiters();

        @Actor
        public void runner() {
            waiters.finish();
        }

        @Actor
        public void canceller() {
            waiters.cancel();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = waiters.releases.get();
            r.r2 = waiters.list.get();
        }
    }

    /** Who puts waiters back leaves it at that. */
    @JCStressTest
    @State
    @Outcome(id = "11, 0", expect = ACCEPTABLE, desc = "Both released.")
    @Outcome(id = "1, 10", expect = ACCEPTABLE_INTERESTING, desc = "The instance's waiter is left behind.")
    public static class Broken {
        private final Waiters waiters = new Waiters() {
            @Override
            int look(int before) {
                return -1;
            }
        };

        @Actor
        public void runner() {
            waiters.finish();
        }

        @Actor
        public void canceller() {
            waiters.cancel();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = waiters.releases.get();
            r.r2 = waiters.list.get();
        }
    }

    /**
     * {@link WorkState#finish} against {@link Work#cancel}. Results as above; who released the instance's waiter is the
     * third.
     */
    @JCStressTest
    @State
    @Outcome(id = "11, 0, 1", expect = ACCEPTABLE, desc = "Both released, the instance's waiter by the runner.")
    @Outcome(id = "11, 0, 2", expect = ACCEPTABLE, desc = "Both released, the instance's waiter by the canceller.")
    @Outcome(expect = FORBIDDEN, desc = "Left behind, or released twice.")
    public static class Actual {
        private final Flushed item = new Flushed();
        private Thread runner;

        @Actor
        public void runner() {
            runner = Thread.currentThread();
            item.finish();
        }

        @Actor
        public void canceller() {
            item.cancel();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = item.releases();
            r.r2 = item.hasWaiters() ? 1 : 0;
            r.r3 = item.instancesWaiter.releaser() == runner ? 1 : 2;
        }
    }

    /** {@link WorkState#finish} against {@link WorkState#start} and finish of the next instance. Results as above. */
    @JCStressTest
    @State
    @Outcome(id = "11, 0, 1", expect = ACCEPTABLE, desc = "Both released, the instance's waiter by the first runner.")
    @Outcome(id = "11, 0, 2", expect = ACCEPTABLE, desc = "Both released, the instance's waiter by the next runner.")
    @Outcome(expect = FORBIDDEN, desc = "Left behind, or released twice.")
    public static class ActualNextRun {
        private final Flushed item = new Flushed();
        private Thread runner;

        @Actor
        public void runner() {
            runner = Thread.currentThread();
            item.finish();
        }

        @Actor
        public void nextRunner() {
            while (item.start(item) == WorkState.Start.BUSY) {
                Thread.onSpinWait();
            }
            item.finish();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = item.releases();
            r.r2 = item.hasWaiters() ? 1 : 0;
            r.r3 = item.instancesWaiter.releaser() == runner ? 1 : 2;
        }
    }

    /** Runs, is pending too, and has a waiter for each. */
    private static final class Flushed extends Item {
        private final Probe runsWaiter = new Probe(1);
        private final Probe instancesWaiter = new Probe(2);

        Flushed() {
            pend();
            generation = 1;
            start(this);
            pend();
            generation = 2;
            await(runsWaiter);
            await(instancesWaiter);
        }

        int releases() {
            return RUNS_WAITER * runsWaiter.releases() + INSTANCES_WAITER * instancesWaiter.releases();
        }
    }
}
