// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A workqueue as an executor; see {@link Workqueue#asExecutorService(Bound)}. */
class View extends AbstractExecutorService {
    /*
     * state   OPEN     --shutdown, close of the workqueue (CAS)--> SHUT
     *         OPEN, SHUT --shutdownNow (CAS)--------------------> STOPPED
     *         SHUT, STOPPED --whoever finds nothing left (CAS)--> TERMINATED
     *
     *   submitter      enters the task in the register (CAS) ; reads the state: SHUT? then it ends the task, and throws
     *                  queues it (CAS of the item's state)   ; reads the state: STOPPED? then it tries to claim it
     *   shutdown       state = SHUT    ; reads the registers
     *   shutdownNow    state = STOPPED ; reads the registers, and the item's state of each task there
     *   who ends one   counts it out   ; reads the state: SHUT? then it reads the registers
     *
     * So either the task is counted and awaited, or its submitter sees the shutdown; either shutdownNow finds it
     * pending, or its submitter finds it stopped; and the last one to end terminates.
     */
    static final int OPEN = 0;
    static final int SHUT = 1;
    static final int STOPPED = 2;
    static final int TERMINATED = 3;

    final Workqueue workqueue;

    /** I: one for each CPU to submit from. */
    private final Register[] registers;

    private final Bound bound;

    /** I: free places; null where there is no bound. */
    private final @Nullable Semaphore places;

    /** M: see above. */
    private final AtomicInteger state = new AtomicInteger(OPEN);

    private final CountDownLatch terminated = new CountDownLatch(1);

    View(Workqueue workqueue, Bound bound) {
        this.workqueue = workqueue;
        this.bound = bound;
        this.places = bound.isNone() ? null : bound.places();
        this.registers = new Register[workqueue.runtime().cpuArray().length];
        for (int i = 0; i < registers.length; i++) {
            registers[i] = new Register();
        }
    }

    final int state() {
        return state.get();
    }

    // ---- submitting ----

    @Override
    public final void execute(Runnable command) {
        Objects.requireNonNull(command, "command");
        if (!takePlace()) {
            command.run();
            return;
        }
        Task task = newTask(command);
        if (command instanceof TaskFuture<?> future) {
            future.isExecutedBy(task);
        }
        submit(task);
    }

    private Task newTask(Runnable command) {
        try {
            return new Task(this, command);
        } catch (Throwable t) { // out of memory
            placeIsFree();
            throw t;
        }
    }

    @Override
    protected final <T extends @Nullable Object> RunnableFuture<T> newTaskFor(Callable<T> callable) {
        return new TaskFuture<>(callable);
    }

    @Override
    protected final <T extends @Nullable Object> RunnableFuture<T> newTaskFor(Runnable runnable, T value) {
        return new TaskFuture<>(runnable, value);
    }

    /** A task that has its place. */
    final void submit(Task task) {
        int cpu = workqueue.runtime().localCpu();
        Register register = registers[cpu];
        task.register = register;
        register.enter(task);
        boolean isQueued = false;
        try {
            if (state() == OPEN) {
                task.queue(cpu);
                isQueued = true;
            }
        } finally {
            if (!isQueued && task.endIdle()) {
                task.end();
            }
        }
        if (!isQueued || task.isRefusedBy(state()) && task.withdraw()) {
            throw rejection("is shut down");
        }
    }

    /** False where the caller is to run the task itself. */
    private boolean takePlace() {
        boolean taken = tryPlace();
        if (!taken && bound.choice() == Bound.Choice.REJECT) {
            throw rejection("is full");
        }
        return taken;
    }

    /** The same for tasks that a caller cannot run. */
    final void takePlaceOrReject() {
        if (!tryPlace()) {
            throw rejection("is full");
        }
    }

    private boolean tryPlace() {
        if (state() != OPEN) {
            throw rejection("is shut down");
        }
        if (places == null || places.tryAcquire()) {
            return true;
        }
        if (bound.choice() != Bound.Choice.BLOCK) {
            return false;
        }
        try {
            places.acquire();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            RejectedExecutionException rejection = rejection("is full, and the submitter was interrupted");
            rejection.initCause(e);
            throw rejection;
        }
    }

    final boolean isBounded() {
        return places != null;
    }

    final void placeIsFree() {
        if (places != null) {
            places.release();
        }
    }

    final RejectedExecutionException rejection(String why) {
        return new RejectedExecutionException("the executor of workqueue '" + workqueue.name() + "' " + why);
    }

    // ---- ending ----

    /** Whoever has made it over. */
    final void ended(Task task) {
        Register register = task.register;
        assert register != null;
        register.end();
        if (state() != OPEN && register.isBalanced()) {
            tryTerminate();
        }
    }

    private void tryTerminate() {
        for (Register register : registers) {
            if (!register.isBalanced()) {
                return;
            }
        }
        if (state.getAndUpdate(s -> TERMINATED) != TERMINATED) {
            terminated.countDown();
        }
    }

    @Override
    public void shutdown() {
        shut(SHUT);
        withdrawAll(task -> task.isRefusedBy(SHUT));
        tryTerminate();
    }

    @Override
    public List<Runnable> shutdownNow() {
        shut(STOPPED);
        List<Runnable> unrun = new ArrayList<>();
        claimAll(task -> true, true).forEach(task -> {
            Runnable body = task.body;
            assert body != null;
            unrun.add(body);
            task.end();
        });
        tryTerminate();
        return unrun;
    }

    /** Its workqueue is being closed: what is queued runs, what waits for a timer is swept away a little later (J2). */
    final void endWithQueue() {
        shut(SHUT);
        tryTerminate();
    }

    /** At least that state. Submitters that wait for a place come and see it. */
    private void shut(int at) {
        if (state.getAndUpdate(s -> Math.max(s, at)) == OPEN && places != null) {
            places.release(Bound.MAX_TASKS);
        }
    }

    /** Cancels those that wait, of some. */
    private void withdrawAll(Predicate<Task> which) {
        claimAll(which, false).forEach(task -> {
            if (task.body instanceof TimedFuture<?> future) {
                future.cancel(false);
            }
            task.end();
        });
    }

    /** Those that wait, of some, oldest first for each CPU; the caller is to end them. */
    private List<Task> claimAll(Predicate<Task> which, boolean interrupt) {
        List<Task> all = new ArrayList<>();
        for (Register register : registers) {
            List<Task> some = new ArrayList<>();
            register.forEach(task -> {
                if (which.test(task)) {
                    if (task.claim()) {
                        some.add(task);
                    } else if (interrupt) {
                        task.interrupt();
                    }
                }
            });
            Collections.reverse(some);
            all.addAll(some);
        }
        return all;
    }

    @Override
    public final boolean isShutdown() {
        return state() != OPEN;
    }

    @Override
    public final boolean isTerminated() {
        return state() == TERMINATED;
    }

    @Override
    public final boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return terminated.await(timeout, unit);
    }

    @Override
    public final void close() {
        if (Work.current() instanceof Task task && task.view == this) {
            throw new WorkDeadlockException("close() of " + this + " was called by a task of it, which it would wait "
                    + "for; use shutdown()");
        }
        super.close();
    }

    /** Tasks in memory, over or not: for tests. */
    final long size() {
        long size = 0;
        for (Register register : registers) {
            size += register.size();
        }
        return size;
    }

    @Override
    public String toString() {
        long ended = 0;
        long entered = 0;
        for (Register register : registers) {
            ended += register.ended();
            entered += register.entered();
        }
        String phase = switch (state()) {
            case OPEN -> "running";
            case TERMINATED -> "terminated";
            default -> "shutting down";
        };
        return "Executor[" + workqueue.name() + ", " + phase + ", tasks = " + Math.max(0, entered - ended)
                + ", ended = " + ended + "]";
    }
}
