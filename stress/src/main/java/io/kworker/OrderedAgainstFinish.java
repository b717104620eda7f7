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
 * The next item of an ordered workqueue is queued and looked at while the one before it ends, on another CPU: they
 * run one at a time, and the next one is not left behind (G39).
 *
 * <p>Results: the attempt to start it (0 nothing could start, 1 started after the other one, 2 started beside it),
 * runs.
 */
public final class OrderedAgainstFinish {
    private OrderedAgainstFinish() {}

    /** Who ends an item says so, and has the share looked at. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Two at a time, or left behind.")
    public static class Model {
        private final AtomicInteger isOver = new AtomicInteger();
        private final AtomicInteger stirred = new AtomicInteger();
        private int over;

        @Actor
        public void ender() {
            over = 1;
            isOver.set(1);
            stirred.set(1);
        }

        @Actor
        public void holder(II_Result r) {
            if (isOver.get() == 1) {
                r.r1 = 2 - over;
                stirred.set(1);
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = stirred.get();
        }
    }

    /** Who ends an item says so before it has ended. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE_INTERESTING, desc = "Two at a time.")
    public static class Broken {
        private final AtomicInteger isOver = new AtomicInteger();
        private final AtomicInteger stirred = new AtomicInteger();
        private volatile int over;

        @Actor
        public void ender() {
            isOver.set(1);
            over = 1;
            stirred.set(1);
        }

        @Actor
        public void holder(II_Result r) {
            if (isOver.get() == 1) {
                r.r1 = 2 - over;
                stirred.set(1);
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = stirred.get();
        }
    }

    /** {@link OrderedShare#finished} against {@link OrderedShare#submit} and {@link Cpu#fetch}. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Two at a time, or left behind.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.ordered();
        private final Item item = new Item();
        private int over;
        private final Meeting meeting = new Meeting();

        public Actual() {
            queue.queue(new Item());
            cpus.first.start();
        }

        @Actor
        public void ender() {
            meeting.meetRoughly();
            over = 1;
            cpus.first.end();
        }

        @Actor
        public void holder(II_Result r) {
            meeting.meetRoughly();
            queue.queue(item);
            queue.limiters().forEach(Limiter::limitChanged); // has it looked at
            if (cpus.second.start()) {
                r.r1 = 2 - over;
                cpus.second.run();
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpus.serve();
            r.r2 = item.runs;
        }
    }
}
