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
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/**
 * A handler that owns the CPU for a moment, again and again, while the monitor takes the CPU away: one owner at a time,
 * and the books are intact.
 *
 * <p>Results: taken; the books have what each owner wrote; the carrier is told at its next return.
 */
public final class HoldAgainstTake {
    private HoldAgainstTake() {}

    private static final int HOLDS = 3;
    private static final long PERIOD = 1;

    /** Each hold is an end of the period and its beginning anew; where both saw the other, a CAS decides. */
    @JCStressTest
    @State
    @Outcome(id = {"true, true, true", "false, true, true"}, expect = ACCEPTABLE, desc = "One owner at a time.")
    @Outcome(expect = FORBIDDEN, desc = "Two owners, or none.")
    public static class Model {
        private final AtomicInteger phase = new AtomicInteger(1);
        private final AtomicInteger claim = new AtomicInteger();
        private int books;
        private int held;

        @Actor
        public void carrier() {
            for (int i = 0; i < HOLDS; i++) {
                if (hold()) {
                    books++;
                    held++;
                }
                phase.set(1);
            }
        }

        private boolean hold() {
            phase.set(2);
            return claim.get() == 0 || claim.compareAndSet(1, 0) || claim.get() != 2;
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            claim.set(1);
            r.r1 = phase.get() == 1 && claim.compareAndSet(1, 2);
            claim.compareAndSet(1, 0);
            if (r.r1) {
                books++;
            }
        }

        @Arbiter
        public void arbiter(ZZZ_Result r) {
            r.r2 = books == held + (r.r1 ? 1 : 0);
            r.r3 = hold() != r.r1;
        }
    }

    /** {@link Tenure} with a monitor that does not pay: no barrier. The books are such that a loss is seen. */
    @JCStressTest
    @State
    @Outcome(id = {"true, true, true", "false, true, true"}, expect = ACCEPTABLE, desc = "One owner at a time.")
    @Outcome(id = "true, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Two owners.")
    public static class Broken {
        private final Holder holder = new Holder();
        private final Meeting meeting = new Meeting();

        @Actor
        public void carrier() {
            meeting.meet();
            holder.holdAgainAndAgain();
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            meeting.meet();
            r.r1 = holder.take(() -> {});
        }

        @Arbiter
        public void arbiter(ZZZ_Result r) {
            r.r2 = holder.isIntact(r.r1);
            r.r3 = holder.tenure.enter() != r.r1;
        }
    }

    /** {@link Tenure#hold} and {@link Tenure#release} against {@link Tenure#take} with {@code membarrier(2)}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, true, true", "false, true, true"}, expect = ACCEPTABLE, desc = "One owner at a time.")
    @Outcome(expect = FORBIDDEN, desc = "Two owners, or none.")
    public static class Actual {
        private final Holder holder = new Holder();
        private final Meeting meeting = new Meeting();

        @Actor
        public void carrier() {
            meeting.meet();
            holder.holdAgainAndAgain();
        }

        @Actor
        public void monitor(ZZZ_Result r) {
            meeting.meet();
            r.r1 = Os.hasMembarrier() && holder.take(Os::membarrier);
        }

        @Arbiter
        public void arbiter(ZZZ_Result r) {
            r.r2 = holder.isIntact(r.r1);
            r.r3 = holder.tenure.enter() != r.r1;
        }
    }

    /** A CPU in a handler, and its books. */
    private static final class Holder {
        private static final int TURNS = 50;

        final Tenure tenure = new Tenure(null);
        private int books;
        private int held;

        Holder() {
            tenure.leave();
        }

        void holdAgainAndAgain() {
            for (int i = 0; i < HOLDS; i++) {
                if (tenure.hold()) {
                    keepBooks();
                    held++;
                }
                tenure.release();
            }
        }

        boolean take(Runnable barrier) {
            boolean taken = tenure.take(PERIOD, barrier);
            if (taken) {
                keepBooks();
            }
            return taken;
        }

        private void keepBooks() {
            int before = books;
            for (int i = 0; i < TURNS; i++) {
                Thread.onSpinWait();
            }
            books = before + 1;
        }

        boolean isIntact(boolean taken) {
            return books == held + (taken ? 1 : 0);
        }
    }
}
