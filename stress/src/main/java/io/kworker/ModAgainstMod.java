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
 * Two threads re-time an item at once (R26, M13): one instance is left, with the time of the one that came last.
 *
 * <p>Results: the first one found it pending, the second one did; whose time it has.
 */
public final class ModAgainstMod {
    private ModAgainstMod() {}

    /** The messages carry the number that their sender drew; the owner goes by the newest. */
    @JCStressTest
    @State
    @Outcome(id = {"false, true, 2", "true, false, 1"}, expect = ACCEPTABLE, desc = "The later one.")
    @Outcome(expect = FORBIDDEN, desc = "The earlier one, or no order.")
    public static class Model {
        private final AtomicInteger newest = new AtomicInteger();
        private volatile int ofFirst;
        private volatile int ofSecond;

        @Actor
        public void first(ZZI_Result r) {
            ofFirst = newest.incrementAndGet();
            r.r1 = ofFirst > 1;
        }

        @Actor
        public void second(ZZI_Result r) {
            ofSecond = newest.incrementAndGet();
            r.r2 = ofSecond > 1;
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = ofFirst == newest.get() ? 1 : ofSecond == newest.get() ? 2 : 0;
        }
    }

    /** The owner goes by the message that arrives last. */
    @JCStressTest
    @State
    @Outcome(id = {"false, true, 2", "true, false, 1"}, expect = ACCEPTABLE, desc = "The later one.")
    @Outcome(id = {"false, true, 1", "true, false, 2"}, expect = ACCEPTABLE_INTERESTING, desc = "The earlier one.")
    public static class Broken {
        private final AtomicInteger newest = new AtomicInteger();
        private volatile int arrived;

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = newest.incrementAndGet() > 1;
            arrived = 1;
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = newest.incrementAndGet() > 1;
            arrived = 2;
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = arrived;
        }
    }

    /** {@link Countdown#arm} twice; the operations may arrive in either order. */
    @JCStressTest
    @State
    @Outcome(id = {"false, true, 2", "true, false, 1"}, expect = ACCEPTABLE, desc = "The later one.")
    @Outcome(expect = FORBIDDEN, desc = "The earlier one, two alarms, or none.")
    public static class Actual {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = WorkState.isPending(
                    item.arm(owner.queue, owner.cpu, TimedItem.FAR + 1, WorkState.Arm.ANY));
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = WorkState.isPending(
                    item.arm(owner.queue, owner.cpu, TimedItem.FAR + 2, WorkState.Arm.ANY));
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = TimedItem.left(owner.cpu) == 1 ? (int) (item.countdown.tick - TimedItem.FAR) : -1;
            item.cancel();
            if (TimedItem.left(owner.cpu) > 0) {
                r.r3 = -2;
            }
        }
    }
}
