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
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * An item is re-timed to now while its timer expires, or while it runs (R27, R74, G46): it is queued at once, and runs
 * once for that, after a run in progress.
 *
 * <p>Results: was pending; runs.
 */
public final class ModNowAgainstExpire {
    private ModNowAgainstExpire() {}

    /** A number for each instance: what was queued under an older one is dead. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "In place of the old instance.")
    @Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "The old one had started.")
    @Outcome(expect = FORBIDDEN, desc = "Two instances for one, or none.")
    public static class Model {
        /** Twice the number of the newest instance, and 1 while it is pending. */
        private final AtomicInteger state = new AtomicInteger(3);
        private int runs;

        @Actor
        public void owner() {
            if (state.compareAndSet(3, 2)) {
                runs++;
            }
        }

        @Actor
        public void modder(II_Result r) {
            int s = state.get();
            while (!state.compareAndSet(s, 5)) {
                s = state.get();
            }
            r.r1 = s & 1;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = runs + (state.get() & 1);
        }
    }

    /** Who re-times it reads and stores. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "In place of the old instance.")
    @Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "The old one had started.")
    @Outcome(id = "1, 2", expect = ACCEPTABLE_INTERESTING, desc = "Two instances for one.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(3);
        private int runs;

        @Actor
        public void owner() {
            if (state.compareAndSet(3, 2)) {
                runs++;
            }
        }

        @Actor
        public void modder(II_Result r) {
            r.r1 = state.get() & 1;
            state.set(5);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = runs + (state.get() & 1);
        }
    }

    /** {@link Timers#look} against {@link Workqueue#modAt} to now. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "In place of the old instance.")
    @Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "The old one had started.")
    @Outcome(expect = FORBIDDEN, desc = "Two instances for one, or none, or something is left.")
    public static class Actual {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public Actual() {
            item.arm(owner.queue, owner.cpu, TimedItem.PAST, WorkState.Arm.IDLE);
            owner.cpu.timers.applyOperations();
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            TimedItem.look(owner.cpu);
            owner.turn();
        }

        @Actor
        public void modder(II_Result r) {
            meeting.meetRoughly();
            r.r1 = owner.queue.modAt(item, 0, 0, WorkState.Arm.ANY, null) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            owner.serve();
            r.r2 = item.runs + 10 * TimedItem.left(owner.cpu);
        }
    }

    /** The end of a run against {@link Workqueue#modAt}: one more run, after that. */
    @JCStressTest
    @State
    @Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "One more run.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, or twice.")
    public static class ActualRunning {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();

        public ActualRunning() {
            owner.queue.queue(item);
            owner.start();
        }

        @Actor
        public void owner() {
            owner.run();
        }

        @Actor
        public void modder(II_Result r) {
            r.r1 = owner.queue.modAt(item, 0, 0, WorkState.Arm.ANY, null) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            owner.serve();
            r.r2 = item.runs;
        }
    }
}
