// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** The future of a task that was submitted: one that is cancelled while it waits is taken back at once. */
class TaskFuture<V extends @Nullable Object> extends FutureTask<V> {
    /** Written before it is queued; a second one where the user has it executed again. */
    volatile @Nullable Task task;

    TaskFuture(Callable<V> callable) {
        super(callable);
    }

    TaskFuture(Runnable runnable, V value) {
        super(runnable, value);
    }

    @Override
    protected final void done() {
        Task of = task;
        if (of != null && isCancelled()) {
            of.withdraw();
        }
    }
}
