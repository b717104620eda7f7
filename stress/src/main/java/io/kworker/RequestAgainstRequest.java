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
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * Two threads arm an item by requests, one of them twice (M13): one writes at a time, and the later request is that of
 * the later instance.
 *
 * <p>Results: the request is one of one writer; in the actual test whose time is set.
 */
public final class RequestAgainstRequest {
    private RequestAgainstRequest() {}

    /** Two words that change their last bit with each arming: one before the request is written, one after. */
    private abstract static class Words {
        private static final int TURN = 1;
        private static final int ONE_MORE = 2;

        private final AtomicInteger state = new AtomicInteger();
        private final AtomicInteger request = new AtomicInteger();
        private int half;
        private int otherHalf;

        /** State, then request. */
        final void arm() {
            int now = state.get();
            arm(now, request.get());
        }

        /** Request, then state. */
        final void armOutOfOrder() {
            int before = request.get();
            arm(state.get(), before);
        }

        private void arm(int now, int before) {
            int next = (now ^ TURN) + ONE_MORE;
            if (((now ^ before) & TURN) == 0 && state.compareAndSet(now, next)) {
                half = next;
                otherHalf = next;
                request.set(next);
            }
        }

        final boolean isOfOne() {
            return half == otherHalf && half == request.get() && half == state.get();
        }
    }

    /** The state is read before the request. */
    @JCStressTest
    @State
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "One at a time.")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "Both at the same time.")
    public static class Model extends Words {
        @Actor
        public void once() {
            arm();
        }

        @Actor
        public void twice() {
            arm();
            arm();
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = isOfOne();
        }
    }

    /** After it: two armings in between, the second of which is not over, look like none. */
    @JCStressTest
    @State
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "One at a time.")
    @Outcome(id = "false", expect = ACCEPTABLE_INTERESTING, desc = "Both at the same time.")
    public static class Broken extends Words {
        @Actor
        public void once() {
            armOutOfOrder();
        }

        @Actor
        public void twice() {
            armOutOfOrder();
            armOutOfOrder();
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = isOfOne();
        }
    }

    /** {@link PostedCountdown#armAway}. */
    @JCStressTest
    @State
    @Outcome(id = {"1", "3"}, expect = ACCEPTABLE, desc = "The later one.")
    @Outcome(expect = FORBIDDEN, desc = "An earlier one, two alarms, or none.")
    public static class Actual {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();
        private volatile int ofFirst;
        private volatile int ofSecond;

        @Actor
        public void once() {
            meeting.meetRoughly();
            ofFirst = arm(1);
        }

        @Actor
        public void twice() {
            meeting.meetRoughly();
            arm(2);
            ofSecond = arm(3);
        }

        private int arm(int ticks) {
            return WorkState.generation(
                    item.arm(owner.queue, owner.cpu, TimedItem.FAR + ticks, WorkState.Arm.ANY));
        }

        @Arbiter
        public void arbiter(I_Result r) {
            int ticks = TimedItem.left(owner.cpu) == 1 ? (int) (item.countdown.tick - TimedItem.FAR) : -1;
            r.r1 = ticks == (ofFirst > ofSecond ? 1 : 3) ? ticks : -2;
        }
    }
}
