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
 * A share of an unbound workqueue finds its node full while the slot is returned: it gets the slot, at once or by the
 * line, and there is never more than one item active (R44, G35).
 *
 * <p>Results: the share's attempt (0 it waits, 1 started after the other item, 2 started beside it), runs of its item,
 * slots in use at the end.
 */
public final class SlotAgainstRelease {
    private SlotAgainstRelease() {}

    /** Into the line, then the word; the word, then the line. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Granted by either of the two.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Found free.")
    @Outcome(expect = FORBIDDEN, desc = "Stranded beside a free slot, or one too many.")
    public static class Model {
        private final AtomicInteger active = new AtomicInteger(1);
        private final AtomicInteger line = new AtomicInteger();
        private final AtomicInteger granted = new AtomicInteger();

        private void grant() {
            while (line.get() == 1 && active.compareAndSet(0, 1)) {
                if (line.compareAndSet(1, 0)) {
                    granted.getAndIncrement();
                } else {
                    active.getAndDecrement();
                }
            }
        }

        @Actor
        public void releaser() {
            active.getAndDecrement();
            grant();
        }

        @Actor
        public void taker(III_Result r) {
            if (active.compareAndSet(0, 1)) {
                r.r1 = 1;
            } else {
                line.set(1);
                grant();
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = r.r1 + granted.get();
            r.r3 = active.get() - r.r2;
        }
    }

    /** Who goes into the line does not look at the word again. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Granted.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Found free.")
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE_INTERESTING, desc = "Stranded beside a free slot.")
    public static class Broken {
        private final AtomicInteger active = new AtomicInteger(1);
        private final AtomicInteger line = new AtomicInteger();
        private final AtomicInteger granted = new AtomicInteger();

        private void grant() {
            if (line.get() == 1 && active.compareAndSet(0, 1)) {
                granted.getAndIncrement();
            }
        }

        @Actor
        public void releaser() {
            active.getAndDecrement();
            grant();
        }

        @Actor
        public void taker(III_Result r) {
            if (active.compareAndSet(0, 1)) {
                r.r1 = 1;
            } else {
                line.set(1);
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = r.r1 + granted.get();
            r.r3 = active.get() - r.r2;
        }
    }

    /** {@link PodShare#finished} on one CPU against {@link Cpu#fetch} on the other. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Granted by either of the two.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Found free.")
    @Outcome(expect = FORBIDDEN, desc = "Stranded beside a free slot, or one too many.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item item = new Item();
        private int over;
        private final Meeting meeting = new Meeting();

        public Actual() {
            queue.queue(new Item());
            cpus.first.start();
            queue.queue(item);
        }

        @Actor
        public void releaser() {
            meeting.meetRoughly();
            over = 1;
            cpus.first.end();
        }

        @Actor
        public void taker(III_Result r) {
            meeting.meetRoughly();
            if (cpus.second.start()) {
                r.r1 = 2 - over;
                cpus.second.run();
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.serve();
            r.r2 = item.runs;
            r.r3 = TwoCpus.limit(queue).active();
        }
    }
}
