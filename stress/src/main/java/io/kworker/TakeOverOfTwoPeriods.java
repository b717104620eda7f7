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

/**
 * Two periods of foreign code in a row against a monitor that tries twice: the carrier loses the CPU in the very period
 * that the monitor takes, or in none; who takes it sees what the carrier wrote between the periods; a carrier that has
 * handed in can serve again.
 *
 * <p>Results: periods after which the carrier still had the CPU, number of the period in which the monitor took it or
 * 0, what the monitor then found written.
 */
public final class TakeOverOfTwoPeriods {
    private TakeOverOfTwoPeriods() {}

    /** The monitor takes the period that it has seen, and no other. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Taken in the first period.")
    @Outcome(id = "1, 2, 1", expect = ACCEPTABLE, desc = "Taken in the second period.")
    @Outcome(id = "2, 0, 0", expect = ACCEPTABLE, desc = "Not taken.")
    @Outcome(expect = FORBIDDEN, desc = "The two disagree.")
    public static class Model {
        private final AtomicInteger phase = new AtomicInteger(1);
        private final AtomicInteger claim = new AtomicInteger();
        private int books;

        @Actor
        public void carrier(III_Result r) {
            if (enter(2)) {
                books = 1;
                phase.set(3);
                r.r1 = enter(4) ? 2 : 1;
            }
        }

        private boolean enter(int even) {
            phase.set(even);
            return claim.get() == 0 || claim.compareAndSet(1, 0) || claim.get() != 2;
        }

        @Actor
        public void monitor(III_Result r) {
            for (int tries = 0; tries < 2 && r.r2 == 0; tries++) {
                int seen = phase.get();
                if (seen % 2 != 0 && take(seen)) {
                    r.r2 = (seen + 1) / 2;
                    r.r3 = books;
                }
            }
        }

        private boolean take(int seen) {
            claim.set(1);
            boolean taken = phase.get() == seen && claim.compareAndSet(1, 2);
            claim.compareAndSet(1, 0);
            return taken;
        }
    }

    /** The monitor asks whether foreign code runs, not whether it still is the same. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Taken in the first period.")
    @Outcome(id = "1, 2, 1", expect = ACCEPTABLE, desc = "Taken in the second period.")
    @Outcome(id = "2, 0, 0", expect = ACCEPTABLE, desc = "Not taken.")
    @Outcome(id = "1, 1, .*", expect = ACCEPTABLE_INTERESTING, desc = "Taken in a period the monitor had not seen.")
    public static class Broken {
        private final AtomicInteger phase = new AtomicInteger(1);
        private final AtomicInteger claim = new AtomicInteger();
        private int books;

        @Actor
        public void carrier(III_Result r) {
            if (enter(2)) {
                books = 1;
                phase.set(3);
                r.r1 = enter(4) ? 2 : 1;
            }
        }

        private boolean enter(int even) {
            phase.set(even);
            return claim.get() == 0 || claim.compareAndSet(1, 0) || claim.get() != 2;
        }

        @Actor
        public void monitor(III_Result r) {
            for (int tries = 0; tries < 2 && r.r2 == 0; tries++) {
                int seen = phase.get();
                if (seen % 2 != 0 && take()) {
                    r.r2 = (seen + 1) / 2;
                    r.r3 = books;
                }
            }
        }

        private boolean take() {
            claim.set(1);
            boolean taken = phase.get() % 2 != 0 && claim.compareAndSet(1, 2);
            claim.compareAndSet(1, 0);
            return taken;
        }
    }

    /** {@link Tenure#leave} and {@link Tenure#enter} against {@link Tenure#take}, as the monitor uses it. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Taken in the first period.")
    @Outcome(id = "1, 2, 1", expect = ACCEPTABLE, desc = "Taken in the second period.")
    @Outcome(id = "2, 0, 0", expect = ACCEPTABLE, desc = "Not taken.")
    @Outcome(expect = FORBIDDEN, desc = "The two disagree.")
    public static class Actual {
        private static final long FIRST_PERIOD = 1;

        private final Tenure tenure = new Tenure(null);
        private final Meeting first = new Meeting();
        private final Meeting second = new Meeting();
        private int books;

        public Actual() {
            tenure.leave();
        }

        @Actor
        public void carrier(III_Result r) {
            first.meet();
            boolean isOwner = tenure.enter();
            if (isOwner) {
                books = 1;
                tenure.leave();
            }
            second.meet();
            if (isOwner) {
                r.r1 = tenure.enter() ? 2 : 1;
            }
        }

        @Actor
        public void monitor(III_Result r) {
            first.meet();
            take(r);
            second.meet();
            if (r.r2 == 0) {
                take(r);
            }
        }

        private void take(III_Result r) {
            long seen = tenure.phase();
            if (Tenure.isForeign(seen) && Os.hasMembarrier() && tenure.take(seen, Os::membarrier)) {
                r.r2 = seen == FIRST_PERIOD ? 1 : 2;
                r.r3 = books;
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            if (r.r2 != 0) {
                tenure.reset();
            }
            tenure.leave();
            if (!tenure.enter()) {
                r.r1 = -1;
            }
        }
    }
}
