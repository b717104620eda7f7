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
 * An entry put into the overflow list, because the ring is full, is seen by the owner's look before it sleeps, or its
 * producer wakes the owner (R9).
 *
 * <p>Results: seen by the owner, owner woken.
 */
public final class WakeByOverflow {
    private WakeByOverflow() {}

    /** Count, list, then word; word, then count. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner sleeps beside an entry.")
    public static class Model {
        private final AtomicInteger count = new AtomicInteger();
        private final AtomicInteger list = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();

        @Actor
        public void producer(ZZ_Result r) {
            count.getAndIncrement();
            list.getAndSet(1);
            r.r2 = asleep.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            asleep.set(1);
            r.r1 = count.get() != 0;
        }
    }

    /** The count follows the last locked operation, by a plain store. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "The owner sleeps beside an entry.")
    public static class Broken {
        private final AtomicInteger count = new AtomicInteger();
        private final AtomicInteger list = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();

        @Actor
        public void producer(ZZ_Result r) {
            list.getAndSet(1);
            count.setRelease(1);
            r.r2 = asleep.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            asleep.set(1);
            r.r1 = count.get() != 0;
        }
    }

    /** {@link Lane#submit} to a full ring, against an owner that empties it and goes to sleep. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner sleeps beside an entry.")
    public static class Actual {
        private static final Item FILLER = new Item();

        private final Cpu cpu = new HandDriven().cpu;
        private final Item item = new Item();

        public Actual() {
            cpu.queue.offer(FILLER);
            cpu.queue.offer(FILLER);
        }

        @Actor
        public void producer() {
            cpu.normal.submit(item);
        }

        @Actor
        public void owner(ZZ_Result r) {
            for (int i = 0; i < 2; i++) {
                cpu.queue.take();
                cpu.queue.taken();
            }
            cpu.doorbell.announce();
            r.r1 = cpu.hasWork();
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpu.doorbell.isAsleep();
        }
    }
}
