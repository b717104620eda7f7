// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * An item is armed anew from elsewhere while the message that is on its way for it is received (R26, M13): the request
 * is taken with it, or another message is sent.
 *
 * <p>Results: the armer has sent another message (found it pending, in the actual ones); what the receiver has taken
 * (lies in the wheel).
 */
public final class RequestAgainstReceipt {
    private RequestAgainstReceipt() {}

    /** Request, then a look whether the message is on its way; not on its way, then a look at the request. */
    @JCStressTest
    @State
    @Outcome(id = {"true, 0", "true, 1", "false, 1"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, 0", expect = FORBIDDEN, desc = "Nobody looks at the request.")
    public static class Model {
        private final AtomicInteger request = new AtomicInteger();
        private final AtomicInteger posted = new AtomicInteger(1);

        @Actor
        public void armer(ZI_Result r) {
            request.set(1);
            r.r1 = posted.get() == 0;
        }

        @Actor
        public void receiver(ZI_Result r) {
            posted.set(0);
            r.r2 = request.get();
        }
    }

    /** The receiver looks first. */
    @JCStressTest
    @State
    @Outcome(id = {"true, 0", "true, 1", "false, 1"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, 0", expect = ACCEPTABLE_INTERESTING, desc = "Nobody looks at the request.")
    public static class Broken {
        private final AtomicInteger request = new AtomicInteger();
        private final AtomicInteger posted = new AtomicInteger(1);

        @Actor
        public void armer(ZI_Result r) {
            request.set(1);
            r.r1 = posted.get() == 0;
        }

        @Actor
        public void receiver(ZI_Result r) {
            r.r2 = request.get();
            posted.set(0);
        }
    }

    /**
     * A request that is written anew, twice: its halves are those of one arming, or it is left alone. The last bit is
     * the turn; after two armings it is what it was.
     */
    private abstract static class Halves {
        private static final int TURN = 1;

        private final AtomicInteger state = new AtomicInteger(1);
        private final AtomicInteger request = new AtomicInteger(1);
        private int half = 1;
        private int otherHalf = 1;

        final void writeTwice() {
            write(2);
            write(3);
        }

        final void write(int next) {
            state.set(next);
            VarHandle.storeStoreFence();
            half = next;
            otherHalf = next;
            request.set(next);
        }

        /** What was taken; 0 for nothing. */
        final int take(boolean looksAtState, boolean compares) {
            int now = request.get();
            int one = half;
            int other = otherHalf;
            VarHandle.acquireFence();
            if (looksAtState && ((state.get() ^ now) & TURN) != 0) {
                return 0;
            }
            if (!compares) {
                request.set(0);
            } else if (!request.compareAndSet(now, 0)) {
                return 0;
            }
            return one == now && other == now ? now : -1;
        }
    }

    /** The state is changed first, and looked at last. */
    @JCStressTest
    @State
    @Outcome(id = {"false, 0", "false, 1", "false, 2",
        "false, 3"}, expect = ACCEPTABLE, desc = "One, or it comes again.")
    @Outcome(id = "false, -1", expect = FORBIDDEN, desc = "A mixture.")
    public static class ModelOfHalves extends Halves {
        @Actor
        public void armer() {
            writeTwice();
        }

        @Actor
        public void receiver(ZI_Result r) {
            r.r2 = take(true, true);
        }
    }

    /** The receiver goes by the request alone; one arming shows it. */
    @JCStressTest
    @State
    @Outcome(id = {"false, 0", "false, 1", "false, 2",
        "false, 3"}, expect = ACCEPTABLE, desc = "One, or it comes again.")
    @Outcome(id = "false, -1", expect = ACCEPTABLE_INTERESTING, desc = "A mixture.")
    public static class BrokenHalves extends Halves {
        @Actor
        public void armer() {
            write(2);
        }

        @Actor
        public void receiver(ZI_Result r) {
            r.r2 = take(false, true);
        }
    }

    /** It looks at the state, and takes whatever request is there then. */
    @JCStressTest
    @State
    @Outcome(id = {"false, 0", "false, 1", "false, 2",
        "false, 3"}, expect = ACCEPTABLE, desc = "One, or it comes again.")
    @Outcome(id = "false, -1", expect = ACCEPTABLE_INTERESTING, desc = "A mixture.")
    public static class BrokenTake extends Halves {
        @Actor
        public void armer() {
            writeTwice();
        }

        @Actor
        public void receiver(ZI_Result r) {
            r.r2 = take(true, false);
        }
    }

    /** {@link PostedCountdown#armAway} against {@link PostedCountdown#apply}, of a request that waits already. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "The later one is set.")
    @Outcome(expect = FORBIDDEN, desc = "The earlier one, a mixture, two, or none.")
    public static class Actual {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public Actual() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
        }

        @Actor
        public void armer(ZI_Result r) {
            meeting.meetRoughly();
            r.r1 = WorkState.isPending(item.arm(owner.queue, owner.cpu, TimedItem.FAR + 1, WorkState.Arm.ANY));
        }

        @Actor
        public void receiver() {
            meeting.meetRoughly();
            owner.cpu.timers.applyOperations();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = left(owner, item);
        }
    }

    /** The same of two armings, after which the turn is what it was. */
    @JCStressTest
    @State
    @Outcome(id = "true, 2", expect = ACCEPTABLE, desc = "The last one is set.")
    @Outcome(expect = FORBIDDEN, desc = "An earlier one, a mixture, two, or none.")
    public static class ActualTwice {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public ActualTwice() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
        }

        @Actor
        public void armer(ZI_Result r) {
            meeting.meetRoughly();
            item.arm(owner.queue, owner.cpu, TimedItem.FAR + 1, WorkState.Arm.ANY);
            r.r1 = WorkState.isPending(item.arm(owner.queue, owner.cpu, TimedItem.FAR + 2, WorkState.Arm.ANY));
        }

        @Actor
        public void receiver() {
            meeting.meetRoughly();
            owner.cpu.timers.applyOperations();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = left(owner, item);
        }
    }

    /** The same of the notice that the instance before was cancelled. */
    @JCStressTest
    @State
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "It is set.")
    @Outcome(expect = FORBIDDEN, desc = "It is not, or the one before is still there.")
    public static class ActualNotice {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public ActualNotice() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
            owner.cpu.timers.applyOperations();
            item.cancel();
        }

        @Actor
        public void armer(ZI_Result r) {
            meeting.meetRoughly();
            r.r1 = WorkState.isPending(item.arm(owner.queue, owner.cpu, TimedItem.FAR + 1, WorkState.Arm.ANY));
        }

        @Actor
        public void receiver() {
            meeting.meetRoughly();
            owner.cpu.timers.applyOperations();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = left(owner, item);
        }
    }

    /** The same of an arming that is refused: what was requested before stands. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "The earlier one is set.")
    @Outcome(expect = FORBIDDEN, desc = "It is not.")
    public static class ActualRefused {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public ActualRefused() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
        }

        @Actor
        public void armer(ZI_Result r) {
            meeting.meetRoughly();
            r.r1 = WorkState.isPending(item.arm(owner.queue, owner.cpu, TimedItem.FAR + 1, WorkState.Arm.IDLE));
        }

        @Actor
        public void receiver() {
            meeting.meetRoughly();
            owner.cpu.timers.applyOperations();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = left(owner, item);
        }
    }

    /** Ticks after FAR at which the one alarm is set; -1 where there is not just that, -2 where it stays afterwards. */
    private static int left(HandDriven owner, TimedItem item) {
        int ticks = TimedItem.left(owner.cpu) == 1 ? (int) (item.countdown.tick - TimedItem.FAR) : -1;
        item.cancel();
        return TimedItem.left(owner.cpu) > 0 ? -2 : ticks;
    }
}
