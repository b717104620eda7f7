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
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * A drain begins while another one ends: the workqueue refuses items from outside until the last one is over (R58).
 *
 * <p>Results: accepted while the second drain goes on.
 */
public final class DrainAgainstDrain {
    private DrainAgainstDrain() {}

    /** Drains are counted. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "The first drain has opened it.")
    public static class Model {
        private final AtomicInteger drains = new AtomicInteger();

        @Actor
        public void first() {
            drains.getAndIncrement();
            drains.getAndDecrement();
        }

        @Actor
        public void second(Z_Result r) {
            drains.getAndIncrement();
            r.r1 = drains.get() == 0;
        }
    }

    /** There is a flag. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "true", expect = ACCEPTABLE_INTERESTING, desc = "The first drain has opened it.")
    public static class Broken {
        private final AtomicInteger isDraining = new AtomicInteger();

        @Actor
        public void first() {
            isDraining.set(1);
            isDraining.set(0);
        }

        @Actor
        public void second(Z_Result r) {
            isDraining.set(1);
            r.r1 = isDraining.get() == 0;
        }
    }

    /** {@link Workqueue#drain} against {@link Workqueue#startDraining} and {@link Workqueue#queue}. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "The first drain has opened it.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        @Actor
        public void first() {
            cpu.queue.drain();
        }

        @Actor
        public void second() {
            cpu.queue.startDraining();
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = DrainAgainstQueue.isAccepted(cpu.queue, item);
        }
    }
}
