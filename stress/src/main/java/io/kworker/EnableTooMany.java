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
 * An enable too many while somebody queues the item: it throws, and the instance survives (R23, G65, J4).
 *
 * <p>Results: thrown, queued, runs.
 */
public final class EnableTooMany {
    private EnableTooMany() {}

    private static final int PENDING = 1;
    private static final int LEVEL = 2;

    /** At level zero nothing is changed. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Refused, and run.")
    @Outcome(expect = FORBIDDEN, desc = "The instance is lost.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger();

        @Actor
        public void enabler(III_Result r) {
            r.r1 = state.get() < LEVEL ? 1 : 0;
        }

        @Actor
        public void queuer(III_Result r) {
            r.r2 = state.compareAndSet(0, PENDING) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = state.get();
        }
    }

    /** As in the kernel: the word is written, with the level that it had, and without an instance. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Refused, and run.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE_INTERESTING, desc = "The instance is lost.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger();

        @Actor
        public void enabler(III_Result r) {
            r.r1 = state.getAndUpdate(s -> s & ~PENDING) < LEVEL ? 1 : 0;
        }

        @Actor
        public void queuer(III_Result r) {
            r.r2 = state.compareAndSet(0, PENDING) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = state.get();
        }
    }

    /** {@link Work#enable} against {@link Workqueue#queue}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Refused, and run.")
    @Outcome(expect = FORBIDDEN, desc = "The instance is lost.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        @Actor
        public void enabler(III_Result r) {
            try {
                item.enable();
            } catch (IllegalStateException e) {
                r.r1 = 1;
            }
        }

        @Actor
        public void queuer(III_Result r) {
            r.r2 = cpu.queue.queue(item) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpu.serve();
            r.r3 = item.runs;
        }
    }
}
