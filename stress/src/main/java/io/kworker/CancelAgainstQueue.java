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
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A cancel against the queueing of an idle item: the queueing is true whatever the cancel does (R20, J3), and a cancel
 * that meets the instance on its way into the ring gets it at once (R12).
 *
 * <p>Results: queued; cancelled, 2 where the canceller would have to wait for the queuer; runs; and for the actual
 * classes the runs of a queueing after that.
 */
public final class CancelAgainstQueue {
    private CancelAgainstQueue() {}

    /** PENDING is the instance: who clears it owns it, and the entry that arrives later is dead. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Cancelled.")
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Not met, and run.")
    @Outcome(id = ".*, 2, .*", expect = FORBIDDEN, desc = "Pending, and not to be had.")
    @Outcome(id = "0, .*", expect = FORBIDDEN, desc = "Refused by a cancel that had nothing to cancel.")
    public static class Model {
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger ring = new AtomicInteger();

        @Actor
        public void queuer(III_Result r) {
            if (pending.compareAndSet(0, 1)) {
                r.r1 = 1;
                ring.set(1);
            }
        }

        @Actor
        public void canceller(III_Result r) {
            r.r2 = pending.compareAndSet(1, 0) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = ring.get() & pending.get();
        }
    }

    /** The instance is cancelled by taking its entry out of the ring. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Cancelled.")
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Not met, and run.")
    @Outcome(id = "1, 2, 1", expect = ACCEPTABLE_INTERESTING, desc = "Pending, and not to be had.")
    public static class Broken {
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger ring = new AtomicInteger();

        @Actor
        public void queuer(III_Result r) {
            if (pending.compareAndSet(0, 1)) {
                r.r1 = 1;
                ring.set(1);
            }
        }

        @Actor
        public void canceller(III_Result r) {
            if (pending.get() != 0) {
                if (ring.compareAndSet(1, 0)) {
                    pending.set(0);
                    r.r2 = 1;
                } else {
                    r.r2 = 2;
                }
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = ring.get() & pending.get();
        }
    }

    /** A cancel takes PENDING on an idle item too, for a moment, as in the kernel. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Cancelled.")
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Not met, and run.")
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE_INTERESTING, desc = "Refused by a cancel that had nothing to cancel.")
    public static class BrokenIdle {
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger ring = new AtomicInteger();

        @Actor
        public void queuer(III_Result r) {
            if (pending.compareAndSet(0, 1)) {
                r.r1 = 1;
                ring.set(1);
            }
        }

        @Actor
        public void canceller(III_Result r) {
            r.r2 = pending.getAndSet(1);
            pending.set(0);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = ring.get() & pending.get();
        }
    }

    /** {@link Workqueue#queue} against {@link Work#cancel}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0, 1", expect = ACCEPTABLE, desc = "Cancelled.")
    @Outcome(id = "1, 0, 1, 1", expect = ACCEPTABLE, desc = "Not met, and run.")
    @Outcome(expect = FORBIDDEN, desc = "Refused, lost, or cancelled and run.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        @Actor
        public void queuer(IIII_Result r) {
            r.r1 = cpu.queue.queue(item) ? 1 : 0;
        }

        @Actor
        public void canceller(IIII_Result r) {
            r.r2 = item.cancel() ? 1 : 0;
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            cpu.serve();
            r.r3 = item.runs;
            cpu.queue.queue(item);
            cpu.serve();
            r.r4 = item.runs - r.r3;
        }
    }
}
