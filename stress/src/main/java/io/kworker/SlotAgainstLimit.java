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
 * The limit is raised while an item ends: what waits is started up to the new limit, and no return is lost (R48, G36).
 *
 * <p>Results: items that could start, slots in use then.
 */
public final class SlotAgainstLimit {
    private SlotAgainstLimit() {}

    private static final int LIMIT_ONE = 16;

    private static int free(int word) {
        return word / LIMIT_ONE - word % LIMIT_ONE;
    }

    /** Limit and active items in one word, changed by read-modify-writes. */
    @JCStressTest
    @State
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "Filled up.")
    @Outcome(expect = FORBIDDEN, desc = "A slot was lost or doubled.")
    public static class Model {
        private final AtomicInteger word = new AtomicInteger(LIMIT_ONE + 1);

        @Actor
        public void releaser() {
            word.getAndDecrement();
        }

        @Actor
        public void raiser() {
            for (;;) {
                int w = word.get();
                if (word.compareAndSet(w, w + LIMIT_ONE)) {
                    return;
                }
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = free(word.get());
            r.r2 = word.get() % LIMIT_ONE;
        }
    }

    /** The new limit is stored. */
    @JCStressTest
    @State
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "Filled up.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE_INTERESTING, desc = "A return was lost.")
    public static class Broken {
        private final AtomicInteger word = new AtomicInteger(LIMIT_ONE + 1);

        @Actor
        public void releaser() {
            word.getAndDecrement();
        }

        @Actor
        public void raiser() {
            word.set(word.get() + LIMIT_ONE);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = free(word.get());
            r.r2 = word.get() % LIMIT_ONE;
        }
    }

    /** {@link Workqueue#setMaxActive} against {@link PodShare#finished}. */
    @JCStressTest
    @State
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "Filled up.")
    @Outcome(expect = FORBIDDEN, desc = "A slot was lost or doubled.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Meeting meeting = new Meeting();

        public Actual() {
            queue.queue(new Item());
            cpus.first.start();
            queue.queue(new Item());
            queue.queue(new Item());
            cpus.startAll();
        }

        @Actor
        public void releaser() {
            meeting.meetRoughly();
            cpus.first.end();
        }

        @Actor
        public void raiser() {
            meeting.meetRoughly();
            queue.setMaxActive(2);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = cpus.startAll();
            r.r2 = TwoCpus.limit(queue).active();
        }
    }

    /** {@link NodeLimit#limitChanged} against {@link NodeLimit#release}, with nobody in the line. */
    @JCStressTest
    @State
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "Filled up.")
    @Outcome(expect = FORBIDDEN, desc = "A slot was lost or doubled.")
    public static class ActualWord {
        private int wanted = 1;
        private final NodeLimit limit = new NodeLimit(() -> wanted, 2);

        public ActualWord() {
            limit.tryTake();
            wanted = 2;
        }

        @Actor
        public void releaser() {
            limit.release();
        }

        @Actor
        public void raiser() {
            limit.limitChanged();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = limit.limit();
            r.r2 = limit.active();
        }
    }
}
