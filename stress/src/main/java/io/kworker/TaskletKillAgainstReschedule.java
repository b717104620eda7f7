// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * A tasklet that always schedules itself again is killed: the kill returns, and then it is neither scheduled nor
 * running (R71, T16).
 *
 * <p>Result: busy on return.
 */
public final class TaskletKillAgainstReschedule {
    private TaskletKillAgainstReschedule() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;
    private static final int DISABLED = 4;

    /** Waits for the run, then takes what is pending and refuses the rest. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Idle.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "Busy on return.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(PENDING);
        private volatile boolean isKilled;

        @Actor
        public void owner() {
            while (!isKilled) {
                if (state.compareAndSet(PENDING, RUNNING)) {
                    state.getAndUpdate(s -> (s & DISABLED) == 0 ? s | PENDING : s);
                    state.addAndGet(-RUNNING);
                }
                Thread.yield();
            }
        }

        @Actor
        public void killer(Z_Result r) {
            state.getAndUpdate(s -> s & ~PENDING | DISABLED);
            while ((state.get() & RUNNING) != 0) {
                Thread.onSpinWait();
            }
            state.addAndGet(-DISABLED);
            r.r1 = state.get() != 0;
            isKilled = true;
        }
    }

    /** Waits until it is not running, and does not take what is pending. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Idle.")
    @Outcome(id = "true", expect = ACCEPTABLE_INTERESTING, desc = "Busy on return.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(PENDING);
        private volatile boolean isKilled;

        @Actor
        public void owner() {
            while (!isKilled) {
                if (state.compareAndSet(PENDING, RUNNING)) {
                    state.getAndUpdate(s -> s | PENDING);
                    state.addAndGet(-RUNNING);
                }
                Thread.yield();
            }
        }

        @Actor
        public void killer(Z_Result r) {
            while ((state.get() & RUNNING) != 0) {
                Thread.onSpinWait();
            }
            r.r1 = state.get() != 0;
            isKilled = true;
        }
    }

    /** {@link Tasklet#kill} against an owner that goes on. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Idle.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "Busy on return.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Meeting meeting = new Meeting();
        private volatile boolean isKilled;

        private final CountedTasklet tasklet = new CountedTasklet(cpus.runtime) {
            @Override
            protected void run() {
                super.run();
                scheduleOn(runs() & 1);
            }
        };

        public Actual() {
            tasklet.scheduleOn(0);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            while (!isKilled) {
                if (!(cpus.first.serveOnce() | cpus.second.serveOnce())) {
                    Thread.yield();
                }
            }
        }

        @Actor
        public void killer(Z_Result r) {
            meeting.meetRoughly();
            tasklet.kill();
            r.r1 = !tasklet.isIdle();
            isKilled = true;
        }
    }
}
