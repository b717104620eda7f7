// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/**
 * A cancel-and-wait of an item that queues itself in its run: on return it neither is pending nor runs, and what was
 * refused meanwhile is forgotten (R18, G62).
 *
 * <p>Results: queued by itself, an instance was cancelled, busy on return.
 */
public final class CancelSyncAgainstRequeue {
    private CancelSyncAgainstRequeue() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;
    private static final int DISABLED = 4;

    /** Disabled from the cancel to the end of the wait. */
    @JCStressTest
    @State
    @Outcome(id = "true, true, false", expect = ACCEPTABLE, desc = "Queued before the cancel, which took it.")
    @Outcome(id = "false, false, false", expect = ACCEPTABLE, desc = "Refused by the cancel.")
    @Outcome(id = ".*, true", expect = FORBIDDEN, desc = "Busy on return.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(RUNNING);

        @Actor
        public void handler(ZZZ_Result r) {
            int s = state.get();
            while ((s & DISABLED) == 0 && !state.compareAndSet(s, s | PENDING)) {
                s = state.get();
            }
            r.r1 = (s & DISABLED) == 0;
            state.addAndGet(-RUNNING);
        }

        @Actor
        public void canceller(ZZZ_Result r) {
            int found = state.getAndUpdate(s -> s & ~PENDING | DISABLED);
            while ((state.get() & RUNNING) != 0) {
                Thread.onSpinWait();
            }
            state.addAndGet(-DISABLED);
            r.r2 = (found & PENDING) != 0;
            r.r3 = state.get() != 0;
        }
    }

    /** Not disabled. */
    @JCStressTest
    @State
    @Outcome(id = "true, true, false", expect = ACCEPTABLE, desc = "Queued before the cancel, which took it.")
    @Outcome(id = "true, false, true", expect = ACCEPTABLE_INTERESTING, desc = "Busy on return.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(RUNNING);

        @Actor
        public void handler(ZZZ_Result r) {
            state.getAndUpdate(s -> s | PENDING);
            r.r1 = true;
            state.addAndGet(-RUNNING);
        }

        @Actor
        public void canceller(ZZZ_Result r) {
            int found = state.getAndUpdate(s -> s & ~PENDING);
            while ((state.get() & RUNNING) != 0) {
                Thread.onSpinWait();
            }
            r.r2 = (found & PENDING) != 0;
            r.r3 = state.get() != 0;
        }
    }

    /** {@link Workqueue#queue} in the handler, then {@link WorkState#finish}, against {@link Work#cancelSync}. */
    @JCStressTest
    @State
    @Outcome(id = "true, true, false", expect = ACCEPTABLE, desc = "Queued before the cancel, which took it.")
    @Outcome(id = "false, false, false", expect = ACCEPTABLE, desc = "Refused by the cancel.")
    @Outcome(id = ".*, true", expect = FORBIDDEN, desc = "Busy on return.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Requeuer item = new Requeuer();

        public Actual() {
            cpu.queue.queue(item);
            cpu.start();
        }

        @Actor
        public void handler(ZZZ_Result r) {
            cpu.run();
            r.r1 = item.requeued;
        }

        @Actor
        public void canceller(ZZZ_Result r) {
            r.r2 = item.cancelSync();
            r.r3 = item.isBusy();
        }

        private final class Requeuer extends Work {
            private boolean requeued;

            @Override
            protected void run() {
                requeued = cpu.queue.queue(this);
            }
        }
    }
}
