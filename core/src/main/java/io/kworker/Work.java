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
 * <p>The handler may sleep and block, unless the workqueue is {@linkplain Workqueue.Builder#bh BH}: its worker's CPU
 * goes on with other items. It may queue, cancel, disable and flush other items, and queue, cancel and disable itself.
 * It runs with the interrupt flag clear.
 *
 * <p>Memory consistency: what a thread does before a call that queues the item, whether that returns true or false,
 * happens before the run that follows it (G4, G5); what a run does happens before the return of a {@link #flush},
 * {@link #cancelSync} or {@link #disableSync} that found it over or waited for it (G54).
 *
 * <p>All methods may be called from any thread; those that wait ({@code flush}, {@code cancelSync},
 * {@code disableSync}) block the caller, the others never do. In a handler of a BH workqueue they spin (G75), and let
 * others have the CPU after a tenth of a second.
 */
public abstract class Work extends WorkState {
    /** The kernel's length of a description. */
    private static final int MAX_DESCRIPTION = 31;

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
     *     the caller did before, or if it is {@linkplain #disable disabled}, or somebody is in {@link #cancelSync} for
     *     it
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
        endRecurrence();
        long found = unpend();
        ended(found);
        return isPending(found);
    }

    /** Owner of a CPU: see {@link Alarm#warmUp}. */
    long warmUp() {
        return state();
    }

    /** It is not to run again by itself; true where it was to. */
    boolean endRecurrence() {
        return false;
    }

    /** Whoever has run the handler, before the run counts as over. */
    void ran(Workqueue workqueue) {}

    /** Owner of a CPU. Its timer has expired while nothing could be queued (J2). Never blocks. */
    void refused(Workqueue workqueue, RuntimeException rejection) {
        WorkRuntime.inBackground(() -> workqueue.report(this, rejection));
    }

    /** Owner of a CPU, or who closes: its workqueue is closing, and its timer was taken back (J2). Never blocks. */
    void sweptAway() {}

    /** The workqueue takes this very instance back if it is pending; true where it was. */
    boolean revoke(int generation) {
        return unpend(generation);
    }

    /** The same where the workqueue is being closed. */
    final boolean sweep(int generation) {
        boolean swept = revoke(generation);
        if (swept) {
            sweptAway();
        }
        return swept;
    }

    /**
     * An instance was taken back: if it waited for its timer, that is to be told. It may be the first of a recurrence
     * that has begun since the caller ended the one before: that is over as well, and all of it.
     */
    private void ended(long found) {
        for (long last = found; isPending(last); last = unpend()) {
            if (isTimed(last)) {
                timerOver(generation(last));
            }
            if (!endRecurrence()) {
                return;
            }
        }
    }

    /** An instance does not wait for its timer any more. */
    void timerOver(int generation) {}

    /** Takes this very instance back if it is still pending; true where it was. */
    boolean takeBack(int generation) {
        boolean taken = unpend(generation);
        if (taken) {
            timerOver(generation);
        }
        return taken;
    }

    /**
     * Takes back the pending instance and waits for a run in progress ({@code cancel_work_sync}). While it waits, every
     * queueing of the item is refused and forgotten, by the handler itself too; afterwards it can be queued again. On
     * return the item neither is pending nor runs, unless somebody queued it after the wait. An interrupt does not end
     * the wait; the flag is kept.
     *
     * @return true if an instance was pending, whether or not the item ran too (G63)
     * @throws WorkDeadlockException if called by the item's own handler, or by one that the run in progress waits for,
     *     directly or through others; nothing is changed then
     * @throws IllegalStateException if the item is disabled 65,535 times already, where each call of this method that
     *     is under way counts as one; nothing is changed then
     */
    public final boolean cancelSync() {
        return stop("cancelSync", true);
    }

    /**
     * Queueings are refused from here on until as many calls of {@link #enable}, at most 65,535 levels; the pending
     * instance, if any, is taken back; a run in progress goes on ({@code disable_work}, G64, G66). Refused queueings
     * are forgotten (G67). Never waits.
     *
     * @return true if an instance was pending: it will not run; those who flush it are released
     * @throws IllegalStateException if disabled 65,535 times already; nothing is changed then
     */
    public final boolean disable() {
        endRecurrence();
        long found = disableOnce();
        ended(found);
        return isPending(found);
    }

    /**
     * As {@link #disable}, and waits for a run in progress ({@code disable_work_sync}). An interrupt does not end the
     * wait; the flag is kept.
     *
     * @return true if an instance was pending
     * @throws WorkDeadlockException if called by the item's own handler, or by one that the run in progress waits for,
     *     directly or through others; nothing is changed then
     * @throws IllegalStateException as {@link #disable}
     */
    public final boolean disableSync() {
        return stop("disableSync", false);
    }

    /**
     * Takes back one {@link #disable} ({@code enable_work}). Never queues anything.
     *
     * @return true if the item can be queued again
     * @throws IllegalStateException if the item is not disabled; nothing is changed then (J4). A call too many that
     *     meets a {@link #cancelSync} by another thread is not noticed: it takes back that one's
     */
    public final boolean enable() {
        int depth = depth(enableOnce());
        if (depth == 0) {
            throw new IllegalStateException("not disabled, so it cannot be enabled: " + this);
        }
        return depth == 1;
    }

    /**
     * Takes back one {@link #disable}, and queues the item if that was the last ({@code enable_and_queue_work}),
     * whether or not a queueing was refused meanwhile.
     *
     * @param workqueue where to
     * @return true if the item can be queued again; it is pending then, unless somebody was faster
     * @throws IllegalStateException if the item is not disabled; nothing is changed then
     * @throws java.util.concurrent.RejectedExecutionException if the workqueue is closed, closing or being drained; the
     *     item is enabled and idle then
     * @throws NullPointerException if {@code workqueue} is null
     */
    public final boolean enableAndQueue(Workqueue workqueue) {
        Objects.requireNonNull(workqueue, "workqueue");
        boolean enabled = enable();
        if (enabled) {
            workqueue.queue(this);
        }
        return enabled;
    }

    /** Takes back the pending instance, waits for the run in progress, refuses queueings meanwhile or from then on. */
    final boolean stop(String call, boolean enable) {
        refuseSelfWait(call);
        WaitGraph.Wait wait = WaitGraph.begin(new WaitGraph.OfStop(call, this));
        long found;
        try {
            endRecurrence();
            found = disableOnce();
        } catch (Throwable t) {
            WaitGraph.end(wait);
            throw t;
        }
        try {
            ended(found);
            if (isRunning(found)) {
                awaitNewest(found & ~PENDING, new Waiter.Parked(generation(found)), null);
            }
        } finally {
            WaitGraph.end(wait); // before the item can be queued again: that run is none of this wait's business
            if (enable) {
                enableOnce();
            }
        }
        return isPending(found);
    }

    /**
     * Waits for the last instance queued before the call: until it has run or was cancelled ({@code flush_work}). Does
     * not wait for instances queued later. One that is queued to a frozen workqueue runs after the thaw (G57). An
     * interrupt does not end the wait; the flag is kept.
     *
     * @return true if there was something to wait for; false if the item was idle
     * @throws WorkDeadlockException if called by the item's own handler, or by one that the item waits for, directly or
     *     through others: by a handler, or for a slot that only such handlers hold (J6). It may be thrown some time
     *     after the call, once it is certain
     */
    public final boolean flush() {
        return flush("flush");
    }

    final boolean flush(String call) {
        refuseSelfWait(call);
        long s = withoutTimed(state());
        return isBusy(s) && flush(call, s);
    }

    /** Waits for the newest instance of a state in which the item was busy. Always true. */
    final boolean flush(String call, long s) {
        Share pending = pendingShare(s);
        Share share = pending == null ? home : pending;
        if (share != null) {
            share.workqueue.reportDependency(call + "() of an item in it");
        }
        Waiter.Parked waiter = new Waiter.Parked(generation(s));
        WaitGraph.Wait wait = WaitGraph.begin(new WaitGraph.OfItem(call, this, s, waiter));
        try {
            awaitNewest(s, waiter, wait);
        } finally {
            WaitGraph.end(wait);
        }
        return true;
    }

    /** Waits for the newest instance of a state in which the item was busy. */
    private void awaitNewest(long s, Waiter.Parked waiter, WaitGraph.@Nullable Wait wait) {
        Run run = Run.current();
        if (run != null && run.isAtomic()) {
            run.spinUntil(() -> isOverSince(s) || waiter.isReleased(), wait); // must not block (G75)
            return;
        }
        await(waiter);
        if (!hasMovedOn(s, state())) { // else it was over before the waiter was registered, and a later one may run
            waiter.await(wait);
        }
    }

    /** Waits for the run in progress, if any, and not for the instance that is pending. */
    final void awaitRun(WaitGraph.@Nullable Wait wait) {
        long s = withoutPending(state());
        if (isRunning(s)) {
            awaitNewest(s, new Waiter.Parked(generation(s)), wait);
        }
    }

    final void refuseSelfWait(String call) {
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
        return isBusy(state());
    }

    private static boolean isBusy(long state) {
        return (state & (PENDING | RUNNING)) != 0;
    }

    /**
     * The item whose handler the calling thread runs ({@code current_work}). Threads that a handler starts have none.
     *
     * @return the item, or null where the caller is no worker running one
     */
    public static @Nullable Work current() {
        Run run = Run.current();
        return run == null ? null : run.currentWork();
    }

    /**
     * Says what the running handler does, for dumps and for the name of its thread ({@code set_worker_desc}, A53, A55):
     * the name ends with {@code +text} while the handler runs, and with {@code -text} after it, until the thread runs
     * the next item (on a rescuer: no longer; in fallback the thread ends then). Outside handlers it does nothing.
     *
     * @param text at most 31 characters, what is more is cut off; empty for none
     * @throws NullPointerException if {@code text} is null
     */
    public static void describe(String text) {
        String cut = text.substring(0, Math.min(text.length(), MAX_DESCRIPTION));
        Run run = Run.current();
        if (run != null && run.isBusy()) {
            run.describe(cut);
        }
    }

    /**
     * Whether the calling thread is a rescuer that runs an item ({@code current_is_workqueue_rescuer}).
     *
     * @return true if so
     */
    public static boolean isOnRescuer() {
        Run run = Run.current();
        return run != null && run.isBusy() && run.isRescuer();
    }

    /**
     * Whether the calling thread runs an item of a {@code memReclaim} workqueue
     * ({@code current_is_workqueue_mem_reclaim}): it should wait for no workqueue that is not (G81).
     *
     * @return true if so
     */
    public static boolean isOnMemReclaim() {
        Run run = Run.current();
        Share share = run == null || !run.isBusy() ? null : run.share;
        return share != null && share.workqueue.rescuer() != null;
    }

    /** Whether it is queued where it runs, if it does (G13). */
    boolean staysWhereItRuns() {
        return true;
    }

    /** What runs: the class of the item, or of its handler; for reports about items of one kind. */
    @Override
    Class<?> function() {
        return getClass();
    }

    @Override
    final Work work() {
        return this;
    }

    @Override
    public String toString() {
        long s = state();
        return getClass().getName() + '@' + Integer.toHexString(System.identityHashCode(this))
                + (isPending(s) ? " pending" : "") + (isRunning(s) ? " running" : "")
                + (depth(s) > 0 ? " disabled" : "");
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
        Class<?> function() {
            return handler.getClass();
        }

        @Override
        public String toString() {
            return super.toString() + " of " + handler;
        }
    }
}
