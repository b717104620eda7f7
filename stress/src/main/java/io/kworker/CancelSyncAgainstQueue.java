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

/**
 * A cancel-and-wait against somebody else's queueing of the idle item: it comes before and is cancelled, or meanwhile
 * and is refused and forgotten, or afterwards and runs; nothing is pending while the item is disabled (R18, R22, G62).
 *
 * <p>Results: queued, cancelled, pending while disabled, runs.
 */
public final class CancelSyncAgainstQueue {
    private CancelSyncAgainstQueue() {}

    private static final int PENDING = 1;
    private static final int DISABLED = 2;

    /** Disabling takes PENDING and raises the depth in one step. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0, 0", expect = ACCEPTABLE, desc = "Queued before, and cancelled.")
    @Outcome(id = "0, 0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "1, 0, 0, 1", expect = ACCEPTABLE, desc = "Queued afterwards, and run.")
    @Outcome(id = ".*, .*, 1, .*", expect = FORBIDDEN, desc = "Pending while disabled.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger();

        @Actor
        public void queuer(IIII_Result r) {
            r.r1 = state.compareAndSet(0, PENDING) ? 1 : 0;
        }

        @Actor
        public void canceller(IIII_Result r) {
            r.r2 = state.getAndSet(DISABLED) & PENDING;
            r.r3 = state.get() & PENDING;
            state.addAndGet(-DISABLED);
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            r.r4 = state.get() & PENDING;
        }
    }

    /** Disabling takes PENDING, then raises the depth. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0, 0", expect = ACCEPTABLE, desc = "Queued before, and cancelled.")
    @Outcome(id = "0, 0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "1, 0, 0, 1", expect = ACCEPTABLE, desc = "Queued afterwards, and run.")
    @Outcome(id = "1, 0, 1, 1", expect = ACCEPTABLE_INTERESTING, desc = "Pending while disabled.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger();

        @Actor
        public void queuer(IIII_Result r) {
            r.r1 = state.compareAndSet(0, PENDING) ? 1 : 0;
        }

        @Actor
        public void canceller(IIII_Result r) {
            r.r2 = state.getAndSet(0) & PENDING;
            state.addAndGet(DISABLED);
            r.r3 = state.get() & PENDING;
            state.addAndGet(-DISABLED);
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            r.r4 = state.get() & PENDING;
        }
    }

    /** {@link Workqueue#queue} against the steps of {@link Work#cancelSync}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0, 0", expect = ACCEPTABLE, desc = "Queued before, and cancelled.")
    @Outcome(id = "0, 0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "1, 0, 0, 1", expect = ACCEPTABLE, desc = "Queued afterwards, and run.")
    @Outcome(id = ".*, .*, 1, .*", expect = FORBIDDEN, desc = "Pending while disabled.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        @Actor
        public void queuer(IIII_Result r) {
            r.r1 = cpu.queue.queue(item) ? 1 : 0;
        }

        @Actor
        public void canceller(IIII_Result r) {
            r.r2 = Work.isPending(item.disableOnce()) ? 1 : 0;
            r.r3 = item.isPending() ? 1 : 0;
            item.enableOnce();
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            cpu.serve();
            r.r4 = item.runs;
        }
    }
}
