// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** The future of a task that was submitted: one that is cancelled while it waits is taken back at once. */
class TaskFuture<V extends @Nullable Object> extends FutureTask<V> {
    private static final VarHandle TASK = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "task", VarHandle.class, TaskFuture.class, Task.class);

    /** S: by who submits it, before it is queued; a second one where the user has it executed again. */
    @Nullable Task task;

    TaskFuture(Callable<V> callable) {
        super(callable);
    }

    TaskFuture(Runnable runnable, V value) {
        super(runnable, value);
    }

    /** Submitter. Whoever has the future from the submission sees the task. */
    final void belongTo(Task of) {
        TASK.setRelease(this, of);
    }

    @Override
    protected final void done() {
        Task of = (Task) TASK.getAcquire(this);
        if (of != null && isCancelled()) {
            of.withdraw();
        }
    }
}
