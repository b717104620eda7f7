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
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * An entry put into the ring is seen by the owner's look before it sleeps, or its producer wakes the owner (R9).
 *
 * <p>Results: seen by the owner, owner woken.
 */
public final class WakeByRing {
    private WakeByRing() {}

    /** Index, then word; word, then index. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner sleeps beside an entry.")
    public static class Model {
        private final AtomicInteger index = new AtomicInteger();
        private final AtomicInteger slot = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();

        @Actor
        public void producer(ZZ_Result r) {
            index.compareAndSet(0, 1);
            slot.setRelease(1);
            r.r2 = asleep.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            asleep.set(1);
            r.r1 = index.get() == 1;
        }
    }

    /** The owner looks at the slot, which the producer stores behind its locked operation. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "The owner sleeps beside an entry.")
    public static class Broken {
        private final AtomicInteger index = new AtomicInteger();
        private final AtomicInteger slot = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();

        @Actor
        public void producer(ZZ_Result r) {
            index.compareAndSet(0, 1);
            slot.setRelease(1);
            r.r2 = asleep.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            asleep.set(1);
            r.r1 = slot.getAcquire() == 1;
        }
    }

    /** {@link Lane#submit} against {@link Doorbell#announce} and {@link Cpu#hasWork}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner sleeps beside an entry.")
    public static class Actual {
        private final Cpu cpu = new HandDriven().cpu;
        private final Item item = new Item();

        @Actor
        public void producer() {
            cpu.normal.submit(item);
        }

        @Actor
        public void owner(ZZ_Result r) {
            cpu.doorbell.announce();
            r.r1 = cpu.hasWork();
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpu.doorbell.isAsleep();
        }
    }
}
