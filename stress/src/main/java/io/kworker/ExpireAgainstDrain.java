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
import org.openjdk.jcstress.infra.results.ZII_Result;

/**
 * A timer expires while its workqueue begins to drain (R29, G49, J2): its item is queued ahead of the drain, or refused
 * and reported.
 *
 * <p>Results: the drain has found nothing; runs; refusals.
 */
public final class ExpireAgainstDrain {
    private ExpireAgainstDrain() {}

    /** Entry, then phase; phase, then entry. */
    @JCStressTest
    @State
    @Outcome(id = {"false, 1, 0", "false, 0, 1", "true, 0, 1"}, expect = ACCEPTABLE, desc = "Waited for, or refused.")
    @Outcome(id = "true, 1, 0", expect = FORBIDDEN, desc = "Queued behind the drain.")
    public static class Model {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger phase = new AtomicInteger();

        @Actor
        public void owner(ZII_Result r) {
            entry.set(1);
            if (phase.get() != 0) {
                entry.set(0);
                r.r3 = 1;
            }
        }

        @Actor
        public void drainer(ZII_Result r) {
            phase.set(1);
            r.r1 = entry.get() == 0;
        }

        @Arbiter
        public void arbiter(ZII_Result r) {
            r.r2 = entry.get();
        }
    }

    /** The phase is looked at before the item is queued, and not after it. */
    @JCStressTest
    @State
    @Outcome(id = {"false, 1, 0", "true, 0, 1"}, expect = ACCEPTABLE, desc = "Waited for, or refused.")
    @Outcome(id = "true, 1, 0", expect = ACCEPTABLE_INTERESTING, desc = "Queued behind the drain.")
    public static class Broken {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger phase = new AtomicInteger();

        @Actor
        public void owner(ZII_Result r) {
            if (phase.get() != 0) {
                r.r3 = 1;
            } else {
                entry.set(1);
            }
        }

        @Actor
        public void drainer(ZII_Result r) {
            phase.set(1);
            r.r1 = entry.get() == 0;
        }

        @Arbiter
        public void arbiter(ZII_Result r) {
            r.r2 = entry.get();
        }
    }

    /** {@link Workqueue#expired} against {@link Workqueue#startDraining} and {@link Share#quiet}. */
    @JCStressTest
    @State
    @Outcome(id = {"false, 1, 0", "false, 0, 1", "true, 0, 1"}, expect = ACCEPTABLE, desc = "Waited for, or refused.")
    @Outcome(expect = FORBIDDEN, desc = "Queued behind the drain, lost, or run and refused.")
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
        }

        @Actor
        public void drainer(ZII_Result r) {
            meeting.meetRoughly();
            owner.queue.startDraining();
            r.r1 = HandDriven.share(owner.queue).quiet() >= 0;
        }

        @Arbiter
        public void arbiter(ZII_Result r) {
            while (owner.cpu.nextMessage() != null) {
                r.r3++; // the report that a timer was refused
            }
            owner.serve();
            r.r2 = item.runs + (item.isBusy() ? 10 : 0);
        }
    }
}
