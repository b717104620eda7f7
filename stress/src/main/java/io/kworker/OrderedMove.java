// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * An ordered workqueue goes to another pod while somebody has something for it to be looked at for: the signal goes
 * after it (R56, G39, G41).
 *
 * <p>Results: the signal was seen, runs of the item that waited.
 */
public final class OrderedMove {
    private OrderedMove() {}

    /** What was stirred in a pod that the share has left is stirred in the one where it is. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Seen.")
    @Outcome(expect = FORBIDDEN, desc = "The signal is lost.")
    public static class Model {
        private final AtomicInteger signal = new AtomicInteger();
        private final AtomicInteger pod = new AtomicInteger();
        private final AtomicIntegerArray stirred = new AtomicIntegerArray(2);

        @Actor
        public void signaller() {
            signal.set(1);
            stirred.set(pod.get(), 1);
        }

        @Actor
        public void holder(II_Result r) {
            pod.set(1);
            r.r1 = signal.get();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            if (stirred.get(0) == 1) {
                stirred.set(pod.get(), 1);
            }
            r.r1 |= stirred.get(1);
            r.r2 = pod.get();
        }
    }

    /** It is looked at in the pod that it was stirred in. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Seen.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE_INTERESTING, desc = "The signal is lost.")
    public static class Broken {
        private final AtomicInteger signal = new AtomicInteger();
        private final AtomicInteger pod = new AtomicInteger();
        private final AtomicIntegerArray stirred = new AtomicIntegerArray(2);

        @Actor
        public void signaller() {
            int seen = pod.get();
            signal.set(1);
            stirred.set(seen, 1);
        }

        @Actor
        public void holder(II_Result r) {
            pod.set(1);
            r.r1 = signal.get();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 |= stirred.get(1);
            r.r2 = pod.get();
        }
    }

    /** {@link OrderedShare#hold} against {@link OrderedShare#rest} after {@link Workqueue#apply}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Seen.")
    @Outcome(expect = FORBIDDEN, desc = "The signal is lost, or the item.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.ordered();
        private final OrderedShare share = (OrderedShare) TwoCpus.share(queue);
        private final Item item = new Item();
        private final CountDownLatch held = new CountDownLatch(1);
        private final Meeting meeting = new Meeting();

        public Actual() {
            queue.queue(item);
            queue.apply(Attributes.of(Affinity.CPU));
        }

        @Actor
        public void signaller() {
            meeting.meetRoughly();
            share.hold(held);
        }

        @Actor
        public void holder() {
            meeting.meetRoughly();
            cpus.first.turn();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpus.serve();
            r.r1 = 1 - (int) held.getCount();
            share.limitChanged();
            cpus.serve();
            r.r2 = item.runs;
        }
    }

    /** {@link Workqueue#apply} against {@link OrderedShare#submit} and {@link Cpu#fetch}: the order is kept. */
    @JCStressTest
    @State
    @Outcome(id = "12, 0", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(expect = FORBIDDEN, desc = "Out of order, or lost.")
    public static class ActualOrder {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.ordered();
        private final int[] order = new int[1];
        private final Meeting meeting = new Meeting();

        public ActualOrder() {
            queue.queue(number(1));
        }

        private Work number(int digit) {
            return Work.of(work -> order[0] = 10 * order[0] + digit);
        }

        @Actor
        public void mover() {
            meeting.meetRoughly();
            queue.apply(Attributes.of(Affinity.CPU));
            cpus.second.start();
        }

        @Actor
        public void holder() {
            meeting.meetRoughly();
            queue.queue(number(2));
            cpus.first.turn();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            if (cpus.second.started() != null) {
                cpus.second.run();
            }
            cpus.serve();
            r.r1 = order[0];
        }
    }
}
