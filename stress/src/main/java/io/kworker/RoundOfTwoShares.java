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
 * A flush sends its markers, share by share, while the first ones pass already: it is over when all have passed, and
 * not before (R53, G55).
 *
 * <p>Results: of the actual classes, whether two items queued before have run, as the flusher sees it when its flush is
 * over; of the others, how often it was over. And 1 if it was not before the last marker was sent.
 */
public final class RoundOfTwoShares {
    private RoundOfTwoShares() {}

    /** One more is counted until all markers are sent. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "All over.")
    @Outcome(expect = FORBIDDEN, desc = "Over too early, or never.")
    public static class Model {
        private final AtomicInteger left = new AtomicInteger(1);
        private final AtomicInteger sent = new AtomicInteger();
        private int early;
        private int overs;
        private int passed;

        private void pass() {
            if (left.decrementAndGet() == 0) {
                overs++;
                early |= sent.get() < 2 ? 1 : 0;
            }
        }

        @Actor
        public void flusher() {
            left.getAndIncrement();
            sent.set(1);
            left.getAndIncrement();
            sent.set(2);
            pass();
        }

        @Actor
        public void owner() {
            int first = sent.get();
            for (int i = 0; i < first; i++) {
                pass();
            }
            passed = first;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            for (int i = passed; i < 2; i++) {
                pass();
            }
            r.r1 = overs;
            r.r2 = 1 - early;
        }
    }

    /** Only the markers are counted. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "All over.")
    @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "Over too early, or twice.")
    public static class Broken {
        private final AtomicInteger left = new AtomicInteger();
        private final AtomicInteger sent = new AtomicInteger();
        private int early;
        private int overs;
        private int passed;

        private void pass() {
            if (left.decrementAndGet() == 0) {
                overs++;
                early |= sent.get() < 2 ? 1 : 0;
            }
        }

        @Actor
        public void flusher() {
            left.getAndIncrement();
            sent.set(1);
            left.getAndIncrement();
            sent.set(2);
        }

        @Actor
        public void owner() {
            int first = sent.get();
            for (int i = 0; i < first; i++) {
                pass();
            }
            passed = first;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            for (int i = passed; i < 2; i++) {
                pass();
            }
            r.r1 = overs;
            r.r2 = 1 - early;
        }
    }

    /** {@link Rounds#begin} and {@link Rounds#await} against an owner that serves two CPUs. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "All over.")
    @Outcome(expect = FORBIDDEN, desc = "Over too early.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.runtime.workqueue("bound").build();
        private final Item one = new Item();
        private final Item two = new Item();
        private final Meeting meeting = new Meeting();
        private volatile boolean isLaunched;
        private volatile boolean isOver;

        public Actual() {
            queue.queueOn(cpus.first.cpu.number, one);
            queue.queueOn(cpus.second.cpu.number, two);
        }

        @Actor
        public void flusher(II_Result r) {
            meeting.meetRoughly();
            Round round = queue.rounds().begin(false);
            r.r2 = round.isOver() ? 0 : 1;
            isLaunched = true;
            while (!round.isOver()) {
                Thread.onSpinWait();
            }
            r.r1 = one.runs * two.runs;
            isOver = true;
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            while (!isLaunched) {
                cpus.first.serve();
            }
            while (!isOver) {
                cpus.first.serve();
                cpus.second.serve();
            }
        }
    }
}
