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
 * A queue call on an item whose run just ends: it is true, and one more run follows, whichever side of the end it falls
 * on (G2, G10).
 *
 * <p>Results: found it running, queued, further runs.
 */
public final class PendAgainstFinish {
    private PendAgainstFinish() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** The end takes RUNNING out of the word in one step. */
    @JCStressTest
    @State
    @Outcome(id = {"true, true, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One more run.")
    @Outcome(expect = FORBIDDEN, desc = "Request lost.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(RUNNING);

        @Actor
        public void runner() {
            state.addAndGet(-RUNNING);
        }

        @Actor
        public void queuer(ZZI_Result r) {
            int found = state.getAndAdd(PENDING);
            r.r1 = (found & RUNNING) != 0;
            r.r2 = (found & PENDING) == 0;
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = state.get() & PENDING;
        }
    }

    /** The end reads the word, and stores it without RUNNING. */
    @JCStressTest
    @State
    @Outcome(id = {"true, true, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One more run.")
    @Outcome(id = "true, true, 0", expect = ACCEPTABLE_INTERESTING, desc = "Request lost.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(RUNNING);

        @Actor
        public void runner() {
            state.set(state.get() - RUNNING);
        }

        @Actor
        public void queuer(ZZI_Result r) {
            int found = state.getAndAdd(PENDING);
            r.r1 = (found & RUNNING) != 0;
            r.r2 = (found & PENDING) == 0;
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = state.get() & PENDING;
        }
    }

    /** {@link WorkState#finish} and {@link Cpu#finished} against {@link Workqueue#queue}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, true, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One more run.")
    @Outcome(expect = FORBIDDEN, desc = "Request lost.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        public Actual() {
            cpu.queue.queue(item);
            cpu.start();
        }

        @Actor
        public void runner() {
            cpu.run();
        }

        @Actor
        public void queuer(ZZI_Result r) {
            r.r1 = item.isRunning();
            r.r2 = cpu.queue.queue(item);
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            cpu.serve();
            r.r3 = item.runs - 1;
        }
    }
}
