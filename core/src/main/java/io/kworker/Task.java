// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** What a {@link View} was given to run: the item for it, its place in the books, and who runs it. */
class Task extends Work {
    /*
     * runner   idle          --enter     (worker, CAS)--> its thread
     *          a thread      --leave     (worker, CAS)--> OVER, or idle where it is periodic
     *          a thread      --interrupt (CAS)----------> INTERRUPTING, then INTERRUPTED (store)
     *          INTERRUPTING  worker waits
     *          INTERRUPTED   --leave     (worker, store)--> OVER or idle
     *          idle          --claim     (whoever has taken the pending instance, CAS)--> OVER
     *
     * So an interrupt arrives before the task leaves its thread, and the worker clears the flag after that (J8).
     * Whoever makes it OVER counts it out, and nobody else.
     *
     * Not lost:   worker        runner = thread ; read the view's state: stopped? then interrupt
     *             shutdownNow   state = stopped ; read the item's state and the runner
     */
    private static final VarHandle RUNNER = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "runner", VarHandle.class, Task.class, Object.class);

    private static final Object INTERRUPTING = "interrupting";
    private static final Object INTERRUPTED = "interrupted";
    private static final Object OVER = "over";

    /** I. */
    final View view;

    /** I, until it is over: by who makes it so. */
    @Nullable Runnable body;

    /** Whether it holds a place of a bounded view. By the submitter, then by who starts or claims it. */
    private boolean hasPlace;

    /** Where it is entered, until it is over. By the submitter, then by who makes it over. */
    Register.@Nullable Page page;

    /** I: which slot of that. By the submitter. */
    byte slot;

    /** M: see above. */
    private volatile @Nullable Object runner;

    Task(View view, Runnable body) {
        this.view = view;
        this.body = body;
        this.hasPlace = view.isBounded();
    }

    /** Submitter. */
    void queue(int cpu) {
        view.workqueue.queue(this, cpu);
    }

    /** Whether nothing of it may start once the view has that state. */
    boolean isRefusedBy(int state) {
        return state >= View.STOPPED;
    }

    @Override
    protected void run() {
        Runnable of = enter();
        if (of != null) {
            try {
                of.run();
            } finally {
                leaveForGood();
            }
        }
    }

    // ---- worker ----

    /** What to run, or null where that was done: someone has queued the item once more. */
    final @Nullable Runnable enter() {
        Runnable of = body;
        if (of == null || !RUNNER.compareAndSet(this, null, Thread.currentThread())) {
            return null;
        }
        giveBackPlace();
        if (view.isStopped()) {
            interrupt();
        }
        return of;
    }

    /** The run is over, and the task with it. */
    final void leaveForGood() {
        leave(OVER);
        end();
    }

    /** The run is over, and another one is to come. */
    final void leaveForNow() {
        leave(null);
    }

    private void leave(@Nullable Object to) {
        if (!RUNNER.compareAndSet(this, Thread.currentThread(), to)) {
            while (runner == INTERRUPTING) {
                Thread.yield();
            }
            runner = to;
        }
    }

    // ---- any thread ----

    /** Interrupts the run in progress, if any, and no other. */
    final void interrupt() {
        if (runner instanceof Thread thread && RUNNER.compareAndSet(this, thread, INTERRUPTING)) {
            try {
                thread.interrupt();
            } finally {
                runner = INTERRUPTED;
            }
        }
    }

    /** Takes it back if it waits; who gets true owns it, and has to {@link #end} it. */
    final boolean claim() {
        return cancel() && endIdle();
    }

    /** The same, of one that certainly waits for nothing; and where several may say so, one gets true. */
    final boolean endIdle() {
        boolean isOurs = RUNNER.compareAndSet(this, null, OVER);
        if (isOurs) {
            giveBackPlace();
        }
        return isOurs;
    }

    /** Takes it back if it waits, and ends it. */
    final boolean withdraw() {
        boolean taken = claim();
        if (taken) {
            end();
        }
        return taken;
    }

    /** Once, by whoever made it OVER. */
    final void end() {
        Register.Page of = page;
        assert of != null;
        body = null;
        page = null; // who keeps the item keeps no other ones
        view.ended(of, slot);
    }

    /** Whether the calling thread runs it; sometimes false though it does, while the run is interrupted. */
    final boolean isRunHere() {
        return runner == Thread.currentThread();
    }

    final boolean isOver() {
        return runner == OVER;
    }

    private void giveBackPlace() {
        if (hasPlace) {
            hasPlace = false;
            view.placeIsFree();
        }
    }

    /** What the user has given. */
    @Override
    Class<?> function() {
        Runnable of = body;
        return of == null ? getClass() : of instanceof TaskFuture<?> future ? future.function : of.getClass();
    }

    @Override
    public String toString() {
        return super.toString() + (body == null ? "" : " of " + function().getName());
    }
}
