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
 * The marker of a flush comes to the head of an ordered workqueue's queue while the holder looks at that for the next
 * item: it is not taken for one (G39, R53).
 *
 * <p>Results: what the holder took for an item (1 a marker), whether the marker has arrived.
 */
public final class OrderedAgainstMarker {
    private static final int MARKER = 1;

    private OrderedAgainstMarker() {}

    /** The holder asks what the entry is that it is about to take. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "A marker.")
    @Outcome(expect = FORBIDDEN, desc = "Taken for an item, or left behind.")
    public static class Model {
        private final AtomicInteger head = new AtomicInteger();
        private boolean hasArrived;

        private void takeMarker() {
            if (head.compareAndSet(MARKER, 0)) {
                hasArrived = true;
            }
        }

        @Actor
        public void flusher() {
            head.set(MARKER);
        }

        @Actor
        public void holder(II_Result r) {
            takeMarker();
            int entry = head.get();
            r.r1 = entry == MARKER ? 0 : entry;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            takeMarker();
            r.r2 = hasArrived ? 1 : 0;
        }
    }

    /** The holder has taken the markers there were, and believes that there are no more. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "A marker.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE_INTERESTING, desc = "Taken for an item.")
    public static class Broken {
        private final AtomicInteger head = new AtomicInteger();
        private boolean hasArrived;

        private void takeMarker() {
            if (head.compareAndSet(MARKER, 0)) {
                hasArrived = true;
            }
        }

        @Actor
        public void flusher() {
            head.set(MARKER);
        }

        @Actor
        public void holder(II_Result r) {
            takeMarker();
            r.r1 = head.get();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            takeMarker();
            r.r2 = hasArrived ? 1 : 0;
        }
    }

    /** {@link OrderedShare#submit} against {@link OrderedShare#fetchWaiting}, which throws where it takes a marker. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "A marker.")
    @Outcome(expect = FORBIDDEN, desc = "Taken for an item, or left behind.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.ordered();
        private final Item item = new Item();
        private Round round;
        private final Meeting meeting = new Meeting();

        public Actual() {
            queue.queue(item);
        }

        @Actor
        public void flusher() {
            meeting.meetRoughly();
            item.cancel();
            round = queue.rounds().begin(false);
        }

        @Actor
        public void holder(II_Result r) {
            meeting.meetRoughly();
            try {
                cpus.first.turn();
            } catch (AssertionError | NullPointerException e) {
                r.r1 = 1;
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpus.serve();
            r.r2 = round.isOver() ? 1 : 0;
        }
    }
}
