// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.IZZ_Result;

/**
 * The cancel of a periodic task against its being armed again: nothing is pending afterwards, and it was ended once.
 *
 * <p>Results: pending, ends.
 */
public final class CancelAgainstRearm {
    private CancelAgainstRearm() {}

    /** Worker: armed, then the future. Canceller: the future, then the instance. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(expect = FORBIDDEN, desc = "A stray run to come, or not ended once.")
    public static class Model {
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger ends = new AtomicInteger();
        private volatile boolean isCancelled;

        @Actor
        public void worker() {
            pending.set(1);
            if (isCancelled) {
                withdraw();
            }
        }

        @Actor
        public void canceller() {
            isCancelled = true;
            withdraw();
        }

        private void withdraw() {
            if (pending.compareAndSet(1, 0)) {
                ends.getAndIncrement();
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = pending.get();
            r.r2 = ends.get();
        }
    }

    /** The worker looks at the future first. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE_INTERESTING, desc = "A stray run to come.")
    public static class Broken {
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger ends = new AtomicInteger();
        private volatile boolean isCancelled;

        @Actor
        public void worker() {
            if (isCancelled) {
                ends.getAndIncrement();
            } else {
                pending.set(1);
            }
        }

        @Actor
        public void canceller() {
            isCancelled = true;
            if (pending.compareAndSet(1, 0)) {
                ends.getAndIncrement();
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = pending.get();
            r.r2 = ends.get();
        }
    }

    /** The same of the shipped ones, at a rate that queues it at once. Results: runs, a run to come, terminated. */
    @JCStressTest
    @State
    @Outcome(id = "[01], false, true", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(expect = FORBIDDEN, desc = "A stray run to come, or never terminated.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Meeting meeting = new Meeting();
        private final ScheduledView view = new ScheduledView(cpu.queue, Bound.none());
        private int runs;
        private final ScheduledFuture<?> future =
                view.scheduleAtFixedRate(() -> runs++, 0, 1, TimeUnit.NANOSECONDS);
        private final Work item = ((TimedFuture<?>) future).item();

        @Actor
        public void worker() {
            meeting.meetRoughly();
            cpu.turn();
        }

        @Actor
        public void canceller() {
            meeting.meetRoughly();
            future.cancel(false);
        }

        @Arbiter
        public void arbiter(IZZ_Result r) {
            int before = runs;
            cpu.serve();
            r.r1 = before;
            r.r2 = runs != before || item.isBusy();
            view.shutdown();
            r.r3 = view.isTerminated();
        }
    }

    /** The same with {@link View#shutdown} instead of the cancel. */
    @JCStressTest
    @State
    @Outcome(id = "[01], false, true", expect = ACCEPTABLE, desc = "Over.")
    @Outcome(expect = FORBIDDEN, desc = "A stray run to come, or never terminated.")
    public static class ActualShutdown {
        private final HandDriven cpu = new HandDriven();
        private final Meeting meeting = new Meeting();
        private final ScheduledView view = new ScheduledView(cpu.queue, Bound.none());
        private int runs;

        public ActualShutdown() {
            view.scheduleAtFixedRate(() -> runs++, 0, 1, TimeUnit.NANOSECONDS);
        }

        @Actor
        public void worker() {
            meeting.meetRoughly();
            cpu.turn();
        }

        @Actor
        public void closer() {
            meeting.meetRoughly();
            view.shutdown();
        }

        @Arbiter
        public void arbiter(IZZ_Result r) {
            int before = runs;
            boolean isTerminated = view.isTerminated();
            cpu.serve();
            r.r1 = before;
            r.r2 = runs != before;
            r.r3 = isTerminated;
        }
    }
}
