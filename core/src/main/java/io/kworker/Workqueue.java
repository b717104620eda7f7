// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.System.Logger.Level;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * A queue of work items with its own limit and exception handler; the workers are the runtime's (the kernel's
 * {@code struct workqueue_struct}, made by {@code alloc_workqueue}). Made by {@link WorkRuntime#workqueue}.
 *
 * <p>It is bound to CPUs: an item runs on the CPU that it was queued on. On one CPU the items of a workqueue start in
 * the order in which they were queued (G20), one after another, and the next one starts when the one before has ended
 * or blocks (G21, G22). At most {@link #maxActive} of them are active on a CPU at a time, that is started and not
 * finished, sleeping ones included; the rest waits in order (G31, G32, G35).
 *
 * <p>{@link #queue} and {@link #queueOn} are lock-free, never block, never fail for a full queue, and allocate nothing
 * for an item that was not cancelled since it was last queued and fits into the CPU's ring. They may be called from any
 * thread, handlers included.
 */
public final class Workqueue implements AutoCloseable {
    /** Items active on a CPU at a time where the builder was told nothing (the kernel's {@code WQ_DFL_ACTIVE}). */
    public static final int DEFAULT_MAX_ACTIVE = 1024;

    /** The highest limit (the kernel's {@code WQ_MAX_ACTIVE}). */
    public static final int MAX_ACTIVE_LIMIT = 2048;

    /*
     * phase:  OPEN --close--> DRAINING --close, when nothing is left--> CLOSED
     *
     * A queueing that races close(): the queuer publishes its entry, then reads the phase; close() changes the phase,
     * then sends markers through the same rings. So an entry is ahead of the markers, and its run is waited for, or its
     * queuer sees the new phase and takes the instance back by the state word; where that fails it has started, and
     * counts as accepted. Entries behind the last marker are dropped by the owner of the CPU, each of them one that its
     * queuer takes back.
     */
    private static final int OPEN = 0;
    private static final int DRAINING = 1;
    private static final int CLOSED = 2;

    private static final VarHandle PHASE =
            ConstantBootstraps.fieldVarHandle(MethodHandles.lookup(), "phase", VarHandle.class, Workqueue.class,
                    int.class);

    private static final System.Logger LOG = System.getLogger("io.kworker");

    /** I: one for each CPU of the runtime. */
    final Share[] shares;

    private final WorkRuntime runtime;
    private final String name;
    private final int maxActive;
    private final BiConsumer<? super Work, ? super Throwable> exceptionHandler;

    /** M: only ever goes up. */
    private volatile int phase = OPEN;

    Workqueue(Builder builder, Cpu[] cpus) {
        runtime = builder.runtime;
        name = builder.name;
        maxActive = builder.maxActive;
        exceptionHandler = builder.exceptionHandler;
        shares = new Share[cpus.length];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = new Share(this, cpus[i], maxActive);
        }
    }

    /**
     * Queues an item on the caller's CPU ({@code queue_work}): within a handler that of its worker, else the CPU that
     * the calling thread runs on at the moment. Where the item still runs on another CPU of the runtime, it is queued
     * there (G13).
     *
     * @param work the item
     * @return true if this call queued it: it will run once for it, unless cancelled. False if it is pending already
     *     (here or in another workqueue), and nothing of that instance is changed: the run to come sees all that the
     *     caller did before. No run comes where that instance is cancelled afterwards, or taken back from a workqueue
     *     that is being closed (G6). False also while somebody is in {@link Work#cancelSync} for it
     * @throws RejectedExecutionException if the workqueue is closed or closing; the item is left as it was. While it is
     *     closing, the handlers of its own items may go on queueing to it
     * @throws NullPointerException if {@code work} is null
     */
    public boolean queue(Work work) {
        return queue(work, runtime.localCpu());
    }

    /**
     * Queues an item on a given CPU ({@code queue_work_on}). Where the item still runs on another CPU of the runtime,
     * it is queued there (G13).
     *
     * @param cpu number of a CPU, out of {@link WorkRuntime#cpus}
     * @param work the item
     * @return as {@link #queue}
     * @throws IllegalArgumentException if the runtime has no such CPU
     * @throws RejectedExecutionException as {@link #queue}
     * @throws NullPointerException if {@code work} is null
     */
    public boolean queueOn(int cpu, Work work) {
        return queue(work, runtime.indexOf(cpu));
    }

    private boolean queue(Work work, int cpu) {
        Objects.requireNonNull(work, "work");
        if (phase != OPEN) {
            admit();
        }
        long found = work.pend();
        if (WorkState.refuses(found)) {
            return false;
        }
        int generation = WorkState.generation(found) + 1;
        try {
            Share share = WorkState.isRunning(found) ? placeOfRun(work, cpu) : shares[cpu];
            Entry entry = WorkState.isLinked(found) ? new StandIn(work) : work;
            entry.share = share;
            entry.generation = generation;
            share.cpu.submit(entry);
        } catch (Throwable t) { // out of memory: the item must not stay pending for ever
            if (!WorkState.isLinked(found)) {
                work.unlink(work);
            }
            work.unpend(generation);
            throw t;
        }
        return phase == OPEN || stands(work, generation);
    }

    /** G13: an item that runs goes where it runs, if that is a CPU of this runtime. */
    private Share placeOfRun(Work work, int cpu) {
        Share home = work.home;
        return home != null && home.workqueue.runtime == runtime ? shares[home.cpu.index] : shares[cpu];
    }

    private void admit() {
        if (phase == CLOSED || !isChained()) {
            throw rejection();
        }
    }

    /** The phase has changed while an instance was queued: whether it stands. */
    private boolean stands(Work work, int generation) {
        if (phase == DRAINING && isChained()) {
            return true;
        }
        if (work.unpend(generation)) {
            throw rejection();
        }
        return true; // started before it could be taken back, or cancelled by someone
    }

    /** Whether the caller is a handler that closing waits for (G59). */
    private boolean isChained() {
        Run run = Run.current();
        Share share = run == null ? null : run.share;
        return share != null && (share.workqueue == this || runtime.isClosing() && share.workqueue.runtime == runtime);
    }

    private RejectedExecutionException rejection() {
        return new RejectedExecutionException("workqueue '" + name + "' of runtime '" + runtime.name() + "' is "
                + (phase == CLOSED ? "closed" : "closing, and takes work from its own handlers only"));
    }

    /** Gives what a handler threw to the exception handler. Called by the worker, as foreign code; throws nothing. */
    void report(Work work, Throwable thrown) {
        try {
            exceptionHandler.accept(work, thrown);
        } catch (Throwable t) {
            reportFailure(thrown, t);
        }
    }

    private void reportFailure(Throwable thrown, Throwable ofHandler) {
        try {
            if (ofHandler != thrown) {
                ofHandler.addSuppressed(thrown);
            }
            LOG.log(Level.ERROR, "the exception handler of workqueue '" + name + "' failed", ofHandler);
        } catch (Throwable t) {
            // there is nobody left to tell, and the worker must go on
        }
    }

    /**
     * The name given to the builder.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The most items of this workqueue that are active on a CPU at a time.
     *
     * @return 1 to {@value #MAX_ACTIVE_LIMIT}
     */
    public int maxActive() {
        return maxActive;
    }

    /**
     * The runtime whose workers run the items.
     *
     * @return the runtime
     */
    public WorkRuntime runtime() {
        return runtime;
    }

    /**
     * Waits until nothing queued to this workqueue is pending or runs, and refuses new items meanwhile and from then on
     * ({@code destroy_workqueue}). Handlers of its own items may go on queueing to it until it is empty. A queueing at
     * the same time either is accepted, and its run waited for, or throws and leaves the item idle. Idempotent; an
     * interrupt does not end the wait.
     *
     * @throws WorkDeadlockException if called by the handler of an item of this workqueue
     * @throws UnsupportedOperationException if this is a system queue: it is closed with its runtime
     */
    @Override
    public void close() {
        if (runtime.isSystem(this)) {
            throw new UnsupportedOperationException("'" + name + "' is the system queue: close its runtime instead");
        }
        refuseSelfWait("close() of workqueue '" + name + "'", share -> share.workqueue == this);
        runtime.lifecycle().close(this);
    }

    // ---- closing ----

    /** A handler must not wait for a share that it, or the next instance of its own item, keeps busy (J6, G58). */
    static void refuseSelfWait(String call, Predicate<Share> isWaitedFor) {
        Run run = Run.current();
        Work work = run == null ? null : run.work;
        if (run == null || work == null) {
            return;
        }
        if (run.share != null && isWaitedFor.test(run.share)) {
            throw new WorkDeadlockException(
                    call + " was called by the handler of " + work + ", which it would wait for");
        }
        Share next = work.pendingShare();
        if (next != null && isWaitedFor.test(next)) {
            throw new WorkDeadlockException(call + " was called by the handler of " + work
                    + ", which is queued there again and cannot run before this handler returns");
        }
    }

    void startDraining() {
        PHASE.compareAndSet(this, OPEN, DRAINING);
    }

    void endDraining() {
        phase = CLOSED;
    }

    @Override
    public String toString() {
        return "Workqueue[" + name + "]";
    }

    private static void log(Work work, Throwable thrown) {
        LOG.log(Level.ERROR, "the handler of " + work + " failed", thrown);
    }

    /** Describes a workqueue to be made. Not for several threads at once. */
    public static final class Builder {
        private final WorkRuntime runtime;
        private final String name;
        private int maxActive = DEFAULT_MAX_ACTIVE;
        private BiConsumer<? super Work, ? super Throwable> exceptionHandler = Workqueue::log;

        Builder(WorkRuntime runtime, String name) {
            this.runtime = runtime;
            this.name = name;
        }

        /**
         * The most items that may be active on a CPU at a time.
         *
         * @param items 1 to {@value Workqueue#MAX_ACTIVE_LIMIT}; {@value Workqueue#DEFAULT_MAX_ACTIVE} if not given
         * @return this
         * @throws IllegalArgumentException if out of range (J16)
         */
        public Builder maxActive(int items) {
            if (items < 1 || items > MAX_ACTIVE_LIMIT) {
                throw new IllegalArgumentException("maxActive must be 1 to " + MAX_ACTIVE_LIMIT + ", not " + items);
            }
            maxActive = items;
            return this;
        }

        /**
         * What is to be done with whatever a handler throws, {@link Error}s too. It runs on the worker, once for each
         * failed run, and may block; the item counts as running until it returns (J11).
         *
         * @param handler gets the item and what it threw; by default it is logged through {@link System.Logger}
         *     {@code io.kworker}
         * @return this
         * @throws NullPointerException if {@code handler} is null
         */
        public Builder exceptionHandler(BiConsumer<? super Work, ? super Throwable> handler) {
            exceptionHandler = Objects.requireNonNull(handler, "handler");
            return this;
        }

        /**
         * Makes the workqueue.
         *
         * @return a new workqueue, open until it or its runtime is closed
         * @throws RejectedExecutionException if the runtime is closed or closing
         */
        public Workqueue build() {
            Workqueue workqueue = new Workqueue(this, runtime.cpuArray());
            runtime.lifecycle().add(workqueue);
            return workqueue;
        }
    }
}
