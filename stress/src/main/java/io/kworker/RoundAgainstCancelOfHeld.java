// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * An item that nobody may start is cancelled while the marker of a flush arrives behind it: the flush ends without a
 * thaw (R14, R15, G51).
 *
 * <p>Results: cancelled, the flush is over, runs.
 */
public final class RoundAgainstCancelOfHeld {
    private RoundAgainstCancelOfHeld() {}

    /** The owner leaves its lookout with the item, and then looks whether that is alive. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(expect = FORBIDDEN, desc = "Waits for the thaw.")
    public static class Model {
        private final AtomicInteger pending = new AtomicInteger(1);
        private final AtomicInteger waiters = new AtomicInteger();
        private volatile int over;

        @Actor
        public void canceller(III_Result r) {
            r.r1 = pending.getAndSet(0);
            if (waiters.getAndSet(0) == 1) {
                over = 1;
            }
        }

        @Actor
        public void owner() {
            waiters.set(1);
            if (pending.get() == 0) {
                over = 1;
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = over;
        }
    }

    /** The owner looks whether the item is alive, and then leaves its lookout. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE_INTERESTING, desc = "Waits for the thaw.")
    public static class Broken {
        private final AtomicInteger pending = new AtomicInteger(1);
        private final AtomicInteger waiters = new AtomicInteger();
        private volatile int over;

        @Actor
        public void canceller(III_Result r) {
            r.r1 = pending.getAndSet(0);
            if (waiters.getAndSet(0) == 1) {
                over = 1;
            }
        }

        @Actor
        public void owner() {
            if (pending.get() == 0) {
                over = 1;
            } else {
                waiters.set(1);
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = over;
        }
    }

    private static void hold(Workqueue queue) {
        queue.limiters().forEach(limiter -> limiter.hold(new CountDownLatch(1)));
    }

    /** {@link Work#cancel} against {@link BoundShare#settle}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(expect = FORBIDDEN, desc = "Waits for the thaw.")
    public static class ActualBound {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();
        private final Round round;
        private final Meeting meeting = new Meeting();

        public ActualBound() {
            hold(cpu.queue);
            cpu.deliver();
            cpu.queue.queue(item);
            cpu.startNothing();
            round = cpu.queue.rounds().begin(false);
        }

        @Actor
        public void canceller(III_Result r) {
            meeting.meetRoughly();
            r.r1 = item.cancel() ? 1 : 0;
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpu.startNothing();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpu.serve();
            r.r2 = round.isOver() ? 1 : 0;
            r.r3 = item.runs;
        }
    }

    /** {@link Work#cancel} against {@link PodShare#settle}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(expect = FORBIDDEN, desc = "Waits for the thaw.")
    public static class ActualUnbound {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item item = new Item();
        private final Round round;
        private final Meeting meeting = new Meeting();

        public ActualUnbound() {
            hold(queue);
            queue.queue(item);
            cpus.startAll();
            round = queue.rounds().begin(false);
        }

        @Actor
        public void canceller(III_Result r) {
            meeting.meetRoughly();
            r.r1 = item.cancel() ? 1 : 0;
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.first.startNothing();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.serve();
            r.r2 = round.isOver() ? 1 : 0;
            r.r3 = item.runs;
        }
    }

    /** {@link Work#cancel} against {@link OrderedShare#settle}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(expect = FORBIDDEN, desc = "Waits for the thaw.")
    public static class ActualOrdered {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.ordered();
        private final Item item = new Item();
        private final Round round;
        private final Meeting meeting = new Meeting();

        public ActualOrdered() {
            hold(queue);
            queue.queue(item);
            cpus.startAll();
            round = queue.rounds().begin(false);
        }

        @Actor
        public void canceller(III_Result r) {
            meeting.meetRoughly();
            r.r1 = item.cancel() ? 1 : 0;
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.first.startNothing();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.serve();
            r.r2 = round.isOver() ? 1 : 0;
            r.r3 = item.runs;
        }
    }
}
