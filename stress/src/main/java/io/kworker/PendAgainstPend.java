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
import org.openjdk.jcstress.infra.results.ZZI_Result;

/**
 * Two queue calls on an idle item: one is true, and one run follows (R3, G1).
 *
 * <p>Results: first call, second call, runs.
 */
public final class PendAgainstPend {
    private PendAgainstPend() {}

    /** PENDING is taken by a CAS. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One winner, one run.")
    @Outcome(expect = FORBIDDEN, desc = "Two winners, or none.")
    public static class Model {
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger entries = new AtomicInteger();

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = queue();
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = queue();
        }

        private boolean queue() {
            boolean won = pending.compareAndSet(0, 1);
            if (won) {
                entries.getAndIncrement();
            }
            return won;
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = entries.get();
        }
    }

    /** PENDING is read, then set. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One winner, one run.")
    @Outcome(id = "true, true, 2", expect = ACCEPTABLE_INTERESTING, desc = "Two winners.")
    public static class Broken {
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger entries = new AtomicInteger();

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = queue();
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = queue();
        }

        private boolean queue() {
            boolean won = pending.get() == 0;
            if (won) {
                pending.set(1);
                entries.getAndIncrement();
            }
            return won;
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = entries.get();
        }
    }

    /** {@link Workqueue#queue} against itself. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One winner, one run.")
    @Outcome(expect = FORBIDDEN, desc = "Two winners, or none.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = cpu.queue.queue(item);
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = cpu.queue.queue(item);
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            cpu.serve();
            r.r3 = item.runs;
        }
    }
}
