// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

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
 * A handler is freed, and another one requested in its place, while somebody wakes the old one by hand: it runs for
 * that, or the wake is refused; the new one is not woken (R80, I10, I11).
 *
 * <p>Results: woken, runs of the old one, a bit left for the new one.
 */
public final class FreeAgainstWake {
    private FreeAgainstWake() {}

    private static final int RETIRED = Integer.MIN_VALUE;

    /** Those who wake are counted, and waited for. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Woken, and run for the last time.")
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(expect = FORBIDDEN, desc = "The wake is lost, or the next one's.")
    public static class Model {
        private final AtomicInteger wakers = new AtomicInteger();
        private final AtomicInteger run = new AtomicInteger();

        @Actor
        public void waker(III_Result r) {
            if (wakers.getAndIncrement() >= 0) {
                run.set(1);
                r.r1 = 1;
            }
            wakers.getAndDecrement();
        }

        @Actor
        public void freer(III_Result r) {
            wakers.getAndAdd(RETIRED);
            while (wakers.get() != RETIRED) {
                Thread.onSpinWait();
            }
            r.r2 = run.getAndSet(0);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = run.get();
        }
    }

    /** Nobody is waited for. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Woken, and run for the last time.")
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE_INTERESTING, desc = "The wake is the next one's.")
    @Outcome(expect = FORBIDDEN, desc = "The wake is lost.")
    public static class Broken {
        private volatile boolean isRetired;
        private final AtomicInteger run = new AtomicInteger();

        @Actor
        public void waker(III_Result r) {
            if (!isRetired) {
                run.set(1);
                r.r1 = 1;
            }
        }

        @Actor
        public void freer(III_Result r) {
            isRetired = true;
            r.r2 = run.getAndSet(0);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = run.get();
        }
    }

    /** {@link IrqLine#wakeThread} against {@link IrqLine#free} and {@link IrqLine#request}; the run comes at once. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Woken, and run for the last time.")
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(expect = FORBIDDEN, desc = "The wake is lost, or the next one's.")
    public static class Actual {
        private final HandLine hand = new HandLine(item -> ((IrqAction.ThreadItem) item).run());
        private final IrqLine line = hand.line;
        private final AtomicInteger late = new AtomicInteger();
        private final IrqAction old = line.request(null, self -> {}, "old", IrqFlag.ONESHOT);

        @Actor
        public void waker(III_Result r) {
            r.r1 = line.wakeThread(old) ? 1 : 0;
        }

        @Actor
        public void freer() {
            line.free(old);
            line.request(null, self -> late.getAndIncrement(), "new", IrqFlag.ONESHOT);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = (int) old.stats().runs();
            r.r3 = (line.state.hasActive() ? 1 : 0) + late.get();
        }
    }
}
