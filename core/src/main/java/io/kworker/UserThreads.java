// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The virtual threads of a runtime that are no workers: made for the user, on one CPU after another, or on one that the
 * user names. A thread never changes its CPU, so all that spreads them is where they are made.
 */
final class UserThreads implements ThreadFactory {
    private final WorkRuntime runtime;

    /** M: whose turn it is, of the CPUs that are online. One for all, so that users who make few threads spread too. */
    private final AtomicInteger turn = new AtomicInteger();

    /** S: by the runtime that closes. */
    private volatile boolean isStopped;

    UserThreads(WorkRuntime runtime) {
        this.runtime = runtime;
    }

    /** No handler runs any more. Threads that are made already may still be started: see {@link Cpu#abandon}. */
    void stop() {
        isStopped = true;
    }

    @Override
    public Thread newThread(Runnable task) {
        int[] online = runtime.onlineIndexes();
        return newThread(runtime.cpuAt(online[Math.floorMod(turn.getAndIncrement(), online.length)]), task);
    }

    ThreadFactory on(Cpu cpu) {
        return task -> newThread(cpu, task);
    }

    private Thread newThread(Cpu cpu, Runnable task) {
        Objects.requireNonNull(task, "task");
        if (isStopped) {
            throw new RejectedExecutionException("runtime '" + runtime.name() + "' is closed: it makes no thread");
        }
        return runtime.engine(cpu).threads().newThread(task);
    }
}
