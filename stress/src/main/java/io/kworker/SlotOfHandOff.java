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
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A slot is granted to a share whose entries wait for it, while an older entry comes back from waiting for a run of its
 * own item, and takes that slot: the others are registered as waiting again (R44, R49, G35).
 *
 * <p>Results: runs of the item that came back, runs of the one that waited, slots in use at the end.
 */
public final class SlotOfHandOff {
    private SlotOfHandOff() {}

    /** Whoever takes the slot from those that it was granted for puts them into the line again. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Stranded.")
    public static class Model {
        private final AtomicInteger granted = new AtomicInteger();
        private final AtomicInteger inLine = new AtomicInteger(1);
        private final AtomicInteger returned = new AtomicInteger();

        private int start(AtomicInteger waiting, AtomicInteger slot) {
            if (slot.getAndSet(0) == 0) {
                return 0;
            }
            if (waiting.get() == 0) {
                inLine.set(1);
            }
            return 1;
        }

        @Actor
        public void releaser() {
            inLine.set(0);
            granted.set(1);
        }

        @Actor
        public void runner(III_Result r) {
            returned.set(1);
            r.r1 = start(inLine, granted);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            if (r.r1 == 0) {
                r.r1 = start(inLine, granted);
            }
            r.r2 = inLine.get();
            r.r3 = granted.get();
        }
    }

    /** The slot is taken, and that is all. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE_INTERESTING, desc = "Stranded.")
    public static class Broken {
        private final AtomicInteger granted = new AtomicInteger();
        private final AtomicInteger inLine = new AtomicInteger(1);

        @Actor
        public void releaser() {
            inLine.set(0);
            granted.set(1);
        }

        @Actor
        public void runner(III_Result r) {
            r.r1 = granted.getAndSet(0);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 |= granted.getAndSet(0);
            r.r2 = inLine.get();
            r.r3 = granted.get();
        }
    }

    /** {@link PodShare#grant} against {@link PodShare#handBack}, and {@link Cpu#fetch} after that. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Stranded.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item returning = new Item();
        private final Item waiting = new Item();

        public Actual() {
            Workqueue elsewhere = cpus.runtime.workqueue("bound").build();
            elsewhere.queueOn(cpus.first.cpu.number, returning);
            cpus.first.start();
            queue.queue(returning);
            cpus.startAll();
            queue.queue(new Item());
            cpus.second.start();
            queue.queue(waiting);
            cpus.startAll();
        }

        @Actor
        public void releaser() {
            cpus.second.end();
        }

        @Actor
        public void runner() {
            cpus.first.end();
            cpus.first.turn();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.serve();
            r.r1 = returning.runs;
            r.r2 = waiting.runs;
            r.r3 = TwoCpus.limit(queue).active();
        }
    }
}
