// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZIZ_Result;

/**
 * A queue call from outside against a whole drain, after which the workqueue is open again: accepted, and the item
 * runs, or refused, and the item is idle; it can be queued afterwards (R24, R57, R58, G59).
 *
 * <p>Results: accepted, runs, accepted afterwards.
 */
public final class DrainAgainstQueue {
    private DrainAgainstQueue() {}

    /** Queuer: entry, then phase. Drainer: phase, then the queue, then phase. Nothing is dropped. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, true", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "false, 0, true", expect = ACCEPTABLE, desc = "Refused, and idle.")
    @Outcome(expect = FORBIDDEN, desc = "Refused and run, or closed for ever.")
    public static class Model {
        private final AtomicInteger phase = new AtomicInteger();
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger runs = new AtomicInteger();

        private void run() {
            if (pending.compareAndSet(1, 0)) {
                runs.getAndIncrement();
            }
        }

        @Actor
        public void queuer(ZIZ_Result r) {
            if (phase.get() == 0) {
                pending.set(1);
                r.r1 = phase.get() == 0 || !pending.compareAndSet(1, 0);
            }
        }

        @Actor
        public void drainer() {
            phase.set(1);
            run();
            phase.set(0);
        }

        @Arbiter
        public void arbiter(ZIZ_Result r) {
            run();
            r.r2 = runs.get();
            r.r3 = phase.get() == 0;
        }
    }

    /** The queuer refuses without asking whether its item has started meanwhile. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, true", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "false, 0, true", expect = ACCEPTABLE, desc = "Refused, and idle.")
    @Outcome(id = "false, 1, true", expect = ACCEPTABLE_INTERESTING, desc = "Refused, and run.")
    public static class Broken {
        private final AtomicInteger phase = new AtomicInteger();
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger runs = new AtomicInteger();

        private void run() {
            if (pending.compareAndSet(1, 0)) {
                runs.getAndIncrement();
            }
        }

        @Actor
        public void queuer(ZIZ_Result r) {
            if (phase.get() == 0) {
                pending.set(1);
                r.r1 = phase.get() == 0;
                if (!r.r1) {
                    pending.set(0);
                }
            }
        }

        @Actor
        public void drainer() {
            phase.set(1);
            run();
            phase.set(0);
        }

        @Arbiter
        public void arbiter(ZIZ_Result r) {
            run();
            r.r2 = runs.get();
            r.r3 = phase.get() == 0;
        }
    }

    /** {@link Workqueue#queue}, after which the queuer serves the CPU, against {@link Workqueue#drain}. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, true", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "false, 0, true", expect = ACCEPTABLE, desc = "Refused, and idle.")
    @Outcome(expect = FORBIDDEN, desc = "Accepted and dropped, refused and run, or closed for ever.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();
        private volatile boolean isDrained;

        @Actor
        public void queuerThenOwner(ZIZ_Result r) {
            meeting.meet();
            r.r1 = isAccepted(cpu.queue, item);
            while (!isDrained) {
                cpu.serve();
                Thread.onSpinWait();
            }
        }

        @Actor
        public void drainer() {
            meeting.meet();
            cpu.queue.drain();
            isDrained = true;
        }

        @Arbiter
        public void arbiter(ZIZ_Result r) {
            cpu.serve();
            r.r2 = item.runs;
            r.r3 = isAccepted(cpu.queue, item);
        }
    }

    /**
     * What was accepted before the drain lets others in again is over then. Results as above, the last one always
     * true.
     */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, true", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "false, 0, true", expect = ACCEPTABLE, desc = "Refused, and idle.")
    @Outcome(expect = FORBIDDEN, desc = "Accepted, and not waited for.")
    public static class ActualLeft {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();
        private volatile boolean isQueued;
        private volatile boolean isDrained;

        @Actor
        public void queuerThenOwner(ZIZ_Result r) {
            meeting.meet();
            r.r1 = isAccepted(cpu.queue, item);
            isQueued = true;
            while (!isDrained) {
                cpu.serve();
                Thread.onSpinWait();
            }
        }

        @Actor
        public void drainer(ZIZ_Result r) {
            meeting.meet();
            cpu.queue.startDraining();
            Rounds.drain(List.of(cpu.queue));
            r.r3 = !isQueued || !item.isBusy();
            isDrained = true;
        }

        @Arbiter
        public void arbiter(ZIZ_Result r) {
            cpu.serve();
            r.r2 = item.runs;
        }
    }

    static boolean isAccepted(Workqueue queue, Item item) {
        try {
            return queue.queue(item);
        } catch (RejectedExecutionException e) {
            return false;
        }
    }
}
