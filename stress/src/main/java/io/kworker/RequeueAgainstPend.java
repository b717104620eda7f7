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
 * An item that queues itself while somebody else queues it too: one of the two calls is true, and one more run follows
 * (R5, G2).
 *
 * <p>Results: queued by itself, queued by the other, further runs.
 */
public final class RequeueAgainstPend {
    private RequeueAgainstPend() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** PENDING and RUNNING stand in one word, and each change of it is one step. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One winner, one more run.")
    @Outcome(expect = FORBIDDEN, desc = "A request is lost or doubled.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(RUNNING);
        private final AtomicInteger entries = new AtomicInteger();

        @Actor
        public void handler(ZZI_Result r) {
            r.r1 = queue();
            state.addAndGet(-RUNNING);
        }

        @Actor
        public void other(ZZI_Result r) {
            r.r2 = queue();
        }

        private boolean queue() {
            for (;;) {
                int s = state.get();
                if (state.compareAndSet(s, s | PENDING)) {
                    boolean won = (s & PENDING) == 0;
                    if (won) {
                        entries.getAndIncrement();
                    }
                    return won;
                }
            }
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = entries.get();
        }
    }

    /** A queueing during the run sets a flag "run again", after a look whether it is set. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One winner, one more run.")
    @Outcome(id = "true, true, 2", expect = ACCEPTABLE_INTERESTING, desc = "Two winners.")
    public static class Broken {
        private final AtomicInteger again = new AtomicInteger();
        private final AtomicInteger entries = new AtomicInteger();

        @Actor
        public void handler(ZZI_Result r) {
            r.r1 = queue();
        }

        @Actor
        public void other(ZZI_Result r) {
            r.r2 = queue();
        }

        private boolean queue() {
            if (again.get() != 0) {
                return false;
            }
            again.set(1);
            entries.getAndIncrement();
            return true;
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = entries.get();
        }
    }

    /** {@link Workqueue#queue} in the handler, then {@link WorkState#finish}, against {@link Workqueue#queue}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "One winner, one more run.")
    @Outcome(expect = FORBIDDEN, desc = "A request is lost or doubled.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Requeuer item = new Requeuer();

        public Actual() {
            cpu.queue.queue(item);
            cpu.start();
        }

        @Actor
        public void handler(ZZI_Result r) {
            cpu.run();
            r.r1 = item.requeued;
        }

        @Actor
        public void other(ZZI_Result r) {
            r.r2 = cpu.queue.queue(item);
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            cpu.serve();
            r.r3 = item.runs - 1;
        }

        private final class Requeuer extends Work {
            private int runs;
            private boolean requeued;

            @Override
            protected void run() {
                runs++;
                if (runs == 1) {
                    requeued = cpu.queue.queue(this);
                }
            }
        }
    }
}
