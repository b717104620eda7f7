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
 * The last level of disabling is taken back while somebody queues the item: refused before, or accepted after that, and
 * then it runs; the levels are exact (R21, R22, G64).
 *
 * <p>Results: queued, runs, levels at the end.
 */
public final class EnableAgainstQueue {
    private EnableAgainstQueue() {}

    private static final int PENDING = 1;
    private static final int LEVEL = 2;

    /** Levels and PENDING are in one word, changed by read-modify-writes. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(expect = FORBIDDEN, desc = "Pending while disabled, or a wrong level.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(LEVEL);

        @Actor
        public void enabler() {
            state.getAndAdd(-LEVEL);
        }

        @Actor
        public void queuer(III_Result r) {
            r.r1 = state.compareAndSet(0, PENDING) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = state.get() & PENDING;
            r.r3 = state.get() / LEVEL;
        }
    }

    /** The queuer looks at the levels, then takes PENDING by a store of what it saw. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "0, 0, 1", expect = ACCEPTABLE_INTERESTING, desc = "The refusal has put the level back.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(LEVEL);

        @Actor
        public void enabler() {
            state.getAndAdd(-LEVEL);
        }

        @Actor
        public void queuer(III_Result r) {
            int s = state.get();
            r.r1 = s == 0 ? 1 : 0;
            state.set(s == 0 ? PENDING : s);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = state.get() & PENDING;
            r.r3 = state.get() / LEVEL;
        }
    }

    /** {@link Work#enable} against {@link Workqueue#queue}. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(expect = FORBIDDEN, desc = "Pending while disabled, or a wrong level.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        public Actual() {
            item.disable();
        }

        @Actor
        public void enabler() {
            item.enable();
        }

        @Actor
        public void queuer(III_Result r) {
            r.r1 = cpu.queue.queue(item) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpu.serve();
            r.r2 = item.runs;
            r.r3 = WorkState.depth(item.state());
        }
    }

    /** {@link Work#enable} against {@link Work#disable}, and a queueing in between. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 0, 1", "1, 0, 1"}, expect = ACCEPTABLE, desc = "Refused, or taken back.")
    @Outcome(expect = FORBIDDEN, desc = "Pending while disabled, or a wrong level.")
    public static class ActualLevels {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        public ActualLevels() {
            item.disable();
        }

        @Actor
        public void enabler(III_Result r) {
            item.enable();
            r.r1 = cpu.queue.queue(item) ? 1 : 0;
        }

        @Actor
        public void disabler() {
            item.disable();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpu.serve();
            r.r2 = item.runs;
            r.r3 = WorkState.depth(item.state());
        }
    }
}
