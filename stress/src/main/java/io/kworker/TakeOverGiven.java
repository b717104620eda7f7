// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/**
 * A carrier gives its CPU away before a CPU-intensive handler starts, while the monitor tries to take it: there is
 * exactly one new owner, and the carrier has lost the CPU (R33, R35, G27).
 *
 * <p>Results: given away by the carrier, taken by the monitor, still the carrier's after the handler.
 */
public final class TakeOverGiven {
    private TakeOverGiven() {}

    /** Who gives marks the claim as taken; a request that was too late is withdrawn by either side. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, false", "false, true, false"}, expect = ACCEPTABLE, desc = "One new owner.")
    @Outcome(expect = FORBIDDEN, desc = "Two owners, or none.")
    public static class Model {
        private final AtomicInteger phase = new AtomicInteger(1);
        private final AtomicInteger claim = new AtomicInteger();

        private boolean enter(int even) {
            phase.set(even);
            return claim.get() == 0 || claim.compareAndSet(1, 0) || claim.get() != 2;
        }

        @Actor
        public void carrier(ZZZ_Result r) {
            if (enter(2)) {
                while (!claim.compareAndSet(0, 2)) {
                    claim.compareAndSet(1, 0);
                }
                r.r1 = true;
                phase.set(3);
                r.r3 = enter(4);
            }
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            for (int tries = 0; tries < 2; tries++) {
                int seen = phase.get();
                if (seen % 2 != 0 && claim.compareAndSet(0, 1)) {
                    if (phase.get() == seen && claim.compareAndSet(1, 2)) {
                        r.r2 = true;
                    }
                    claim.compareAndSet(1, 0);
                }
            }
        }
    }

    /** The carrier gives the CPU away, and nobody can see it. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, false", "false, true, false"}, expect = ACCEPTABLE, desc = "One new owner.")
    @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "Two owners.")
    public static class Broken {
        private final AtomicInteger phase = new AtomicInteger(1);
        private final AtomicInteger claim = new AtomicInteger();

        private boolean enter(int even) {
            phase.set(even);
            return claim.get() == 0 || claim.compareAndSet(1, 0) || claim.get() != 2;
        }

        @Actor
        public void carrier(ZZZ_Result r) {
            if (enter(2)) {
                r.r1 = true;
                phase.set(3);
                r.r3 = enter(4);
            }
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            for (int tries = 0; tries < 2; tries++) {
                int seen = phase.get();
                if (seen % 2 != 0 && claim.compareAndSet(0, 1)) {
                    if (phase.get() == seen && claim.compareAndSet(1, 2)) {
                        r.r2 = true;
                    }
                    claim.compareAndSet(1, 0);
                }
            }
        }
    }

    /** {@link Tenure#give} against {@link Tenure#take}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, false", "false, true, false"}, expect = ACCEPTABLE, desc = "One new owner.")
    @Outcome(expect = FORBIDDEN, desc = "Two owners, or none.")
    public static class Actual {
        private static final int TRIES = 3;

        private final Tenure tenure = new Tenure(null);
        private final Meeting meeting = new Meeting();

        public Actual() {
            tenure.leave();
        }

        @Actor
        public void carrier(ZZZ_Result r) {
            meeting.meet();
            if (tenure.enter()) {
                tenure.give();
                r.r1 = true;
                tenure.leave();
                r.r3 = tenure.enter();
            }
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            Runnable barrier = Os.hasMembarrier() ? Os::membarrier : () -> {};
            meeting.meet();
            for (int tries = 0; tries < TRIES; tries++) {
                long seen = tenure.phase();
                if (Tenure.isForeign(seen) && Os.hasMembarrier() && tenure.take(seen, barrier)) {
                    r.r2 = true;
                }
            }
        }
    }
}
