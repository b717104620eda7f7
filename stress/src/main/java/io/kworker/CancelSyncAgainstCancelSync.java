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
 * Two cancel-and-waits of one item: at most one finds the pending instance, each keeps the item disabled until it has
 * done with it, both return after the run, and the item is enabled afterwards (R19, G64).
 */
public final class CancelSyncAgainstCancelSync {
    private CancelSyncAgainstCancelSync() {}

    private static final int PENDING = 1;
    private static final int DISABLED = 2;

    /**
     * Disabling counts. Results: cancelled by the first, by the second, queueings accepted meanwhile, left disabled.
     */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0, 0",
        "0, 1, 0, 0"}, expect = ACCEPTABLE, desc = "Cancelled by one, refused meanwhile, enabled at the end.")
    @Outcome(expect = FORBIDDEN, desc = "Queued while disabled, cancelled twice, or disabled for good.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(PENDING);
        private final AtomicInteger accepted = new AtomicInteger();

        @Actor
        public void first(IIII_Result r) {
            r.r1 = cancelSync();
        }

        @Actor
        public void second(IIII_Result r) {
            r.r2 = cancelSync();
        }

        private int cancelSync() {
            int found = state.getAndUpdate(s -> (s & ~PENDING) + DISABLED);
            if (state.compareAndSet(0, PENDING)) {
                accepted.getAndIncrement();
            }
            state.addAndGet(-DISABLED);
            return found & PENDING;
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            r.r3 = accepted.get();
            r.r4 = state.get();
        }
    }

    /** Disabling sets a flag, and enabling clears it. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0, 0",
        "0, 1, 0, 0"}, expect = ACCEPTABLE, desc = "Cancelled by one, refused meanwhile, enabled at the end.")
    @Outcome(id = ".*, .*, [12], .*", expect = ACCEPTABLE_INTERESTING, desc = "Queued while disabled.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(PENDING);
        private final AtomicInteger accepted = new AtomicInteger();

        @Actor
        public void first(IIII_Result r) {
            r.r1 = cancelSync();
        }

        @Actor
        public void second(IIII_Result r) {
            r.r2 = cancelSync();
        }

        private int cancelSync() {
            int found = state.getAndSet(DISABLED);
            if (state.compareAndSet(0, PENDING)) {
                accepted.getAndIncrement();
            }
            state.set(0);
            return found & PENDING;
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            r.r3 = accepted.get();
            r.r4 = state.get();
        }
    }

    /** The steps of {@link Work#cancelSync} against themselves, on a pending item; results as above. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0, 0",
        "0, 1, 0, 0"}, expect = ACCEPTABLE, desc = "Cancelled by one, refused meanwhile, enabled at the end.")
    @Outcome(expect = FORBIDDEN, desc = "Queued while disabled, cancelled twice, or disabled for good.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();
        private final AtomicInteger accepted = new AtomicInteger();

        public Actual() {
            cpu.queue.queue(item);
        }

        @Actor
        public void first(IIII_Result r) {
            r.r1 = cancelSync();
        }

        @Actor
        public void second(IIII_Result r) {
            r.r2 = cancelSync();
        }

        private int cancelSync() {
            long found = item.disableOnce();
            if (cpu.queue.queue(item)) {
                accepted.getAndIncrement();
            }
            item.enableOnce();
            return Work.isPending(found) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            cpu.serve();
            r.r3 = accepted.get() + item.runs;
            r.r4 = cpu.queue.queue(item) ? 0 : 1;
        }
    }

    /**
     * The same on a pending item that runs too. Results: cancelled by the first, by the second, released before the end
     * of the run (1 the first, 10 the second), released in all.
     */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0, 11",
        "0, 1, 0, 11"}, expect = ACCEPTABLE, desc = "Cancelled by one, both released by the end of the run.")
    @Outcome(expect = FORBIDDEN, desc = "Released early, twice or never.")
    public static class ActualRunning {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();
        private final Probe firstsWait = new Probe(2);
        private final Probe secondsWait = new Probe(2);

        public ActualRunning() {
            cpu.queue.queue(item);
            cpu.start();
            cpu.queue.queue(item);
        }

        @Actor
        public void first(IIII_Result r) {
            r.r1 = cancelSync(firstsWait);
        }

        @Actor
        public void second(IIII_Result r) {
            r.r2 = cancelSync(secondsWait);
        }

        private int cancelSync(Probe wait) {
            long found = item.disableOnce();
            item.await(wait);
            item.enableOnce();
            return Work.isPending(found) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            r.r3 = firstsWait.releases() + 10 * secondsWait.releases();
            cpu.run();
            r.r4 = firstsWait.releases() + 10 * secondsWait.releases();
        }
    }
}
