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
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * An item moves from the wheel of one CPU to that of another while somebody re-times it, who still finds it at home
 * there (R73): it is set once, and for the last time it was given.
 *
 * <p>Results: the modder found it pending; the wheel that it lies in.
 */
public final class MoveAgainstMod {
    private MoveAgainstMod() {}

    /** Who is not its home any more sends the message on. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "Where it was armed last.")
    @Outcome(expect = FORBIDDEN, desc = "Lost.")
    public static class Model {
        private final AtomicInteger home = new AtomicInteger(1);
        private volatile int toFirst;
        private volatile int toSecond;

        @Actor
        public void owner() {
            home.set(2);
        }

        @Actor
        public void modder(ZI_Result r) {
            r.r1 = true;
            if (home.get() == 1) {
                toFirst = 1;
            } else {
                toSecond = 1;
            }
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = toFirst == 1 || toSecond == 1 ? 1 : 0;
        }
    }

    /** Who is not its home any more drops the message. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "Where it was armed last.")
    @Outcome(id = "true, 0", expect = ACCEPTABLE_INTERESTING, desc = "Lost.")
    public static class Broken {
        private final AtomicInteger home = new AtomicInteger(1);
        private volatile int toFirst;
        private volatile int toSecond;

        @Actor
        public void owner() {
            home.set(2);
        }

        @Actor
        public void modder(ZI_Result r) {
            r.r1 = true;
            if (home.get() == 1) {
                toFirst = 1;
            } else {
                toSecond = 1;
            }
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = toFirst == 1 && home.get() == 1 || toSecond == 1 ? 1 : 0;
        }
    }

    /** {@link Countdown#arm} for the first CPU while its owner sends the item to the second one. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "Where it was armed last.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, left behind, or in two wheels.")
    public static class Actual {
        private final HandDriven first = new HandDriven();
        private final HandDriven second = new HandDriven();
        private final TimedItem item = new TimedItem();

        public Actual() {
            item.arm(first.queue, first.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
            first.cpu.timers.applyOperations();
            item.arm(first.queue, second.cpu, TimedItem.FAR, WorkState.Arm.ANY);
        }

        @Actor
        public void owner() {
            first.cpu.timers.applyOperations();
        }

        @Actor
        public void modder(ZI_Result r) {
            r.r1 = WorkState.isPending(item.arm(first.queue, first.cpu, TimedItem.FAR + 1, WorkState.Arm.ANY));
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            for (int i = 0; i < 3; i++) {
                first.cpu.timers.applyOperations();
                second.cpu.timers.applyOperations();
            }
            r.r2 = first.cpu.timers.size() + 2 * second.cpu.timers.size();
            if (item.countdown.tick != TimedItem.FAR + 1) {
                r.r2 = -1;
            }
            item.cancel();
            if (TimedItem.left(first.cpu) + TimedItem.left(second.cpu) > 0) {
                r.r2 = -2;
            }
        }
    }
}
