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
 * An alarm is set in a wheel while its instance is cancelled: nothing dead stays there (R25, A30).
 *
 * <p>Results: cancelled; alarms that are left.
 */
public final class ArmingAgainstCancel {
    private ArmingAgainstCancel() {}

    /** Number of the alarm, then state; state, then number of the alarm. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "It has left the wheel, or never been there.")
    @Outcome(id = "true, 1", expect = FORBIDDEN, desc = "A dead alarm.")
    public static class Model {
        private final AtomicInteger alarm = new AtomicInteger();
        private final AtomicInteger state = new AtomicInteger(1);
        private final AtomicInteger notice = new AtomicInteger();
        private int wheel;

        @Actor
        public void owner() {
            alarm.set(1);
            if (state.get() == 1) {
                wheel = 1;
            }
        }

        @Actor
        public void canceller(ZI_Result r) {
            r.r1 = state.compareAndSet(1, 0);
            if (alarm.get() == 1) {
                notice.set(1);
            }
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = wheel & ~notice.get();
        }
    }

    /** The owner does not pay for the order. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "It has left the wheel, or never been there.")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "A dead alarm.")
    public static class Broken {
        private final AtomicInteger alarm = new AtomicInteger();
        private final AtomicInteger state = new AtomicInteger(1);
        private final AtomicInteger notice = new AtomicInteger();
        private int wheel;

        @Actor
        public void owner() {
            alarm.setRelease(1);
            if (state.get() == 1) {
                wheel = 1;
            }
        }

        @Actor
        public void canceller(ZI_Result r) {
            r.r1 = state.compareAndSet(1, 0);
            if (alarm.get() == 1) {
                notice.set(1);
            }
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = wheel & ~notice.get();
        }
    }

    /** An arming from elsewhere is taken in, against {@link Work#cancel}. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "It has left the wheel, or never been there.")
    @Outcome(expect = FORBIDDEN, desc = "A dead alarm, or the cancel was too late for it.")
    public static class Actual {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();

        public Actual() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
        }

        @Actor
        public void owner() {
            owner.cpu.timers.applyOperations();
        }

        @Actor
        public void canceller(ZI_Result r) {
            r.r1 = item.cancel();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = TimedItem.left(owner.cpu);
        }
    }

    /** The same of one that takes the place of an instance that is set already. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "It has left the wheel, or never been there.")
    @Outcome(expect = FORBIDDEN, desc = "A dead alarm, or the cancel was too late for it.")
    public static class ActualSuccessor {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();

        public ActualSuccessor() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
            owner.cpu.timers.applyOperations();
            item.arm(owner.queue, owner.cpu, TimedItem.FAR + 1, WorkState.Arm.ANY);
        }

        @Actor
        public void owner() {
            owner.cpu.timers.applyOperations();
        }

        @Actor
        public void canceller(ZI_Result r) {
            r.r1 = item.cancel();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = TimedItem.left(owner.cpu);
        }
    }

    /** The same of an alarm that is its own message: the first arming of an item that only its maker can arm. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "It has left the wheel, or never been there.")
    @Outcome(expect = FORBIDDEN, desc = "A dead alarm, or the cancel was too late for it.")
    public static class ActualFirst {
        private final HandDriven owner = new HandDriven();
        private final Made item = new Made();

        public ActualFirst() {
            item.countdown.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE, null);
        }

        @Actor
        public void owner() {
            owner.cpu.timers.applyOperations();
        }

        @Actor
        public void canceller(ZI_Result r) {
            r.r1 = item.cancel();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = TimedItem.left(owner.cpu);
        }
    }

    /** As a task of an executor. */
    private static final class Made extends Work {
        private final Countdown countdown = Countdown.ofMaker(this);

        @Override
        protected void run() {}

        @Override
        void timerOver(int generation) {
            countdown.over(generation);
        }
    }

    /** The owner itself arms, but only in place of an instance, which somebody cancels: it may have to undo it. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "Re-timed, then cancelled; or cancelled, then refused.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, or a dead alarm.")
    public static class ActualHere {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();

        public ActualHere() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
            owner.cpu.timers.applyOperations();
        }

        @Actor
        public void owner() {
            item.countdown.armHere(owner.cpu.timers, owner.queue, TimedItem.FAR + 1, WorkState.Arm.PENDING);
        }

        @Actor
        public void canceller(ZI_Result r) {
            r.r1 = item.cancel();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = TimedItem.left(owner.cpu) + (item.isPending() ? 10 : 0);
        }
    }
}
