// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.Semaphore;

/**
 * How many tasks may wait in an {@linkplain Workqueue#asExecutorService(Bound) executor of a workqueue}, and what
 * becomes of one too many. A task waits from its submission until it starts for the first time, or is cancelled; the
 * delay of a scheduled task counts.
 *
 * <p>Each executor made with a bound has places of its own. Immutable.
 */
public final class Bound {
    /** The most places there can be. */
    static final int MAX_TASKS = 1 << 29;

    /** What becomes of a task that finds no place. */
    enum Choice {
        BLOCK,
        REJECT,
        CALLER_RUNS
    }

    private static final Bound NONE = new Bound(0, Choice.REJECT);

    private final int tasks;
    private final Choice choice;

    private Bound(int tasks, Choice choice) {
        this.tasks = tasks;
        this.choice = choice;
    }

    /**
     * No bound: tasks wait as long as there is memory for them.
     *
     * @return no bound
     */
    public static Bound none() {
        return NONE;
    }

    /**
     * The submitter blocks until there is a place. If it is interrupted in this wait, or the executor is shut down, the
     * task is rejected; the interrupt flag is kept. A task of the executor that submits to it may wait for ever, where
     * all that are allowed to run do so.
     *
     * @param tasks places, 1 to 536,870,912
     * @return the bound
     * @throws IllegalArgumentException if out of range
     */
    public static Bound block(int tasks) {
        return new Bound(check(tasks), Choice.BLOCK);
    }

    /**
     * The task is rejected: {@link java.util.concurrent.RejectedExecutionException}.
     *
     * @param tasks places, 1 to 536,870,912
     * @return the bound
     * @throws IllegalArgumentException if out of range
     */
    public static Bound reject(int tasks) {
        return new Bound(check(tasks), Choice.REJECT);
    }

    /**
     * The submitter runs the task itself, before its call returns; what {@code execute} is given throws to it. Such a
     * task is none of the executor's: neither {@code shutdownNow} nor {@code awaitTermination} knows of it. A task with
     * a delay cannot be run so, and is rejected.
     *
     * @param tasks places, 1 to 536,870,912
     * @return the bound
     * @throws IllegalArgumentException if out of range
     */
    public static Bound callerRuns(int tasks) {
        return new Bound(check(tasks), Choice.CALLER_RUNS);
    }

    private static int check(int tasks) {
        if (tasks < 1 || tasks > MAX_TASKS) {
            throw new IllegalArgumentException("a bound must be 1 to " + MAX_TASKS + " tasks, not " + tasks);
        }
        return tasks;
    }

    boolean isNone() {
        return this == NONE;
    }

    Choice choice() {
        return choice;
    }

    /** The places of a new executor. */
    Semaphore places() {
        return new Semaphore(tasks);
    }

    @Override
    public String toString() {
        return isNone() ? "Bound[none]" : "Bound[" + tasks + ", " + choice + "]";
    }
}
