// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A task that is entered in a {@link Register}, against who looks through that, and against the sweep of the pages
 * before it.
 */
public final class SweepAgainstEnter {
    private static final View VIEW = new HandDriven().newView();

    private SweepAgainstEnter() {}

    private static int count(Register register) {
        int[] count = {0};
        register.forEach(task -> count[0]++);
        return count[0];
    }

    /**
     * The submitter's next locked operation, here a fence, comes between the slot and the look at the state. Results:
     * the submitter sees the shutdown; who shuts down sees the task.
     */
    @JCStressTest
    @State
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Neither of the two.")
    @Outcome(expect = ACCEPTABLE, desc = "One, or both.")
    public static class Model {
        private final Register register = new Register();
        private final AtomicInteger state = new AtomicInteger();
        private final Task task = new Task(VIEW, () -> {});

        @Actor
        public void submitter(ZZ_Result r) {
            register.enter(task);
            VarHandle.fullFence();
            r.r1 = state.get() != 0;
        }

        @Actor
        public void closer(ZZ_Result r) {
            state.set(1);
            r.r2 = count(register) != 0;
        }
    }

    /** Without the fence: the addition comes before the slot, so it is none. */
    @JCStressTest
    @State
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "Neither of the two.")
    @Outcome(expect = ACCEPTABLE, desc = "One, or both.")
    public static class Broken {
        private final Register register = new Register();
        private final AtomicInteger state = new AtomicInteger();
        private final Task task = new Task(VIEW, () -> {});

        @Actor
        public void submitter(ZZ_Result r) {
            register.enter(task);
            r.r1 = state.get() != 0;
        }

        @Actor
        public void closer(ZZ_Result r) {
            state.set(1);
            r.r2 = count(register) != 0;
        }
    }

    /**
     * The last end in two full pages, at which they are swept out, against who makes the page behind them. Results:
     * tasks entered, tasks found.
     */
    @JCStressTest
    @State
    @Outcome(id = "130, 2", expect = ACCEPTABLE, desc = "All that are not over.")
    @Outcome(expect = FORBIDDEN, desc = "One is lost, or there twice.")
    public static class Actual {
        private final Register register = new Register();
        private final Task last;

        public Actual() {
            enterAndEnd(Register.Page.SIZE - 1);
            last = enter();
            enterAndEnd(Register.Page.SIZE);
        }

        private void enterAndEnd(int count) {
            for (int i = 0; i < count; i++) {
                end(enter());
            }
        }

        private static void end(Task task) {
            task.endIdle();
            task.end();
        }

        private Task enter() {
            Task task = new Task(VIEW, () -> {});
            register.enter(task);
            return task;
        }

        @Actor
        public void submitter() {
            enter();
            enter();
        }

        @Actor
        public void ender() {
            end(last);
        }

        @Arbiter
        public void arbiter(JI_Result r) {
            r.r1 = register.entered();
            r.r2 = count(register);
        }
    }
}
