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
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * The shutdown of an executor against the end of its last {@link Command}, which is counted by a store: one of the two
 * sees that nothing is left.
 *
 * <p>Results: who sees that it is over and shut down, the owner and the closer.
 */
public final class ShutdownAgainstEnd {
    private ShutdownAgainstEnd() {}

    /** Owner: ended, then the state. Closer: the state, the barrier, then what has ended. */
    @JCStressTest
    @State
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Nobody.")
    @Outcome(expect = ACCEPTABLE, desc = "One, or both.")
    public static class Model {
        private final Ledger ledger = new Ledger(null, null);
        private final AtomicInteger state = new AtomicInteger();

        @Actor
        public void owner(ZZ_Result r) {
            ledger.end();
            r.r1 = state.get() != 0;
        }

        @Actor
        public void closer(ZZ_Result r) {
            state.set(1);
            Os.membarrier();
            r.r2 = ledger.ended() != 0;
        }
    }

    /** Without the barrier. */
    @JCStressTest
    @State
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "Nobody.")
    @Outcome(expect = ACCEPTABLE, desc = "One, or both.")
    public static class Broken {
        private final Ledger ledger = new Ledger(null, null);
        private final AtomicInteger state = new AtomicInteger();

        @Actor
        public void owner(ZZ_Result r) {
            ledger.end();
            r.r1 = state.get() != 0;
        }

        @Actor
        public void closer(ZZ_Result r) {
            state.set(1);
            r.r2 = ledger.ended() != 0;
        }
    }

    /** {@link View#shutdown} against {@link Run#finish}. Result: terminated. */
    @JCStressTest
    @State
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "Terminated.")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "Never.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Meeting meeting = new Meeting();
        private final View view = cpu.newView();

        public Actual() {
            view.execute(() -> {});
        }

        @Actor
        public void worker() {
            meeting.meetRoughly();
            cpu.turn();
        }

        @Actor
        public void closer() {
            meeting.meetRoughly();
            view.shutdown();
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = view.isTerminated();
        }
    }
}
