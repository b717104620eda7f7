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
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * A queue call on a pending item while the owner starts it: it joins the run that is about to start, or causes a second
 * one (R4, G2, G10).
 *
 * <p>Results: queued again, runs.
 */
public final class PendAgainstStart {
    private PendAgainstStart() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** PENDING becomes RUNNING in one step. */
    @JCStressTest
    @State
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Joined the first run.")
    @Outcome(id = "true, 2", expect = ACCEPTABLE, desc = "Second run.")
    @Outcome(id = "true, 1", expect = FORBIDDEN, desc = "Request lost.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(PENDING);
        private int runs;

        @Actor
        public void queuer(ZI_Result r) {
            r.r1 = pend(state);
        }

        @Actor
        public void owner() {
            state.addAndGet(RUNNING - PENDING);
            runs++;
            state.addAndGet(-RUNNING);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = runs + (state.get() & PENDING);
        }
    }

    /** PENDING becomes RUNNING in two steps. */
    @JCStressTest
    @State
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Joined the first run.")
    @Outcome(id = "true, 2", expect = ACCEPTABLE, desc = "Second run.")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "Request lost.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(PENDING);
        private int runs;

        @Actor
        public void queuer(ZI_Result r) {
            r.r1 = pend(state);
        }

        @Actor
        public void owner() {
            state.addAndGet(-PENDING);
            state.set(RUNNING);
            runs++;
            state.addAndGet(-RUNNING);
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            r.r2 = runs + (state.get() & PENDING);
        }
    }

    /** {@link Workqueue#queue} against {@link Cpu#fetch}, run and {@link WorkState#finish}. */
    @JCStressTest
    @State
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Joined the first run.")
    @Outcome(id = "true, 2", expect = ACCEPTABLE, desc = "Second run.")
    @Outcome(id = "true, 1", expect = FORBIDDEN, desc = "Request lost.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        public Actual() {
            cpu.queue.queue(item);
        }

        @Actor
        public void queuer(ZI_Result r) {
            r.r1 = cpu.queue.queue(item);
        }

        @Actor
        public void owner() {
            cpu.turn();
        }

        @Arbiter
        public void arbiter(ZI_Result r) {
            cpu.serve();
            r.r2 = item.runs;
        }
    }

    private static boolean pend(AtomicInteger state) {
        for (;;) {
            int s = state.get();
            if (state.compareAndSet(s, s | PENDING)) {
                return (s & PENDING) == 0;
            }
        }
    }
}
