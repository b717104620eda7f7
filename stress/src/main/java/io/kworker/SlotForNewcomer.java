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
 * A slot falls free while a share waits and a newcomer comes along: the one that waits gets it, the newcomer does not
 * jump the line (R47).
 *
 * <p>Results: what the newcomer's CPU could start (0 nothing, 1 the one that had waited, 2 the newcomer), runs of both.
 */
public final class SlotForNewcomer {
    private SlotForNewcomer() {}

    /** The slot is taken for the one that waits before it leaves the line; a newcomer looks at the line first. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(id = "2, .*", expect = FORBIDDEN, desc = "Jumped the line.")
    public static class Model {
        private final AtomicInteger active = new AtomicInteger(1);
        private final AtomicInteger line = new AtomicInteger(1);
        private int granted;

        @Actor
        public void releaser() {
            active.getAndDecrement();
            if (line.get() == 1 && active.compareAndSet(0, 1)) {
                line.set(0);
                granted = 1;
            }
        }

        @Actor
        public void newcomer(II_Result r) {
            if (line.get() == 0 && active.compareAndSet(0, 1)) {
                r.r1 = 2;
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = granted;
        }
    }

    /** The newcomer looks for a free slot only. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(id = "2, .*", expect = ACCEPTABLE_INTERESTING, desc = "Jumped the line.")
    public static class Broken {
        private final AtomicInteger active = new AtomicInteger(1);
        private final AtomicInteger line = new AtomicInteger(1);
        private int granted;

        @Actor
        public void releaser() {
            active.getAndDecrement();
            if (line.get() == 1 && active.compareAndSet(0, 1)) {
                line.set(0);
                granted = 1;
            }
        }

        @Actor
        public void newcomer(II_Result r) {
            if (active.compareAndSet(0, 1)) {
                r.r1 = 2;
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = granted;
        }
    }

    /** {@link NodeLimit#release} against {@link NodeLimit#tryTake}, by shares in two pods of a node. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 11", "1, 11"}, expect = ACCEPTABLE, desc = "In order.")
    @Outcome(expect = FORBIDDEN, desc = "Jumped the line, or stranded.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.apart(1);
        private final int here = cpus.first.cpu.number;
        private final Item old = new Item();
        private final Item newcomer = new Item();
        private final Meeting meeting = new Meeting();

        public Actual() {
            queue.queueOn(here, new Item());
            cpus.first.start();
            queue.queueOn(here, old);
            cpus.startAll();
            queue.queueOn(cpus.second.cpu.number, newcomer);
        }

        @Actor
        public void releaser() {
            meeting.meetRoughly();
            cpus.first.end();
        }

        @Actor
        public void newcomer(II_Result r) {
            meeting.meetRoughly();
            if (cpus.second.start()) {
                r.r1 = cpus.second.started() == newcomer ? 2 : 1;
                cpus.second.run();
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpus.serve();
            r.r2 = 10 * old.runs + newcomer.runs;
        }
    }
}
