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
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A carrier that comes back from its handler while the monitor takes its CPU away: one of the two has it, and not both.
 *
 * <p>Results: the carrier has it, the monitor has it.
 */
public final class TakeOver {
    private TakeOver() {}

    private static final long PERIOD = 1;

    /** Both sides pay for the order: phase, then claim; claim, then phase; where both saw the other, a CAS decides. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "One of the two.")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "Two owners.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "No owner.")
    public static class Model {
        private final AtomicInteger phase = new AtomicInteger(1);
        private final AtomicInteger claim = new AtomicInteger();

        @Actor
        public void carrier(ZZ_Result r) {
            phase.set(2);
            r.r1 = claim.get() == 0 || claim.compareAndSet(1, 0) || claim.get() != 2;
        }

        @Actor
        public void monitor(ZZ_Result r) {
            claim.set(1);
            r.r2 = phase.get() == 1 && claim.compareAndSet(1, 2);
            claim.compareAndSet(1, 0);
        }
    }

    /** {@link Tenure} with a monitor that does not pay: no barrier. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "One of the two.")
    @Outcome(id = "true, true", expect = ACCEPTABLE_INTERESTING, desc = "Two owners.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "No owner.")
    public static class Broken {
        private final Tenure tenure = new Tenure(null);
        private final Meeting meeting = new Meeting();

        public Broken() {
            tenure.leave();
        }

        @Actor
        public void carrier(ZZ_Result r) {
            meeting.meet();
            r.r1 = tenure.enter();
        }

        @Actor
        public void monitor(ZZ_Result r) {
            meeting.meet();
            r.r2 = tenure.take(PERIOD, () -> {});
        }
    }

    /** {@link Tenure#enter} against {@link Tenure#take} with {@code membarrier(2)}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "One of the two.")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "Two owners.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "No owner.")
    public static class Actual {
        private final Tenure tenure = new Tenure(null);
        private final Meeting meeting = new Meeting();

        public Actual() {
            tenure.leave();
        }

        @Actor
        public void carrier(ZZ_Result r) {
            meeting.meet();
            r.r1 = tenure.enter();
        }

        @Actor
        public void monitor(ZZ_Result r) {
            meeting.meet();
            r.r2 = Os.hasMembarrier() && tenure.take(PERIOD, Os::membarrier);
        }
    }

    /**
     * The same with the barrier that serves where there is no {@code membarrier(2)}: a handshake with the carrier's
     * thread.
     */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "One of the two.")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "Two owners.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "No owner.")
    public static class ActualHandshake {
        private final Tenure tenure = new Tenure(null);
        private final Meeting introduction = new Meeting();
        private final Meeting meeting = new Meeting();
        private Thread carrier;

        public ActualHandshake() {
            tenure.leave();
        }

        @Actor
        public void carrier(ZZ_Result r) {
            carrier = Thread.currentThread();
            introduction.meet();
            meeting.meet();
            r.r1 = tenure.enter();
        }

        @Actor
        public void monitor(ZZ_Result r) {
            introduction.meet();
            Runnable handshake = carrier::getStackTrace;
            meeting.meet();
            r.r2 = tenure.take(PERIOD, handshake);
        }
    }
}
