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
 * A flush against the end of the run: it finds the run over and sees what it did, or it waits and is released once
 * (R51, G50, G54).
 *
 * <p>Results: waited, saw what the run wrote, releases.
 */
public final class FlushAgainstFinish {
    private FlushAgainstFinish() {}

    /** Waiter: list, then state, once more. End of the run: state, then list. */
    @JCStressTest
    @State
    @Outcome(id = "false, true, 0", expect = ACCEPTABLE, desc = "Found it over.")
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "Waited, and was released.")
    @Outcome(id = "true, true, 0", expect = FORBIDDEN, desc = "Left behind.")
    @Outcome(id = ".*, false, .*", expect = FORBIDDEN, desc = "The run's writes are not seen.")
    public static class Model {
        private final AtomicInteger running = new AtomicInteger(1);
        private final AtomicInteger list = new AtomicInteger();
        private final AtomicInteger releases = new AtomicInteger();
        private int data;

        @Actor
        public void runner() {
            data = 1;
            running.getAndSet(0);
            releases.getAndAdd(list.getAndSet(0));
        }

        @Actor
        public void flusher(ZZI_Result r) {
            r.r1 = running.get() != 0;
            r.r2 = r.r1 || data == 1;
            if (r.r1) {
                list.getAndSet(1);
                if (running.get() == 0) {
                    r.r2 = data == 1;
                    releases.getAndAdd(list.getAndSet(0));
                }
            }
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = releases.get();
        }
    }

    /** The waiter does not look at the state once more. */
    @JCStressTest
    @State
    @Outcome(id = "false, true, 0", expect = ACCEPTABLE, desc = "Found it over.")
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "Waited, and was released.")
    @Outcome(id = "true, true, 0", expect = ACCEPTABLE_INTERESTING, desc = "Left behind.")
    public static class Broken {
        private final AtomicInteger running = new AtomicInteger(1);
        private final AtomicInteger list = new AtomicInteger();
        private final AtomicInteger releases = new AtomicInteger();
        private int data;

        @Actor
        public void runner() {
            data = 1;
            running.getAndSet(0);
            releases.getAndAdd(list.getAndSet(0));
        }

        @Actor
        public void flusher(ZZI_Result r) {
            r.r1 = running.get() != 0;
            r.r2 = r.r1 || data == 1;
            if (r.r1) {
                list.getAndSet(1);
            }
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = releases.get();
        }
    }

    /** {@link WorkState#finish} against {@link WorkState#await}. */
    @JCStressTest
    @State
    @Outcome(id = "false, true, 0", expect = ACCEPTABLE, desc = "Found it over.")
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "Waited, and was released.")
    @Outcome(id = "true, true, 0", expect = FORBIDDEN, desc = "Left behind.")
    @Outcome(id = ".*, false, .*", expect = FORBIDDEN, desc = "The run's writes are not seen.")
    public static class Actual {
        private final Item item = new Item();
        private final Flush flush = new Flush();
        private int data;

        public Actual() {
            item.pend();
            item.generation = 1;
            item.start(item);
        }

        @Actor
        public void runner() {
            data = 1;
            item.finish();
        }

        @Actor
        public void flusher(ZZI_Result r) {
            r.r1 = item.isRunning();
            if (r.r1) {
                item.await(flush);
            } else {
                r.r2 = data == 1;
            }
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            if (r.r1) {
                r.r2 = flush.saw || flush.releases() == 0;
            }
            r.r3 = flush.releases();
        }

        private final class Flush extends Probe {
            private boolean saw;

            Flush() {
                super(1);
            }

            @Override
            void release() {
                super.release();
                saw = data == 1;
            }
        }
    }
}
