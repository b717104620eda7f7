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
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Somebody hurries an item whose timer is on its way into the wheel, or expires (R28, A22): it is queued, and the
 * waiter released by its run.
 *
 * <p>Results: releases; runs.
 */
public final class FlushDelayedAgainstArming {
    private FlushDelayedAgainstArming() {}

    /** Whoever finds that the other one has not come yet leaves its message to be looked at again. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Hurried.")
    @Outcome(expect = FORBIDDEN, desc = "Waits for its time.")
    public static class Model {
        private final AtomicInteger alarm = new AtomicInteger();
        private final AtomicInteger hurry = new AtomicInteger();

        @Actor
        public void armer() {
            alarm.set(1);
        }

        @Actor
        public void owner() {
            hurry.set(1);
            if (alarm.compareAndSet(1, 2)) {
                hurry.set(0);
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            if (hurry.get() == 1) {
                alarm.compareAndSet(1, 2);
            }
            r.r1 = r.r2 = alarm.get() - 1;
        }
    }

    /** A hurry that finds no alarm is dropped. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Hurried.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE_INTERESTING, desc = "Waits for its time.")
    public static class Broken {
        private final AtomicInteger alarm = new AtomicInteger();

        @Actor
        public void armer() {
            alarm.set(1);
        }

        @Actor
        public void owner() {
            alarm.compareAndSet(1, 2);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = r.r2 = alarm.get() - 1;
        }
    }

    /** {@link Countdown#shorten} while the owner takes in the arming. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Hurried.")
    @Outcome(expect = FORBIDDEN, desc = "Waits for its time, or runs twice.")
    public static class Actual {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Probe probe;

        public Actual() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR, WorkState.Arm.IDLE);
            probe = new Probe(WorkState.generation(item.state()));
        }

        @Actor
        public void owner() {
            TimedItem.look(owner.cpu);
            owner.turn();
        }

        @Actor
        public void flusher() {
            item.countdown.shorten(WorkState.generation(item.state()), 0);
            item.await(probe);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            TimedItem.look(owner.cpu);
            owner.serve();
            r.r1 = probe.releases();
            r.r2 = item.runs + 10 * TimedItem.left(owner.cpu);
        }
    }

    /** The same while the timer expires. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Hurried, or too late for that.")
    @Outcome(expect = FORBIDDEN, desc = "Not released, or runs twice.")
    public static class ActualExpiry {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Probe probe;

        public ActualExpiry() {
            item.arm(owner.queue, owner.cpu, TimedItem.PAST, WorkState.Arm.IDLE);
            owner.cpu.timers.applyOperations();
            probe = new Probe(WorkState.generation(item.state()));
        }

        @Actor
        public void owner() {
            TimedItem.look(owner.cpu);
            owner.turn();
        }

        @Actor
        public void flusher() {
            item.countdown.shorten(WorkState.generation(item.state()), 0);
            item.await(probe);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            TimedItem.look(owner.cpu);
            owner.serve();
            r.r1 = probe.releases();
            r.r2 = item.runs + 10 * TimedItem.left(owner.cpu);
        }
    }
}
