// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The claim of a {@link Command} against its start, which has no locked operation: it runs or is claimed.
 *
 * <p>Results: claimed, runs.
 */
public final class ClaimAgainstStart {
    private ClaimAgainstStart() {}

    /** The slot of a ring, the control word of a view, the fate of a command. */
    private abstract static class Words {
        private static final VarHandle SLOT = ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), "slot", VarHandle.class, Words.class, int.class);

        int slot = 1;
        final AtomicInteger control = new AtomicInteger();
        final AtomicInteger fate = new AtomicInteger();

        final boolean start() {
            SLOT.setRelease(this, 0);
            VarHandle.releaseFence();
            return (control.get() == 0 || fate.compareAndSet(0, 1)) && fate.get() != 2;
        }

        final boolean claim(Runnable barrier) {
            control.getAndIncrement();
            barrier.run();
            boolean claimed = (int) SLOT.getVolatile(this) != 0 && fate.compareAndSet(0, 2);
            control.getAndDecrement();
            return claimed;
        }
    }

    /** Runner: out of the slot, then control. Claimer: control, the barrier, then the slot. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Claimed.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither.")
    public static class Model extends Words {
        @Actor
        public void runner(II_Result r) {
            r.r2 = start() ? 1 : 0;
        }

        @Actor
        public void claimer(II_Result r) {
            r.r1 = claim(Os::membarrier) ? 1 : 0;
        }
    }

    /** Without the barrier. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Claimed.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE_INTERESTING, desc = "Run, and claimed.")
    @Outcome(expect = FORBIDDEN, desc = "Neither.")
    public static class Broken extends Words {
        @Actor
        public void runner(II_Result r) {
            r.r2 = start() ? 1 : 0;
        }

        @Actor
        public void claimer(II_Result r) {
            r.r1 = claim(() -> {}) ? 1 : 0;
        }
    }

    /** {@link View#withdraw} against {@link Pool#fetch} and {@link Run#perform}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Claimed.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Meeting meeting = new Meeting();
        private final View view = cpu.newView();
        private final Command command;
        private int runs;

        public Actual() {
            view.execute(() -> runs++);
            command = (Command) cpu.cpu.queue.peek();
        }

        @Actor
        public void worker() {
            meeting.meetRoughly();
            cpu.turn();
        }

        @Actor
        public void claimer(II_Result r) {
            meeting.meetRoughly();
            r.r1 = view.withdraw(command) ? 1 : 0;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpu.serve();
            r.r2 = runs;
        }
    }
}
