// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * Somebody queues an item and flushes while new attributes give the workqueue new shares: the flush does not miss the
 * item (R56, G55).
 *
 * <p>Result: runs of the item when the flush is over.
 */
public final class RoundAgainstNewShare {
    /** More than is needed for any of the flushes. */
    private static final int TURNS = 100;

    private RoundAgainstNewShare() {}

    /** A share is known to flushers before anything is queued to it. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Waited for.")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "Missed.")
    public static class Model {
        private final AtomicInteger shares = new AtomicInteger(1);
        private final AtomicInteger route = new AtomicInteger(1);

        @Actor
        public void changer() {
            shares.set(2);
            route.set(2);
        }

        @Actor
        public void flusher(I_Result r) {
            int share = route.get();
            r.r1 = share <= shares.get() ? 1 : 0;
        }
    }

    /** It is queued to first. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Waited for.")
    @Outcome(id = "0", expect = ACCEPTABLE_INTERESTING, desc = "Missed.")
    public static class Broken {
        private final AtomicInteger shares = new AtomicInteger(1);
        private final AtomicInteger route = new AtomicInteger(1);

        @Actor
        public void changer() {
            route.set(2);
            shares.set(2);
        }

        @Actor
        public void flusher(I_Result r) {
            int share = route.get();
            r.r1 = share <= shares.get() ? 1 : 0;
        }
    }

    /** {@link Workqueue#apply} against {@link Workqueue#queue} and {@link Rounds#begin}, time and again. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Waited for.")
    @Outcome(expect = FORBIDDEN, desc = "Missed, or a flush that hangs.")
    public static class Actual {
        private static final int FLUSHES = Share.COLORS / 2;

        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final List<Item> items = new ArrayList<>();
        private final List<Round> rounds = new ArrayList<>();
        private final Meeting meeting = new Meeting();

        public Actual() {
            for (int i = 0; i < FLUSHES; i++) {
                items.add(new Item());
            }
        }

        @Actor
        public void changer() {
            meeting.meetRoughly();
            queue.apply(Attributes.of(Affinity.CPU));
        }

        @Actor
        public void flusher() {
            meeting.meetRoughly();
            for (Item item : items) {
                queue.queue(item);
                rounds.add(queue.rounds().begin(false));
            }
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = 1;
            for (int i = 0; i < FLUSHES; i++) {
                Round round = rounds.get(i);
                for (int turns = 0; turns < TURNS && !round.isOver(); turns++) {
                    cpus.first.serveOnce();
                }
                r.r1 = Math.min(r.r1, round.isOver() ? items.get(i).runs : -1);
            }
        }
    }
}
