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
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A flush of the run in progress, while that ends and the next instance is queued and starts: it does not wait for the
 * later one, which is still running at the end (G50, R51).
 *
 * <p>Result: what let the flush return (0 nothing, 1 its waiter was released, 2 it saw that a later instance had
 * started).
 */
public final class FlushAgainstNextStart {
    private FlushAgainstNextStart() {}

    private static final int RUNNING = 1;
    private static final int START_ONE = 2;

    /** The state counts the starts. */
    @JCStressTest
    @State
    @Outcome(id = {"1", "2"}, expect = ACCEPTABLE, desc = "Returns.")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "Waits for the later instance.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(RUNNING);
        private final AtomicInteger list = new AtomicInteger();
        private final AtomicInteger released = new AtomicInteger();

        @Actor
        public void runner() {
            state.addAndGet(-RUNNING);
            released.getAndAdd(list.getAndSet(0));
            state.addAndGet(RUNNING + START_ONE);
        }

        @Actor
        public void flusher(I_Result r) {
            list.getAndSet(1);
            if ((state.get() & RUNNING) == 0) {
                released.getAndAdd(list.getAndSet(0));
            }
            r.r1 = state.get() / START_ONE > 0 ? 2 : 0;
        }

        @Arbiter
        public void arbiter(I_Result r) {
            if (released.get() > 0) {
                r.r1 = 1;
            }
        }
    }

    /** One run looks like another. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Returns.")
    @Outcome(id = "0", expect = ACCEPTABLE_INTERESTING, desc = "Waits for the later instance.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(RUNNING);
        private final AtomicInteger list = new AtomicInteger();
        private final AtomicInteger released = new AtomicInteger();

        @Actor
        public void runner() {
            state.addAndGet(-RUNNING);
            released.getAndAdd(list.getAndSet(0));
            state.addAndGet(RUNNING);
        }

        @Actor
        public void flusher() {
            list.getAndSet(1);
            if ((state.get() & RUNNING) == 0) {
                released.getAndAdd(list.getAndSet(0));
            }
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = released.get();
        }
    }

    /** {@link WorkState#finish} and the next {@link WorkState#start} against the steps of {@link Work#flush}. */
    @JCStressTest
    @State
    @Outcome(id = {"1", "2"}, expect = ACCEPTABLE, desc = "Returns.")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "Waits for the later instance.")
    public static class Actual {
        private final Item item = new Item();
        private final Probe probe = new Probe(1);
        private final long entry;

        public Actual() {
            item.pend();
            item.generation = 1;
            item.start(item);
            entry = item.state();
        }

        @Actor
        public void runner() {
            item.finish();
            item.pend();
            item.generation = 2;
            item.start(item);
        }

        @Actor
        public void flusher(I_Result r) {
            item.await(probe);
            r.r1 = WorkState.hasMovedOn(entry, item.state()) ? 2 : 0;
        }

        @Arbiter
        public void arbiter(I_Result r) {
            if (probe.releases() > 0) {
                r.r1 = 1;
            }
        }
    }
}
