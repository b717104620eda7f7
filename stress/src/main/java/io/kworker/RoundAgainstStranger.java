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
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * The marker of a flush arrives in a pod while the last item before it is ended by somebody who does not own the pod:
 * the marker passes, for the owner sees the item counted out, or whoever ended it has the pod looked at (R51, R53,
 * G55).
 *
 * <p>Result: the flush is over.
 */
public final class RoundAgainstStranger {
    private RoundAgainstStranger() {}

    /** Watched, then counts; counts, then watched. */
    @JCStressTest
    @State
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "The flush hangs.")
    public static class Model {
        private final AtomicInteger left = new AtomicInteger();
        private final AtomicInteger watched = new AtomicInteger();
        private final AtomicInteger passed = new AtomicInteger();

        @Actor
        public void stranger() {
            left.getAndIncrement();
            if (watched.get() == 1) {
                passed.set(1);
            }
        }

        @Actor
        public void owner() {
            watched.set(1);
            if (left.get() == 1) {
                passed.set(1);
            }
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = passed.get() == 1;
        }
    }

    /** Counts, then watched. */
    @JCStressTest
    @State
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(id = "false", expect = ACCEPTABLE_INTERESTING, desc = "The flush hangs.")
    public static class Broken {
        private final AtomicInteger left = new AtomicInteger();
        private final AtomicInteger watched = new AtomicInteger();
        private final AtomicInteger passed = new AtomicInteger();

        @Actor
        public void stranger() {
            left.getAndIncrement();
            if (watched.get() == 1) {
                passed.set(1);
            }
        }

        @Actor
        public void owner() {
            if (left.get() == 1) {
                passed.set(1);
            }
            watched.set(1);
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = passed.get() == 1;
        }
    }

    /** {@link PodShare#finished} against {@link PodShare#settle}. */
    @JCStressTest
    @State
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "The flush hangs.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Round round;
        private final Meeting meeting = new Meeting();

        public Actual() {
            Workqueue queue = cpus.together(1);
            queue.queue(new Item());
            cpus.first.start();
            round = queue.rounds().begin(false);
        }

        @Actor
        public void stranger() {
            meeting.meetRoughly();
            cpus.first.end();
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.second.turn();
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            cpus.serve();
            r.r1 = round.isOver();
        }
    }

    /** {@link OrderedShare#finished} against {@link OrderedShare#settle}. */
    @JCStressTest
    @State
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "The flush hangs.")
    public static class ActualOrdered {
        private final TwoCpus cpus = new TwoCpus();
        private final Round round;
        private final Meeting meeting = new Meeting();

        public ActualOrdered() {
            Workqueue queue = cpus.ordered();
            queue.queue(new Item());
            cpus.first.start();
            round = queue.rounds().begin(false);
            queue.limiters().forEach(Limiter::limitChanged); // has it looked at
        }

        @Actor
        public void stranger() {
            meeting.meetRoughly();
            cpus.first.end();
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.second.turn();
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            cpus.serve();
            r.r1 = round.isOver();
        }
    }
}
