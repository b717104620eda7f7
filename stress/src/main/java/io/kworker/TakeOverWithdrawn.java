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
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/**
 * A monitor that asks for the CPU in a period of foreign code that is over gives up, and leaves the carrier and its
 * claim as they were, even if they meet at the end of a later period.
 *
 * <p>Results: the carrier has the CPU, the monitor has it, the carrier can go on.
 */
public final class TakeOverWithdrawn {
    private TakeOverWithdrawn() {}

    private static final long STALE_PERIOD = 1;

    /** A request met by the carrier is undone by it, or by the monitor. */
    @JCStressTest
    @State
    @Outcome(id = "true, false, true", expect = ACCEPTABLE, desc = "Nothing has happened.")
    @Outcome(expect = FORBIDDEN, desc = "The carrier has lost its CPU to nobody.")
    public static class Model {
        private final AtomicInteger phase = new AtomicInteger(3);
        private final AtomicInteger claim = new AtomicInteger();

        @Actor
        public void carrier(ZZZ_Result r) {
            phase.set(4);
            r.r1 = claim.get() == 0 || claim.compareAndSet(1, 0) || claim.get() != 2;
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            claim.set(1);
            r.r2 = phase.get() == STALE_PERIOD && claim.compareAndSet(1, 2);
            claim.compareAndSet(1, 0);
        }

        @Arbiter
        public void arbiter(ZZZ_Result r) {
            r.r3 = claim.get() == 0;
        }
    }

    /** The carrier takes a request for the loss of its CPU. */
    @JCStressTest
    @State
    @Outcome(id = "true, false, true", expect = ACCEPTABLE, desc = "Nothing has happened.")
    @Outcome(id = "false, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Lost to nobody.")
    public static class Broken {
        private final AtomicInteger phase = new AtomicInteger(3);
        private final AtomicInteger claim = new AtomicInteger();

        @Actor
        public void carrier(ZZZ_Result r) {
            phase.set(4);
            r.r1 = claim.get() == 0;
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            claim.set(1);
            r.r2 = phase.get() == STALE_PERIOD && claim.compareAndSet(1, 2);
            claim.compareAndSet(1, 0);
        }

        @Arbiter
        public void arbiter(ZZZ_Result r) {
            r.r3 = claim.get() == 0;
        }
    }

    /** {@link Tenure#enter} against {@link Tenure#take} of an earlier period. */
    @JCStressTest
    @State
    @Outcome(id = "true, false, true", expect = ACCEPTABLE, desc = "Nothing has happened.")
    @Outcome(expect = FORBIDDEN, desc = "The carrier has lost its CPU to nobody.")
    public static class Actual {
        private final Tenure tenure = new Tenure(null);
        private final Meeting meeting = new Meeting();

        public Actual() {
            tenure.leave();
            tenure.enter();
            tenure.leave();
        }

        @Actor
        public void carrier(ZZZ_Result r) {
            meeting.meet();
            r.r1 = tenure.enter();
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            meeting.meet();
            r.r2 = Os.hasMembarrier() && tenure.take(STALE_PERIOD, Os::membarrier);
        }

        @Arbiter
        public void arbiter(ZZZ_Result r) {
            tenure.leave();
            r.r3 = tenure.enter();
        }
    }
}
