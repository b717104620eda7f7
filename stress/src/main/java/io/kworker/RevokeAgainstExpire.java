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
 * A timer that is biased to a CPU expires there while somebody else takes it back or re-times it (R25, M12).
 *
 * <p>Results: was pending; callbacks; what is left.
 */
public final class RevokeAgainstExpire {
    private RevokeAgainstExpire() {}

    private static final int IDLE = 0;
    private static final int ARMED = 1;

    /** The owner queues it in a section, if it still is biased; the revoker looks when nobody is in one. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0", "0, 1, 0"}, expect = ACCEPTABLE, desc = "Taken back, or expired.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither.")
    public static class Model {
        private final AtomicInteger isIn = new AtomicInteger();
        private final AtomicInteger isRevoked = new AtomicInteger();
        private int due = ARMED;

        @Actor
        public void owner(III_Result r) {
            isIn.set(1);
            if (isRevoked.get() == 0) {
                r.r2 = due;
                due = IDLE;
            }
            isIn.set(0);
        }

        @Actor
        public void revoker(III_Result r) {
            isRevoked.set(1);
            while (isIn.get() != 0) {
                Thread.onSpinWait();
            }
            r.r1 = due;
            due = IDLE;
        }
    }

    /** The revoker does not wait for the section in progress. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0", "0, 1, 0"}, expect = ACCEPTABLE, desc = "Taken back, or expired.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE_INTERESTING, desc = "Both.")
    public static class Broken {
        private final AtomicInteger isRevoked = new AtomicInteger();
        private volatile int due = ARMED;

        @Actor
        public void owner(III_Result r) {
            if (isRevoked.get() == 0) {
                r.r2 = due;
                due = IDLE;
            }
        }

        @Actor
        public void revoker(III_Result r) {
            isRevoked.set(1);
            r.r1 = due;
            due = IDLE;
        }
    }

    /** {@link Timers#look} against {@link SoftTimer#delete}. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0", "0, 1, 0"}, expect = ACCEPTABLE, desc = "Taken back, or run.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither, or something is left.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        public Actual() {
            timer.modHere(TimedItem.PAST);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            TimedItem.look(cpus.first.cpu);
            cpus.first.turn();
        }

        @Actor
        public void revoker(III_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.delete() ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.serve();
            r.r2 = timer.runs;
            r.r3 = timer.left() + (timer.isPending() || timer.isRunning() ? 10 : 0);
        }
    }

    /** {@link Timers#look} against {@link SoftTimer#modOn}. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 11", "0, 1, 11"}, expect = ACCEPTABLE, desc = "Re-timed, or run and armed again.")
    @Outcome(expect = FORBIDDEN, desc = "Two instances, or none.")
    public static class ActualMod {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        public ActualMod() {
            timer.modHere(TimedItem.PAST);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            TimedItem.look(cpus.first.cpu);
            cpus.first.turn();
        }

        @Actor
        public void revoker(III_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.modOn(0, timer.moment(TimedItem.FAR)) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.first.cpu.timers.applyOperations();
            r.r2 = timer.runs;
            r.r3 = timer.left() + (timer.isPending() ? 10 : 0);
        }
    }
}
