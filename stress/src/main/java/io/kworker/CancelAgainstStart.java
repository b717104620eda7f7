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
import org.openjdk.jcstress.infra.results.ZII_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * A cancel against the start of the pending instance: it is true and the instance never runs, or false and it has
 * started (R13).
 *
 * <p>Results: cancelled, runs.
 */
public final class CancelAgainstStart {
    private CancelAgainstStart() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** Both take PENDING by a CAS. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "Cancelled, never ran.")
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Too late, ran.")
    @Outcome(id = "true, 1", expect = FORBIDDEN, desc = "Cancelled, and ran.")
    @Outcome(id = "false, 0", expect = FORBIDDEN, desc = "Lost.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(PENDING);
        private int runs;

        @Actor
        public void canceller(ZI_Result r) {
            r.r1 = state.compareAndSet(PENDING, 0);
        }

        @Actor
        public void owner() {
            if (state.compareAndSet(PENDING, RUNNING)) {
                runs++;
                state.addAndGet(-RUNNING);
            }
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = runs;
        }
    }

    /** The owner looks whether the instance is alive, then marks it running. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "Cancelled, never ran.")
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Too late, ran.")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "Cancelled, and ran.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(PENDING);
        private int runs;

        @Actor
        public void canceller(ZI_Result r) {
            r.r1 = state.compareAndSet(PENDING, 0);
        }

        @Actor
        public void owner() {
            if (state.get() == PENDING) {
                state.set(RUNNING);
                runs++;
                state.addAndGet(-RUNNING);
            }
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = runs;
        }
    }

    /** {@link Work#cancel} against {@link Cpu#fetch}. Third result: the runs of a queueing after that. */
    @JCStressTest
    @State
    @Outcome(id = "true, 0, 1", expect = ACCEPTABLE, desc = "Cancelled, never ran.")
    @Outcome(id = "false, 1, 1", expect = ACCEPTABLE, desc = "Too late, ran.")
    @Outcome(id = "true, 1, .*", expect = FORBIDDEN, desc = "Cancelled, and ran.")
    @Outcome(id = "false, 0, .*", expect = FORBIDDEN, desc = "Lost.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        public Actual() {
            cpu.queue.queue(item);
        }

        @Actor
        public void canceller(ZII_Result r) {
            r.r1 = item.cancel();
        }

        @Actor
        public void owner() {
            cpu.turn();
        }

        @Arbiter
        public void arbiter(ZII_Result r) {
            cpu.serve();
            r.r2 = item.runs;
            cpu.queue.queue(item);
            cpu.serve();
            r.r3 = item.runs - r.r2;
        }
    }
}
