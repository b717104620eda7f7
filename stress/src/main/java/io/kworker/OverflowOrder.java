// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * What a producer puts into a queue whose ring runs full and empty comes out in that order, all of it and once (G20).
 *
 * <p>Results: what came out in all, what the consumer got of it while the producer was at it.
 */
public final class OverflowOrder {
    private OverflowOrder() {}

    private static final int POLLS = 5;

    private static void fill(DigitQueue queue) {
        queue.offer(1);
        queue.offer(2);
    }

    private static void produce(DigitQueue queue) {
        for (int digit = 3; digit <= 6; digit++) {
            queue.offer(digit);
        }
    }

    private static void report(DigitConsumer consumer, II_Result r) {
        r.r2 = consumer.number();
        consumer.pollAll();
        r.r1 = consumer.number();
    }

    /** To the overflow until all of it has been handed out. */
    @JCStressTest
    @State
    @Outcome(id = "123456, .*", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(expect = FORBIDDEN, desc = "Out of order, lost or doubled.")
    public static class Model {
        private final DigitQueue queue = new TwoQueues();
        private final DigitConsumer consumer = new DigitConsumer(queue);

        public Model() {
            fill(queue);
        }

        @Actor
        public void producer() {
            produce(queue);
        }

        @Actor
        public void consumer() {
            consumer.poll(POLLS);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            report(consumer, r);
        }
    }

    /** Back to the ring as soon as it has room. */
    @JCStressTest
    @State
    @Outcome(id = "123456, .*", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(id = "12[3-6]{4}, .*", expect = ACCEPTABLE_INTERESTING, desc = "Out of order.")
    public static class Broken {
        private final DigitQueue queue = new TwoQueues() {
            @Override
            boolean mustOverflow() {
                return false;
            }
        };
        private final DigitConsumer consumer = new DigitConsumer(queue);

        public Broken() {
            fill(queue);
        }

        @Actor
        public void producer() {
            produce(queue);
        }

        @Actor
        public void consumer() {
            consumer.poll(POLLS);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            report(consumer, r);
        }
    }

    /** {@link EntryQueue#offer} against {@link EntryQueue#poll}. */
    @JCStressTest
    @State
    @Outcome(id = "123456, .*", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(expect = FORBIDDEN, desc = "Out of order, lost or doubled.")
    public static class Actual {
        private final DigitQueue queue = new ShippedQueue();
        private final DigitConsumer consumer = new DigitConsumer(queue);

        public Actual() {
            fill(queue);
        }

        @Actor
        public void producer() {
            produce(queue);
        }

        @Actor
        public void consumer() {
            consumer.poll(POLLS);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            report(consumer, r);
        }
    }
}
