// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * An interrupt against the end of the task that it is meant for: when the worker has cleared its flag, none comes any
 * more, so that the next task has a clear one (J8).
 *
 * <p>Result: a stray interrupt.
 */
public final class InterruptAgainstEnd {
    private InterruptAgainstEnd() {}

    private static final int RUNNING = 0;
    private static final int INTERRUPTING = 1;
    private static final int INTERRUPTED = 2;
    private static final int OVER = 3;

    /** The worker waits for an interrupt that has begun. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "No stray interrupt.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "The next task is interrupted.")
    public static class Model {
        private final AtomicInteger runner = new AtomicInteger(RUNNING);
        private volatile boolean flag;

        @Actor
        public void worker() {
            if (!runner.compareAndSet(RUNNING, OVER)) {
                while (runner.get() == INTERRUPTING) {
                    Thread.yield();
                }
            }
            flag = false;
        }

        @Actor
        public void canceller() {
            if (runner.compareAndSet(RUNNING, INTERRUPTING)) {
                flag = true;
                runner.set(INTERRUPTED);
            }
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = flag;
        }
    }

    /** The canceller looks whether the task runs, then interrupts. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "No stray interrupt.")
    @Outcome(id = "true", expect = ACCEPTABLE_INTERESTING, desc = "The next task is interrupted.")
    public static class Broken {
        private final AtomicInteger runner = new AtomicInteger(RUNNING);
        private volatile boolean flag;

        @Actor
        public void worker() {
            runner.set(OVER);
            flag = false;
        }

        @Actor
        public void canceller() {
            if (runner.get() == RUNNING) {
                flag = true;
            }
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = flag;
        }
    }

    /** {@link Future#cancel} of what was submitted against {@link Run#perform}. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "No stray interrupt.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "The next task is interrupted.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Meeting meeting = new Meeting();
        private final Future<?> future = cpu.newView().submit(() -> {});
        private Thread worker;

        @Actor
        public void worker() {
            worker = Thread.currentThread();
            meeting.meetRoughly();
            cpu.turn();
        }

        @Actor
        public void canceller() {
            meeting.meetRoughly();
            future.cancel(true);
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            cpu.serve();
            r.r1 = worker.isInterrupted();
        }
    }

    /** {@link View#shutdownNow} against a task that was given to {@link View#execute}. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "No stray interrupt.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "The next task is interrupted.")
    public static class ActualShutdownNow {
        private final HandDriven cpu = new HandDriven();
        private final Meeting meeting = new Meeting();
        private final View view = cpu.newView();
        private Thread worker;

        public ActualShutdownNow() {
            view.execute(() -> {});
        }

        @Actor
        public void worker() {
            worker = Thread.currentThread();
            meeting.meetRoughly();
            cpu.turn();
        }

        @Actor
        public void canceller() {
            meeting.meetRoughly();
            view.shutdownNow();
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            cpu.serve();
            r.r1 = worker.isInterrupted();
        }
    }
}
