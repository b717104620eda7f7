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
 * An operation for the timers of a CPU whose owner falls asleep until its next deadline (R9): the owner sees it, or is
 * woken, where it would be too late otherwise.
 *
 * <p>Results: seen by the owner, owner woken.
 */
public final class WakeBySubmit {
    private WakeBySubmit() {}

    private static final int SOON = 5;
    private static final int LATER = 10;
    private static final int NEVER = Integer.MAX_VALUE;

    /** The time, then the word, then a look; operation, then the time and the word. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner oversleeps.")
    public static class Model {
        private final AtomicInteger operation = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();
        private volatile int until = SOON;

        @Actor
        public void submitter(ZZ_Result r) {
            operation.set(1);
            r.r2 = LATER < until && asleep.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            until = NEVER;
            asleep.set(1);
            r.r1 = operation.get() == 1;
        }
    }

    /** The owner says only after its look until when it sleeps. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "The owner oversleeps.")
    public static class Broken {
        private final AtomicInteger operation = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();
        private volatile int until = SOON;

        @Actor
        public void submitter(ZZ_Result r) {
            operation.set(1);
            r.r2 = LATER < until && asleep.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            asleep.set(1);
            r.r1 = operation.get() == 1;
            until = NEVER;
        }
    }

    /** {@link Timers#submit} against {@link Timers#publishSleep}, {@link Doorbell#announce}, {@link Timers#settle}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner oversleeps.")
    public static class Actual {
        private final Cpu cpu = new HandDriven().cpu;
        private boolean isApplied;
        private final Timers.Operation operation = timers -> isApplied = true;

        @Actor
        public void submitter() {
            cpu.timers.submit(operation, TimedItem.FAR + LATER);
        }

        @Actor
        public void owner(ZZ_Result r) {
            cpu.timers.publishSleep();
            cpu.doorbell.announce();
            r.r1 = !cpu.timers.settle() || isApplied;
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpu.doorbell.isAsleep();
        }
    }

    /** The same where it slept for less time the time before: the alarm that it was to wake for has been taken back. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner oversleeps.")
    public static class ActualLonger {
        private final Cpu cpu = new HandDriven().cpu;
        private boolean isApplied;
        private final Timers.Operation operation = timers -> isApplied = true;

        public ActualLonger() {
            TimedItem item = new TimedItem();
            cpu.timers.set(item.countdown, TimedItem.FAR + SOON, false);
            cpu.timers.publishSleep();
            cpu.timers.wheel(false).remove(item.countdown);
        }

        @Actor
        public void submitter() {
            cpu.timers.submit(operation, TimedItem.FAR + LATER);
        }

        @Actor
        public void owner(ZZ_Result r) {
            cpu.timers.publishSleep();
            cpu.doorbell.announce();
            r.r1 = !cpu.timers.settle() || isApplied;
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpu.doorbell.isAsleep();
        }
    }
}
