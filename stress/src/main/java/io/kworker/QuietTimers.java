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
 * An operation for the timers of a busy CPU whose last alarm is gone, so that it is about to look at the clock seldom
 * (R9): the owner sees it, or is told by the flag.
 *
 * <p>Results: seen by the owner, owner told.
 */
public final class QuietTimers {
    private QuietTimers() {}

    /** Quiet, then a look; operation, then the question whether it is quiet. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "It waits for the next look at the clock.")
    public static class Model {
        private final AtomicInteger operation = new AtomicInteger();
        private final AtomicInteger quiet = new AtomicInteger();

        @Actor
        public void submitter(ZZ_Result r) {
            operation.set(1);
            r.r2 = quiet.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            quiet.set(1);
            r.r1 = operation.get() == 1;
        }
    }

    /** The owner looks first. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "It waits for the next look at the clock.")
    public static class Broken {
        private final AtomicInteger operation = new AtomicInteger();
        private final AtomicInteger quiet = new AtomicInteger();

        @Actor
        public void submitter(ZZ_Result r) {
            operation.set(1);
            r.r2 = quiet.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            r.r1 = operation.get() == 1;
            quiet.set(1);
        }
    }

    /** {@link Timers#submit} against {@link Timers#lookBetweenItems}. */
    @JCStressTest
    @State
    @Outcome(id = "true, .*", expect = ACCEPTABLE, desc = "Seen.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "Told.")
    @Outcome(expect = FORBIDDEN, desc = "It waits for the next look at the clock.")
    public static class Actual {
        private final Cpu cpu = new HandDriven().cpu;
        private boolean isApplied;
        private final Timers.Operation operation = timers -> isApplied = true;

        public Actual() {
            TimedItem item = new TimedItem();
            cpu.timers.set(item.countdown, TimedItem.FAR, false);
            cpu.timers.lookBetweenItems();
            cpu.timers.wheel(false).remove(item.countdown);
        }

        @Actor
        public void submitter() {
            cpu.timers.submit(operation, TimedItem.FAR);
        }

        @Actor
        public void owner() {
            cpu.timers.lookBetweenItems();
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r1 = isApplied;
            cpu.hasEntry();
            r.r2 = isApplied;
        }
    }
}
