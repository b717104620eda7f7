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
import org.openjdk.jcstress.infra.results.IIIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * An item that waits for a slot is cancelled while a flush waits for it: the flush ends, the slot is not given back
 * twice, and the colours keep their balance, so that the next flush ends too (R14, R15, R16, G51).
 *
 * <p>Results: cancelled, runs of that item, the flush is over, the next one is over, runs of an item after that.
 */
public final class RoundAgainstCancel {
    private RoundAgainstCancel() {}

    /** Whoever finds the entry counts it out, under the turn that it came in, whether it was cancelled or has run. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "Cancelled.")
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(expect = FORBIDDEN, desc = "Out of balance.")
    public static class Model {
        private final AtomicInteger pending = new AtomicInteger(1);
        private final AtomicInteger inFlight = new AtomicInteger(1);

        @Actor
        public void canceller(III_Result r) {
            r.r1 = pending.getAndSet(0);
        }

        @Actor
        public void owner(III_Result r) {
            r.r2 = pending.getAndSet(0);
            inFlight.getAndDecrement();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = inFlight.get();
        }
    }

    /** The canceller counts it out too, if it looks as if nobody had done so. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "Cancelled.")
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "Out of balance.")
    public static class Broken {
        private final AtomicInteger pending = new AtomicInteger(1);
        private final AtomicInteger inFlight = new AtomicInteger(1);

        @Actor
        public void canceller(III_Result r) {
            r.r1 = pending.getAndSet(0);
            if (r.r1 == 1 && inFlight.get() == 1) {
                inFlight.getAndDecrement();
            }
        }

        @Actor
        public void owner(III_Result r) {
            r.r2 = pending.getAndSet(0);
            if (r.r2 == 1 || inFlight.get() == 1) {
                inFlight.getAndDecrement();
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = inFlight.get();
        }
    }

    private static void report(Workqueue queue, Runnable serve, Round round, Item item, IIIII_Result r) {
        serve.run();
        r.r2 = item.runs;
        r.r3 = round.isOver() ? 1 : 0;
        Item last = new Item();
        queue.queue(last);
        Round next = queue.rounds().begin(false);
        serve.run();
        r.r4 = next.isOver() ? 1 : 0;
        r.r5 = last.runs;
    }

    /** {@link Work#cancel} against {@link BoundShare#finished} and {@link Cpu#fetch}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1, 1, 1", expect = ACCEPTABLE, desc = "Cancelled.")
    @Outcome(id = "0, 1, 1, 1, 1", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(expect = FORBIDDEN, desc = "A flush hangs, or a slot is lost.")
    public static class ActualBound {
        private final HandDriven cpu = new HandDriven();
        private final Workqueue queue = cpu.newQueue(builder -> builder.maxActive(1));
        private final Item item = new Item();
        private final Round round;

        public ActualBound() {
            queue.queue(new Item());
            cpu.start();
            queue.queue(item);
            round = queue.rounds().begin(false);
            cpu.startNothing();
        }

        @Actor
        public void canceller(IIIII_Result r) {
            r.r1 = item.cancel() ? 1 : 0;
        }

        @Actor
        public void owner() {
            cpu.end();
            cpu.turn();
        }

        @Arbiter
        public void arbiter(IIIII_Result r) {
            report(queue, cpu::serve, round, item, r);
        }
    }

    /** {@link Work#cancel} against {@link PodShare#finished} and {@link Cpu#fetch}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1, 1, 1", expect = ACCEPTABLE, desc = "Cancelled.")
    @Outcome(id = "0, 1, 1, 1, 1", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(expect = FORBIDDEN, desc = "A flush hangs, or a slot is lost.")
    public static class ActualUnbound {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item item = new Item();
        private final Round round;

        public ActualUnbound() {
            queue.queue(new Item());
            cpus.first.start();
            queue.queue(item);
            round = queue.rounds().begin(false);
            cpus.startAll();
        }

        @Actor
        public void canceller(IIIII_Result r) {
            r.r1 = item.cancel() ? 1 : 0;
        }

        @Actor
        public void owner() {
            cpus.first.end();
            cpus.first.turn();
        }

        @Arbiter
        public void arbiter(IIIII_Result r) {
            report(queue, cpus::serve, round, item, r);
        }
    }
}
