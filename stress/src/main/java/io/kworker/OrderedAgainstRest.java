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
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * An item is queued to an ordered workqueue that has nothing to do and leaves its pod: it is not left behind (R9, G39).
 *
 * <p>Result: runs of the item.
 */
public final class OrderedAgainstRest {
    private OrderedAgainstRest() {}

    /** Entry, then pod; pod, then entry. Who sees it in no pod puts it into one. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "Left behind.")
    public static class Model {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger pod = new AtomicInteger(1);
        private final AtomicInteger stirred = new AtomicInteger();

        private void wake() {
            if (pod.compareAndSet(0, 1)) {
                stirred.set(1);
            }
        }

        @Actor
        public void queuer() {
            entry.getAndSet(1);
            if (pod.get() == 0) {
                wake();
            }
        }

        @Actor
        public void holder() {
            pod.set(0);
            if (entry.get() == 1) {
                wake();
            }
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = stirred.get();
        }
    }

    /** The holder looks beforehand only. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "0", expect = ACCEPTABLE_INTERESTING, desc = "Left behind.")
    public static class Broken {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger pod = new AtomicInteger(1);
        private final AtomicInteger stirred = new AtomicInteger();

        @Actor
        public void queuer() {
            entry.getAndSet(1);
            if (pod.get() == 0 && pod.compareAndSet(0, 1)) {
                stirred.set(1);
            }
        }

        @Actor
        public void holder() {
            if (entry.get() == 0) {
                pod.set(0);
            } else {
                stirred.set(1);
            }
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = stirred.get();
        }
    }

    /** {@link OrderedShare#submit} against {@link OrderedShare#rest}. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "Left behind.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.ordered();
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();

        public Actual() {
            queue.queue(new Item());
            cpus.first.turn();
        }

        @Actor
        public void queuer() {
            meeting.meetRoughly();
            queue.queue(item);
        }

        @Actor
        public void holder() {
            meeting.meetRoughly();
            cpus.first.turn();
        }

        @Arbiter
        public void arbiter(I_Result r) {
            cpus.serve();
            r.r1 = item.runs;
        }
    }
}
