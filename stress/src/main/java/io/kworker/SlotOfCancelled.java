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
 * The share at the head of the line is granted a slot while what it waits with is cancelled: the item runs, or the slot
 * goes to the next share; in either case the next one has its turn (R45).
 *
 * <p>Results: cancelled, runs of that item, runs of the next one, slots in use at the end.
 */
public final class SlotOfCancelled {
    private SlotOfCancelled() {}

    /** Who finds nothing to start with the slot returns it. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1, 0", expect = ACCEPTABLE, desc = "Passed on.")
    @Outcome(id = "0, 1, 1, 0", expect = ACCEPTABLE, desc = "Run first.")
    @Outcome(expect = FORBIDDEN, desc = "The slot is lost.")
    public static class Model {
        private final AtomicInteger pending = new AtomicInteger(1);
        private final AtomicInteger active = new AtomicInteger(1);

        @Actor
        public void holder(IIII_Result r) {
            r.r2 = pending.getAndSet(0);
            active.getAndDecrement();
        }

        @Actor
        public void canceller(IIII_Result r) {
            r.r1 = pending.getAndSet(0);
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            r.r4 = active.get();
            r.r3 = r.r4 == 0 ? 1 : 0;
        }
    }

    /** Who finds nothing to start goes on. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1, 0", expect = ACCEPTABLE, desc = "Passed on.")
    @Outcome(id = "0, 1, 1, 0", expect = ACCEPTABLE, desc = "Run first.")
    @Outcome(id = "1, 0, 0, 1", expect = ACCEPTABLE_INTERESTING, desc = "The slot is lost.")
    public static class Broken {
        private final AtomicInteger pending = new AtomicInteger(1);
        private final AtomicInteger active = new AtomicInteger(1);

        @Actor
        public void holder(IIII_Result r) {
            r.r2 = pending.getAndSet(0);
            if (r.r2 == 1) {
                active.getAndDecrement();
            }
        }

        @Actor
        public void canceller(IIII_Result r) {
            r.r1 = pending.getAndSet(0);
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            r.r4 = active.get();
            r.r3 = r.r4 == 0 ? 1 : 0;
        }
    }

    /** {@link NodeLimit#release} and {@link Cpu#fetch} against {@link Work#cancel}, with shares in two pods. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1, 0", expect = ACCEPTABLE, desc = "Passed on.")
    @Outcome(id = "0, 1, 1, 0", expect = ACCEPTABLE, desc = "Run first.")
    @Outcome(expect = FORBIDDEN, desc = "The slot is lost.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.apart(1);
        private final Item item = new Item();
        private final Item next = new Item();
        private final Meeting meeting = new Meeting();

        public Actual() {
            int here = cpus.first.cpu.number;
            queue.queueOn(here, new Item());
            cpus.first.start();
            queue.queueOn(here, item);
            cpus.startAll();
            queue.queueOn(cpus.second.cpu.number, next);
            cpus.startAll();
        }

        @Actor
        public void holder() {
            meeting.meetRoughly();
            cpus.first.end();
            cpus.first.turn();
        }

        @Actor
        public void canceller(IIII_Result r) {
            meeting.meetRoughly();
            r.r1 = item.cancel() ? 1 : 0;
        }

        @Arbiter
        public void arbiter(IIII_Result r) {
            cpus.serve();
            r.r2 = item.runs;
            r.r3 = next.runs;
            r.r4 = TwoCpus.limit(queue).active();
        }
    }
}
