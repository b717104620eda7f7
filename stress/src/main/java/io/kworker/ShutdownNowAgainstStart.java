// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIZ_Result;
import org.openjdk.jcstress.infra.results.ZII_Result;

/**
 * {@code shutdownNow} against the start of a task: it is returned and does not run, or it runs and is interrupted.
 *
 * <p>Results: returned, runs, interrupted.
 */
public final class ShutdownNowAgainstStart {
    private ShutdownNowAgainstStart() {}

    private static final int PENDING = 1;
    private static final int STARTED = 2;

    /** Worker: it runs here, then the state. Stopper: the state, then the task, then who runs it. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, false", expect = ACCEPTABLE, desc = "Returned.")
    @Outcome(id = "0, 1, true", expect = ACCEPTABLE, desc = "Run, and interrupted.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, run and returned, or not interrupted.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger();
        private final AtomicInteger item = new AtomicInteger(PENDING);
        private final AtomicInteger runner = new AtomicInteger();
        private volatile boolean isInterrupted;

        @Actor
        public void worker(IIZ_Result r) {
            if (item.compareAndSet(PENDING, STARTED)) {
                runner.set(1);
                if (state.get() != 0) {
                    isInterrupted = true;
                }
                r.r2 = 1;
            }
        }

        @Actor
        public void stopper(IIZ_Result r) {
            state.set(1);
            if (item.compareAndSet(PENDING, 0)) {
                r.r1 = 1;
            } else if (runner.get() != 0) {
                isInterrupted = true;
            }
        }

        @Arbiter
        public void arbiter(IIZ_Result r) {
            r.r3 = isInterrupted;
        }
    }

    /** The worker does not look at the state. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, false", expect = ACCEPTABLE, desc = "Returned.")
    @Outcome(id = "0, 1, true", expect = ACCEPTABLE, desc = "Run, and interrupted.")
    @Outcome(id = "0, 1, false", expect = ACCEPTABLE_INTERESTING, desc = "Run, and not interrupted.")
    public static class Broken {
        private final AtomicInteger item = new AtomicInteger(PENDING);
        private final AtomicInteger runner = new AtomicInteger();
        private volatile boolean isInterrupted;

        @Actor
        public void worker(IIZ_Result r) {
            if (item.compareAndSet(PENDING, STARTED)) {
                runner.set(1);
                r.r2 = 1;
            }
        }

        @Actor
        public void stopper(IIZ_Result r) {
            if (item.compareAndSet(PENDING, 0)) {
                r.r1 = 1;
            } else if (runner.get() != 0) {
                isInterrupted = true;
            }
        }

        @Arbiter
        public void arbiter(IIZ_Result r) {
            r.r3 = isInterrupted;
        }
    }

    /** {@link View#shutdownNow} against a {@link Command}; that goes on until the other has returned. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, false", expect = ACCEPTABLE, desc = "Returned.")
    @Outcome(id = "0, 1, true", expect = ACCEPTABLE, desc = "Run, and interrupted.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, run and returned, or not interrupted.")
    public static class Actual {
        private final Scene scene = new Scene(ExecutorService::execute);

        @Actor
        public void worker() {
            scene.work();
        }

        @Actor
        public void stopper(IIZ_Result r) {
            r.r1 = scene.stop();
        }

        @Arbiter
        public void arbiter(IIZ_Result r) {
            scene.cpu.serve();
            r.r2 = scene.runs;
            r.r3 = scene.isInterrupted;
        }
    }

    /** The same with a {@link Task}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, false", expect = ACCEPTABLE, desc = "Returned.")
    @Outcome(id = "0, 1, true", expect = ACCEPTABLE, desc = "Run, and interrupted.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, run and returned, or not interrupted.")
    public static class ActualTask {
        private final Scene scene = new Scene(ExecutorService::submit);

        @Actor
        public void worker() {
            scene.work();
        }

        @Actor
        public void stopper(IIZ_Result r) {
            r.r1 = scene.stop();
        }

        @Arbiter
        public void arbiter(IIZ_Result r) {
            scene.cpu.serve();
            r.r2 = scene.runs;
            r.r3 = scene.isInterrupted;
        }
    }

    /** An executor that has one task. */
    private static final class Scene {
        private final HandDriven cpu = new HandDriven();
        private final Meeting meeting = new Meeting();
        private final View view = cpu.newView();
        private volatile boolean isStopped;
        private boolean isInterrupted;
        private int runs;

        Scene(BiConsumer<ExecutorService, Runnable> submission) {
            submission.accept(view, () -> {
                while (!isStopped) {
                    Thread.yield();
                }
                runs++;
                isInterrupted = Thread.currentThread().isInterrupted();
            });
        }

        void work() {
            meeting.meetRoughly();
            cpu.turn();
        }

        int stop() {
            meeting.meetRoughly();
            int returned = view.shutdownNow().size();
            isStopped = true;
            return returned;
        }
    }

    /**
     * {@link View#shutdownNow} against {@link View#execute}: accepted and returned, or refused, and never run. Results:
     * accepted, returned, runs.
     */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, 0", expect = ACCEPTABLE, desc = "Returned.")
    @Outcome(id = "false, 0, 0", expect = ACCEPTABLE, desc = "Refused.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, refused and returned, or run.")
    public static class ActualExecute {
        private final HandDriven cpu = new HandDriven();
        private final Meeting meeting = new Meeting();
        private final View view = cpu.newView();
        private int runs;

        @Actor
        public void submitter(ZII_Result r) {
            meeting.meetRoughly();
            try {
                view.execute(() -> runs++);
                r.r1 = true;
            } catch (RejectedExecutionException e) {
                r.r1 = false;
            }
        }

        @Actor
        public void stopper(ZII_Result r) {
            meeting.meetRoughly();
            r.r2 = view.shutdownNow().size();
        }

        @Arbiter
        public void arbiter(ZII_Result r) {
            cpu.serve();
            r.r3 = runs;
        }
    }
}
