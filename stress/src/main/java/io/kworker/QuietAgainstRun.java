// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * A flush finds a share quiet, without a marker, while its owner takes an item and runs it: whenever it is quiet,
 * what was queued before is over, and its writes are seen (R51, G54, G55).
 *
 * <p>Results: quiet, writes seen.
 */
public final class QuietAgainstRun {
    private static final int SPINS = 5;

    private QuietAgainstRun() {}

    /** Counted out, then the queue, then counted in. An entry is counted in before it is taken. */
    @JCStressTest
    @State
    @Outcome(id = {"false, .*", "true, 1"}, expect = ACCEPTABLE, desc = "Quiet only when all is over.")
    @Outcome(id = "true, 0", expect = FORBIDDEN, desc = "Quiet beside an item.")
    public static class Model {
        private final AtomicInteger queue = new AtomicInteger(1);
        private final AtomicInteger taking = new AtomicInteger();
        private final AtomicInteger entered = new AtomicInteger();
        private final AtomicInteger left = new AtomicInteger();
        private int written;

        @Actor
        public void owner() {
            taking.setOpaque(1);
            VarHandle.releaseFence();
            queue.setRelease(0);
            entered.setOpaque(1);
            taking.setRelease(0);
            written = 1;
            left.setRelease(1);
        }

        @Actor
        public void flusher(ZI_Result r) {
            int out = left.getAcquire();
            r.r1 = queue.get() == 0 && taking.get() == 0 && entered.getAcquire() == out;
            r.r2 = written;
        }
    }

    /** Counted in when the queue has let go of it. */
    @JCStressTest
    @State
    @Outcome(id = {"false, .*", "true, 1"}, expect = ACCEPTABLE, desc = "Quiet only when all is over.")
    @Outcome(id = "true, 0", expect = ACCEPTABLE_INTERESTING, desc = "Quiet beside an item.")
    public static class Broken {
        private final AtomicInteger queue = new AtomicInteger(1);
        private final AtomicInteger entered = new AtomicInteger();
        private final AtomicInteger left = new AtomicInteger();
        private int written;

        @Actor
        public void owner() {
            queue.setRelease(0);
            for (int i = 0; i < SPINS; i++) {
                Thread.onSpinWait();
            }
            entered.setOpaque(1);
            written = 1;
            left.setRelease(1);
        }

        @Actor
        public void flusher(ZI_Result r) {
            int out = left.getAcquire();
            r.r1 = queue.get() == 0 && entered.getAcquire() == out;
            r.r2 = written;
        }
    }

    /** {@link Share#quiet} against {@link Cpu#fetch} and {@link BoundShare#finished}. */
    @JCStressTest
    @State
    @Outcome(id = {"false, .*", "true, 1"}, expect = ACCEPTABLE, desc = "Quiet only when all is over.")
    @Outcome(id = "true, 0", expect = FORBIDDEN, desc = "Quiet beside an item.")
    public static class ActualBound {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        public ActualBound() {
            cpu.queue.queue(item);
        }

        @Actor
        public void owner() {
            cpu.turn();
        }

        @Actor
        public void flusher(ZI_Result r) {
            r.r1 = HandDriven.share(cpu.queue).quiet() >= 0;
            r.r2 = item.runs;
        }
    }

    /** The same with {@link PodShare#finished}. */
    @JCStressTest
    @State
    @Outcome(id = {"false, .*", "true, 1"}, expect = ACCEPTABLE, desc = "Quiet only when all is over.")
    @Outcome(id = "true, 0", expect = FORBIDDEN, desc = "Quiet beside an item.")
    public static class ActualUnbound {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();

        public ActualUnbound() {
            queue.queue(item);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.first.turn();
        }

        @Actor
        public void flusher(ZI_Result r) {
            meeting.meetRoughly();
            r.r1 = TwoCpus.share(queue).quiet() >= 0;
            r.r2 = item.runs;
        }
    }

    /** The same with {@link OrderedShare#fetchWaiting} and {@link OrderedShare#finished}. */
    @JCStressTest
    @State
    @Outcome(id = {"false, .*", "true, 1"}, expect = ACCEPTABLE, desc = "Quiet only when all is over.")
    @Outcome(id = "true, 0", expect = FORBIDDEN, desc = "Quiet beside an item.")
    public static class ActualOrdered {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.ordered();
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();

        public ActualOrdered() {
            queue.queue(item);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpus.first.turn();
        }

        @Actor
        public void flusher(ZI_Result r) {
            meeting.meetRoughly();
            r.r1 = TwoCpus.share(queue).quiet() >= 0;
            r.r2 = item.runs;
        }
    }
}
