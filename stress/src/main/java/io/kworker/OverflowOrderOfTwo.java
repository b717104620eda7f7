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
 * A producer puts one entry into the ring and the next one into the overflow, as another producer has announced one
 * there meanwhile and does not come on: the entry of the ring goes first (G20). The other producer's part is played by
 * the consumer.
 *
 * <p>Results: what came out in all, what the consumer got of it while the producer was at it.
 */
public final class OverflowOrderOfTwo {
    private OverflowOrderOfTwo() {}

    private static final int POLLS = 3;
    private static final int SPINS = 10;

    private static void produce(DigitQueue queue) {
        queue.offer(1);
        queue.offer(2);
    }

    private static void consume(DigitQueue queue, DigitConsumer consumer) {
        queue.announce();
        consumer.poll(POLLS);
    }

    /** The time that the consumer needs is what the producer has for two entries. */
    private static class SlowQueues extends TwoQueues {
        @Override
        void holdUp() {
            for (int i = 0; i < SPINS; i++) {
                Thread.onSpinWait();
            }
        }
    }

    private static void report(DigitQueue queue, DigitConsumer consumer, II_Result r) {
        r.r2 = consumer.number();
        queue.withdraw();
        consumer.pollAll();
        r.r1 = consumer.number();
    }

    /** After it has taken an entry from the overflow, the consumer looks at the ring once more. */
    @JCStressTest
    @State
    @Outcome(id = "12, .*", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(expect = FORBIDDEN, desc = "Out of order, lost or doubled.")
    public static class Model {
        private final DigitQueue queue = new SlowQueues();
        private final DigitConsumer consumer = new DigitConsumer(queue);

        @Actor
        public void producer() {
            produce(queue);
        }

        @Actor
        public void consumer() {
            consume(queue, consumer);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            report(queue, consumer, r);
        }
    }

    /** It hands the entry out at once. */
    @JCStressTest
    @State
    @Outcome(id = "12, .*", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(id = "21, .*", expect = ACCEPTABLE_INTERESTING, desc = "Out of order.")
    public static class Broken {
        private final DigitQueue queue = new SlowQueues() {
            @Override
            boolean ringGoesFirst() {
                return false;
            }
        };
        private final DigitConsumer consumer = new DigitConsumer(queue);

        @Actor
        public void producer() {
            produce(queue);
        }

        @Actor
        public void consumer() {
            consume(queue, consumer);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            report(queue, consumer, r);
        }
    }

    /** {@link EntryQueue#offer} against {@link EntryQueue#poll}. */
    @JCStressTest
    @State
    @Outcome(id = "12, .*", expect = ACCEPTABLE, desc = "In order.")
    @Outcome(expect = FORBIDDEN, desc = "Out of order, lost or doubled.")
    public static class Actual {
        private final DigitQueue queue = new ShippedQueue();
        private final DigitConsumer consumer = new DigitConsumer(queue);

        @Actor
        public void producer() {
            produce(queue);
        }

        @Actor
        public void consumer() {
            consume(queue, consumer);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            report(queue, consumer, r);
        }
    }
}
