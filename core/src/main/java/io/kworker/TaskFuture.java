// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The future of a task that was submitted: one that is cancelled while it waits is taken back at once. */
class TaskFuture<V extends @Nullable Object> extends FutureTask<V> {
    private static final VarHandle TASK = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "task", VarHandle.class, TaskFuture.class, Task.class);

    /**
     * M: by who executes it, before it is queued; a second one where the user has it executed again. Null once it is
     * over, by who has made it so: who keeps a future keeps no more than the result.
     */
    @Nullable Task task;

    /** M: somebody else than its task runs it, or another task may: nobody knows who will end it. */
    private volatile boolean isShared;

    /** I: what runs, for reports. */
    final Class<?> function;

    TaskFuture(Callable<V> callable) {
        super(callable);
        function = callable.getClass();
    }

    TaskFuture(Runnable runnable, V value) {
        super(runnable, value);
        function = runnable.getClass();
    }

    private @Nullable Task taskAcquire() {
        return (Task) TASK.getAcquire(this);
    }

    /** Who executes it, before that is queued. Whoever has the future from the submission sees the task. */
    final void isExecutedBy(Task another) {
        Task before = taskAcquire();
        if (before != null && !before.isOver()) {
            isShared = true;
        }
        TASK.setRelease(this, another);
    }

    /** What is queued for it and certainly ends it; null where there is none, as where its submitter runs it. */
    final @Nullable Work item() {
        Task of = taskAcquire();
        return of == null || isShared ? null : of;
    }

    /**
     * In a handler this looks from time to time whether the task can ever come to its end (J6).
     *
     * @throws WorkDeadlockException if it cannot
     */
    @Override
    public final V get() throws InterruptedException, ExecutionException {
        if (!isDone()) {
            if (Run.current() != null) {
                return getInHandler();
            }
            spin();
        }
        return super.get();
    }

    private void spin() {
        Task of = taskAcquire();
        if (of != null) {
            of.view.resultSpin.await(this);
        }
    }

    /** Most waits are over before the first look, and cost the graph nothing. */
    private V getInHandler() throws InterruptedException, ExecutionException {
        WaitGraph.Wait wait = null;
        try {
            for (long nanos = WaitGraph.FIRST_LOOK_NANOS;; nanos = WaitGraph.later(nanos)) {
                try {
                    return get(nanos, TimeUnit.NANOSECONDS);
                } catch (TimeoutException e) {
                    if (wait == null) {
                        wait = WaitGraph.begin(new WaitGraph.OfTask(this, Thread.currentThread()));
                    } else {
                        WaitGraph.check(wait);
                    }
                }
            }
        } finally {
            WaitGraph.end(wait);
        }
    }

    /** Its task's, or any thread's that has it for a Runnable. */
    @Override
    public void run() {
        Task of = taskAcquire();
        if (of != null && !of.isRunHere()) {
            isShared = true;
        }
        super.run();
    }

    @Override
    protected final void done() {
        Task of = taskAcquire();
        if (of != null) {
            if (isCancelled()) {
                of.withdraw();
            }
            TASK.setRelease(this, null);
        }
    }
}
