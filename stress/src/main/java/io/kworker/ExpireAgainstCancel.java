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
 * A timer expires, and its item is started, while somebody cancels or re-times it (R25, R12, A14): taken back before
 * the start, or not; never both, and nothing is left behind.
 *
 * <p>Results: was pending; runs; alarms and operations that are left.
 */
public final class ExpireAgainstCancel {
    private ExpireAgainstCancel() {}

    private static final int IDLE = 0;
    private static final int TIMED = 1;
    private static final int QUEUED = 2;

    /** One word says whether it waits for its timer, is queued or over; each step is a CAS. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "Taken back.")
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Has run.")
    @Outcome(expect = FORBIDDEN, desc = "Taken back and run, or neither.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(TIMED);

        @Actor
        public void owner(III_Result r) {
            state.compareAndSet(TIMED, QUEUED);
            r.r2 = state.compareAndSet(QUEUED, IDLE) ? 1 : 0;
        }

        @Actor
        public void canceller(III_Result r) {
            int s = state.get();
            while (s != IDLE && !state.compareAndSet(s, IDLE)) {
                s = state.get();
            }
            r.r1 = s != IDLE ? 1 : 0;
        }
    }

    /** The owner, who has taken the alarm out of the wheel, thinks that the instance is its own. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "Taken back.")
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Has run.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE_INTERESTING, desc = "Taken back and run.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(TIMED);

        @Actor
        public void owner(III_Result r) {
            if (state.get() == TIMED) {
                state.set(QUEUED);
            }
            r.r2 = state.compareAndSet(QUEUED, IDLE) ? 1 : 0;
        }

        @Actor
        public void canceller(III_Result r) {
            int s = state.get();
            while (s != IDLE && !state.compareAndSet(s, IDLE)) {
                s = state.get();
            }
            r.r1 = s != IDLE ? 1 : 0;
        }
    }

    /** {@link Timers#look} against {@link Work#cancel}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "Taken back.")
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Has run.")
    @Outcome(expect = FORBIDDEN, desc = "Taken back and run, neither, or something is left.")
    public static class Actual {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public Actual() {
            item.arm(owner.queue, owner.cpu, TimedItem.PAST, WorkState.Arm.IDLE);
            owner.cpu.timers.applyOperations();
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            TimedItem.look(owner.cpu);
            owner.turn();
        }

        @Actor
        public void canceller(III_Result r) {
            meeting.meetRoughly();
            r.r1 = item.cancel() ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            owner.serve();
            r.r2 = item.runs;
            r.r3 = TimedItem.left(owner.cpu) + (item.isBusy() ? 1 : 0);
        }
    }

    /** {@link Timers#look} against an arming anew: the old instance, or it and the new one, which counts down. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Re-timed.")
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "Has run, and was armed again.")
    @Outcome(expect = FORBIDDEN, desc = "Two instances, or none.")
    public static class ActualMod {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public ActualMod() {
            item.arm(owner.queue, owner.cpu, TimedItem.PAST, WorkState.Arm.IDLE);
            owner.cpu.timers.applyOperations();
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            TimedItem.look(owner.cpu);
            owner.turn();
        }

        @Actor
        public void modder(III_Result r) {
            meeting.meetRoughly();
            long found = item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.ANY);
            r.r1 = WorkState.isPending(found) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            owner.serve();
            r.r2 = item.runs;
            r.r3 = TimedItem.left(owner.cpu);
        }
    }
}
