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
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The owner of a CPU arms or takes back a timer that is biased to it, by plain stores, while somebody else takes it
 * back: one after the other, whichever is first.
 *
 * <p>Results: the other has taken it back; armed in the end, or taken back by the owner; what is left.
 */
public final class RevokeAgainstOwner {
    private RevokeAgainstOwner() {}

    private static final int IDLE = 0;
    private static final int ARMED = 1;

    /** Enter, look at the mark; set the mark, look whether somebody is in. Fences on both sides. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "Armed, then taken back; or the reverse.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither.")
    public static class Model {
        private final AtomicInteger isIn = new AtomicInteger();
        private final AtomicInteger isRevoked = new AtomicInteger();
        private final AtomicInteger general = new AtomicInteger();
        private int due;

        @Actor
        public void owner() {
            isIn.set(1);
            boolean isBiased = isRevoked.get() == 0;
            if (isBiased) {
                due = ARMED;
            }
            isIn.set(0);
            if (!isBiased) {
                general.set(ARMED);
            }
        }

        @Actor
        public void revoker(ZZ_Result r) {
            isRevoked.set(1);
            while (isIn.get() != 0) {
                Thread.onSpinWait();
            }
            r.r1 = due == ARMED;
            due = IDLE;
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = due == ARMED || general.get() == ARMED;
        }
    }

    /** {@link Tenure} without the barrier. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "Armed, then taken back; or the reverse.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "Armed when the revoker has looked.")
    public static class Broken {
        private final Tenure tenure = new Tenure(null);
        private final AtomicInteger isRevoked = new AtomicInteger();
        private final AtomicInteger general = new AtomicInteger();
        private final Meeting meeting = new Meeting();
        private int due;

        public Broken() {
            tenure.leave();
        }

        @Actor
        public void owner() {
            meeting.meet();
            tenure.hold();
            boolean isBiased = isRevoked.getOpaque() == 0;
            if (isBiased) {
                due = ARMED;
            }
            tenure.release();
            if (!isBiased) {
                general.set(ARMED);
            }
        }

        @Actor
        public void revoker(ZZ_Result r) {
            meeting.meet();
            isRevoked.setRelease(1);
            tenure.awaitRelease();
            r.r1 = due == ARMED;
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = general.get() == ARMED;
        }
    }

    /** {@link SoftTimer#mod} on the own CPU against {@link SoftTimer#delete}. */
    @JCStressTest
    @State
    @Outcome(id = "true, false, 0", expect = ACCEPTABLE, desc = "Armed, then taken back.")
    @Outcome(id = "false, true, 1", expect = ACCEPTABLE, desc = "The reverse.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither, or an alarm too many.")
    public static class ActualMod {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        public ActualMod() {
            timer.modHere(TimedItem.FAR);
            timer.deleteHere();
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            timer.modHere(TimedItem.FAR + 1);
        }

        @Actor
        public void revoker(ZZI_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.delete();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r2 = timer.isPending();
            r.r3 = timer.left();
        }
    }

    /** One that was never armed: it is biased, or the other one is first. */
    @JCStressTest
    @State
    @Outcome(id = "true, false, 0", expect = ACCEPTABLE, desc = "Armed, then taken back.")
    @Outcome(id = "false, true, 1", expect = ACCEPTABLE, desc = "The reverse.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither, or an alarm too many.")
    public static class ActualFresh {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);

        @Actor
        public void owner() {
            timer.modHere(TimedItem.FAR);
        }

        @Actor
        public void revoker(ZZI_Result r) {
            r.r1 = timer.delete();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r2 = timer.isPending();
            r.r3 = timer.left();
        }
    }

    /** Two CPUs arm one that was never armed: the first is its owner, or neither. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Each has found it idle, or an alarm too many or too few.")
    public static class ActualTwoOwners {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        @Actor
        public void first(ZZI_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.modHere(TimedItem.FAR);
        }

        @Actor
        public void second(ZZI_Result r) {
            meeting.meetRoughly();
            r.r2 = timer.modThere(TimedItem.FAR + 1);
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = timer.left();
        }
    }

    /** {@link SoftTimer#delete} on the own CPU and from elsewhere: one of them has taken it back. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 0", "false, true, 0"}, expect = ACCEPTABLE, desc = "One of them.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither, or an alarm is left.")
    public static class ActualDelete {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        public ActualDelete() {
            timer.modHere(TimedItem.FAR);
        }

        @Actor
        public void owner(ZZI_Result r) {
            meeting.meetRoughly();
            r.r2 = timer.deleteHere();
        }

        @Actor
        public void revoker(ZZI_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.delete();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = timer.left();
        }
    }

    /** The same for one that stays in its slot, since it was taken back before. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 0", "false, true, 0"}, expect = ACCEPTABLE, desc = "One of them.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither, or an alarm is left.")
    public static class ActualDeleteInPlace {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        public ActualDeleteInPlace() {
            timer.modHere(TimedItem.FAR);
            timer.deleteHere();
            timer.modHere(TimedItem.FAR + 1);
        }

        @Actor
        public void owner(ZZI_Result r) {
            meeting.meetRoughly();
            r.r2 = timer.deleteHere();
        }

        @Actor
        public void revoker(ZZI_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.delete();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = timer.left();
        }
    }

    /** {@link SoftTimer#mod} on the own CPU against {@link SoftTimer#shutdown}: nobody arms it afterwards. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 0", "false, false, 0"}, expect = ACCEPTABLE, desc = "Shut down, armed before or not.")
    @Outcome(expect = FORBIDDEN, desc = "Armed after all, or an alarm is left.")
    public static class ActualShutdown {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        public ActualShutdown() {
            timer.modHere(TimedItem.FAR);
            timer.deleteHere();
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            timer.modHere(TimedItem.FAR + 1);
        }

        @Actor
        public void revoker(ZZI_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.shutdown();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r2 = timer.isPending();
            r.r3 = timer.left();
        }
    }
}
