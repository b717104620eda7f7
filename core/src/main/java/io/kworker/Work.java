// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A work item: something to be run later by a worker, at most once for any number of queueings before it starts (the
 * kernel's {@code struct work_struct}).
 *
 * <p>Subclass it, so that the object which holds the data is the item itself (what {@code container_of} does in C), or
 * make one from a handler with {@link #of}. Queueing a subclassed item allocates nothing.
 *
 * <p>The life of an item: idle; <em>pending</em> from the queueing that succeeds until just before its handler is
 * entered; running. An item may be pending again while it runs: whoever queues it then gets one more run after the
 * current one. It never runs on two workers at once, whatever workqueue or CPU it is queued to, and also not when it
 * belongs to different runtimes in turn (semantics G13, J1).
 *
 * <p>The handler may sleep and block: its worker's CPU goes on with other items. It may queue, cancel and flush other
 * items, and queue or cancel itself. It runs with the interrupt flag clear.
 *
 * <p>Memory consistency: what a thread does before a call that queues the item, whether that returns true or false,
 * happens before the run that follows it (G4, G5); what a run does happens before the return of a {@link #flush} or
 * {@link #cancelSync} that found it over or waited for it (G54).
 *
 * <p>All methods may be called from any thread; those that wait ({@code flush}, {@code cancelSync}) block the caller,
 * the others never do.
 */
public abstract class Work extends WorkState {
    /** Makes an idle item. */
    protected Work() {}

    /** What an item made by {@link Work#of} runs. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Does the work.
         *
         * @param work the item that runs
         * @throws Exception whatever goes wrong: it goes to the workqueue's exception handler
         */
        void run(Work work) throws Exception;
    }

    /**
     * Makes an item from a handler.
     *
     * @param handler what to run
     * @return an idle item
     * @throws NullPointerException if {@code handler} is null
     */
    public static Work of(Handler handler) {
        return new HandlerWork(Objects.requireNonNull(handler, "handler"));
    }

    /**
     * The handler. Whatever it throws is given once to the workqueue's exception handler; the item counts as completed.
     *
     * @throws Exception whatever goes wrong
     */
    protected abstract void run() throws Exception;

    /**
     * Queues the item to the system queue of the {@linkplain WorkRuntime#shared shared runtime}, on the caller's CPU
     * (the kernel's {@code schedule_work}).
     *
     * @return true if this call queued it; false if it is pending already, in which case the run to come sees all that
     *     the caller did before, or if somebody is in {@link #cancelSync} for it
     */
    public final boolean schedule() {
        return WorkRuntime.shared().system().queue(this);
    }

    /**
     * Queues the item to the system queue of the shared runtime, on a given CPU ({@code schedule_work_on}).
     *
     * @param cpu number of a CPU, out of {@link WorkRuntime#cpus}
     * @return as {@link #schedule}
     * @throws IllegalArgumentException if the shared runtime has no such CPU
     */
    public final boolean scheduleOn(int cpu) {
        return WorkRuntime.shared().system().queueOn(cpu, this);
    }

    /**
     * Takes back the pending instance, if any; a run in progress goes on ({@code cancel_work}). Never waits. On an idle
     * item it changes nothing, so a queueing at the same time is not refused for it (J3).
     *
     * @return true if an instance was pending: it will not run; those who flush it are released
     */
    public final boolean cancel() {
        return isPending(unpend());
    }

    /**
     * Takes back the pending instance and waits for a run in progress ({@code cancel_work_sync}). While it waits, every
     * queueing of the item is refused and forgotten, by the handler itself too; afterwards it can be queued again. On
     * return the item neither is pending nor runs, unless somebody queued it after the wait. An interrupt does not end
     * the wait; the flag is kept.
     *
     * @return true if an instance was pending, whether or not the item ran too (G63)
     * @throws WorkDeadlockException if called by the item's own handler; nothing is changed then
     * @throws IllegalStateException if 65,535 threads are in this call for the item already
     */
    public final boolean cancelSync() {
        refuseSelfWait("cancelSync");
        long found = disable();
        try {
            if (isRunning(found)) {
                awaitNewest(found);
            }
        } finally {
            enable();
        }
        return isPending(found);
    }

    /**
     * Waits for the last instance queued before the call: until it has run or was cancelled ({@code flush_work}). Does
     * not wait for instances queued later. An interrupt does not end the wait; the flag is kept.
     *
     * @return true if there was something to wait for; false if the item was idle
     * @throws WorkDeadlockException if called by the item's own handler
     */
    public final boolean flush() {
        refuseSelfWait("flush");
        long s = state();
        if (!isPending(s) && !isRunning(s)) {
            return false;
        }
        awaitNewest(s);
        return true;
    }

    /** Waits for the newest instance of a state in which the item was busy. */
    private void awaitNewest(long s) {
        Waiter.Parked waiter = new Waiter.Parked(generation(s));
        await(waiter);
        if (!hasMovedOn(s, state())) { // else it was over before the waiter was registered, and a later one may run
            waiter.await();
        }
    }

    private void refuseSelfWait(String call) {
        if (current() == this) {
            throw new WorkDeadlockException(
                    call + "() of " + this + " was called by its own handler, which it would wait for; use "
                            + "cancel(), or call it from elsewhere");
        }
    }

    /**
     * Whether an instance is queued and has not started: a snapshot ({@code work_pending}).
     *
     * @return true if pending
     */
    public final boolean isPending() {
        return isPending(state());
    }

    /**
     * Whether the handler runs now: a snapshot.
     *
     * @return true if running
     */
    public final boolean isRunning() {
        return isRunning(state());
    }

    /**
     * Whether the item is pending or runs: a snapshot ({@code work_busy}).
     *
     * @return true if pending or running
     */
    public final boolean isBusy() {
        return (state() & (PENDING | RUNNING)) != 0;
    }

    /**
     * The item whose handler the calling thread runs ({@code current_work}). Threads that a handler starts have none.
     *
     * @return the item, or null where the caller is no worker running one
     */
    public static @Nullable Work current() {
        Run run = Run.current();
        return run == null ? null : run.work;
    }

    @Override
    final Work work() {
        return this;
    }

    @Override
    public String toString() {
        long s = state();
        return getClass().getName() + '@' + Integer.toHexString(System.identityHashCode(this))
                + (isPending(s) ? " pending" : "") + (isRunning(s) ? " running" : "");
    }

    /** An item with a handler. */
    private static final class HandlerWork extends Work {
        private final Handler handler;

        HandlerWork(Handler handler) {
            this.handler = handler;
        }

        @Override
        protected void run() throws Exception {
            handler.run(this);
        }

        @Override
        public String toString() {
            return super.toString() + " of " + handler;
        }
    }
}
