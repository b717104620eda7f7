// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * All flush colours are in use: who flushes then shares a round with others, and that round is launched when a colour
 * falls free, whoever sees that first; nobody is left behind, and the flusher's own item is over when the round is
 * (R54, R55, G56).
 *
 * <p>Results: runs of the flusher's item that it sees when its flush is over, rounds that are never over.
 */
public final class FlushersOfOneColor {
    private FlushersOfOneColor() {}

    /** Looking for a colour and registering for one is one step, and so is giving one back and launching. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Launched.")
    @Outcome(id = "0, 1", expect = FORBIDDEN, desc = "Left behind.")
    public static class Model {
        private boolean isFree;
        private boolean isGathering;
        private boolean isLaunched;

        @Actor
        public synchronized void flusher() {
            if (isFree) {
                isLaunched = true;
            } else {
                isGathering = true;
            }
        }

        @Actor
        public synchronized void finisher() {
            isFree = true;
            isLaunched |= isGathering;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = isLaunched ? 1 : 0;
            r.r2 = isLaunched ? 0 : 1;
        }
    }

    /** Two steps each. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Launched.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE_INTERESTING, desc = "Left behind.")
    public static class Broken {
        private volatile boolean isFree;
        private volatile boolean isGathering;
        private volatile boolean isLaunched;

        @Actor
        public void flusher() {
            if (isFree) {
                isLaunched = true;
            } else {
                isGathering = true;
            }
        }

        @Actor
        public void finisher() {
            isFree = true;
            if (isGathering) {
                isLaunched = true;
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = isLaunched ? 1 : 0;
            r.r2 = isLaunched ? 0 : 1;
        }
    }

    /** {@link Rounds#begin} of one round more than there are colours, against {@link Rounds#await} of the others. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Launched.")
    @Outcome(expect = FORBIDDEN, desc = "Left behind, or over too early.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Rounds rounds = cpu.queue.rounds();
        private final List<Round> before = new ArrayList<>();
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();
        private Round round;

        public Actual() {
            cpu.queue.queue(new Item());
            cpu.start();
            for (int i = 1; i < Share.COLORS; i++) {
                before.add(rounds.begin(false));
            }
            cpu.startNothing();
        }

        @Actor
        public void flusher() {
            meeting.meet();
            cpu.queue.queue(item);
            round = rounds.begin(false);
        }

        @Actor
        public void finisher() {
            meeting.meet();
            cpu.end();
            before.forEach(rounds::await);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            while (!round.isOver() && cpu.cpu.hasWaiting(0)) {
                cpu.serveOnce();
            }
            r.r1 = item.runs;
            r.r2 = round.isOver() ? 0 : 1;
        }
    }
}
