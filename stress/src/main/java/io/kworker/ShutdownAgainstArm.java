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
 * A timer is shut down while somebody arms it, or shuts it down too (R75, M9): after the return of whichever call
 * nobody arms it, and it never expires.
 *
 * <p>Results: armed after a shutdown has returned; pending in the end.
 */
public final class ShutdownAgainstArm {
    private ShutdownAgainstArm() {}

    /** Each call disables it, and who was not the first takes back its own. */
    @JCStressTest
    @State
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "Shut down.")
    @Outcome(expect = FORBIDDEN, desc = "Armed after all.")
    public static class Model {
        private final AtomicInteger depth = new AtomicInteger();
        private final AtomicInteger isShutDown = new AtomicInteger();

        private void shutdown() {
            depth.incrementAndGet();
            if (!isShutDown.compareAndSet(0, 1)) {
                depth.decrementAndGet();
            }
        }

        @Actor
        public void first() {
            shutdown();
        }

        @Actor
        public void second(ZZ_Result r) {
            shutdown();
            r.r1 = depth.get() == 0;
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = depth.get() != 1;
        }
    }

    /** Who is not the first relies on the first, who may not have disabled it yet. */
    @JCStressTest
    @State
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "Shut down.")
    @Outcome(id = "true, false", expect = ACCEPTABLE_INTERESTING, desc = "Armed after the second one has returned.")
    public static class Broken {
        private final AtomicInteger depth = new AtomicInteger();
        private final AtomicInteger isShutDown = new AtomicInteger();

        private void shutdown() {
            if (isShutDown.compareAndSet(0, 1)) {
                depth.incrementAndGet();
            }
        }

        @Actor
        public void first() {
            shutdown();
        }

        @Actor
        public void second(ZZ_Result r) {
            shutdown();
            r.r1 = depth.get() == 0;
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = depth.get() != 1;
        }
    }

    /** {@link SoftTimer#shutdown} twice. */
    @JCStressTest
    @State
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "Shut down.")
    @Outcome(expect = FORBIDDEN, desc = "Armed after all.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final SoftTimer timer = SoftTimer.of(cpus.runtime, t -> {});

        @Actor
        public void first() {
            timer.shutdown();
        }

        @Actor
        public void second(ZZ_Result r) {
            timer.shutdown();
            timer.modOn(0, System.nanoTime());
            r.r1 = timer.isPending();
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            timer.modOn(0, System.nanoTime());
            r.r2 = timer.isPending();
        }
    }

    /** {@link SoftTimer#shutdown} against {@link SoftTimer#modOn}. */
    @JCStressTest
    @State
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "Shut down.")
    @Outcome(expect = FORBIDDEN, desc = "Armed after all, or an alarm is left.")
    public static class ActualMod {
        private final TwoCpus cpus = new TwoCpus();
        private final SoftTimer timer = SoftTimer.of(cpus.runtime, t -> {});

        @Actor
        public void first(ZZ_Result r) {
            timer.shutdown();
            r.r1 = timer.isPending();
        }

        @Actor
        public void second() {
            timer.modOn(0, System.nanoTime() + 1_000_000_000_000L);
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = timer.isPending() || TimedItem.left(cpus.first.cpu) > 0;
        }
    }
}
