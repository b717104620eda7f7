// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;

/**
 * A timer (the kernel's {@code struct timer_list}): a short callback at a deadline, in atomic context.
 *
 * <p>Subclass it, or make one from a callback with {@link #of}. A deadline is a moment of {@link System#nanoTime}. The
 * callback is never early, and late by at most one tick ({@link WorkRuntime.Builder#timerResolution}) and the time its
 * CPU needs to get to it (M11, J17). It runs on the CPU that the timer was armed on, before all work that is not BH,
 * and must not block: one that does is reported once for its class (J7). It never runs twice at a time, and may arm,
 * delete and shut down its own timer (M12). What it throws is logged. What should sleep is queued by it as
 * {@link Work}.
 *
 * <p>A timer is pending from the call that arms it until just before its callback is entered. What a thread does before
 * a call that arms it happens before the callback that follows; what a callback does happens before the return of a
 * {@link #deleteSync} or {@link #shutdownSync} that waited for it.
 *
 * <p>All methods may be called from any thread and never block, save the two that wait; those spin in an atomic
 * callback. Of several threads that arm a timer at once one wins (M13). Where a timer must not outlive something: it
 * and the work that it queues may arm each other again, so shut the timer down first, then cancel the work (M17).
 *
 * <p>A timer that only handlers on one CPU arm and delete is biased to that CPU: such calls cost some nanoseconds and
 * no allocation. The first call from elsewhere ends that for good and costs some ten microseconds; from then on, as for
 * every timer that was first armed from elsewhere, a call costs a locked operation, and where the CPU has taken in the
 * ones before, a message. A timer that was deleted by a handler is kept from the collector until its CPU has time, or
 * 2,048 others were deleted after it.
 */
public abstract class SoftTimer extends BiasedAlarm {
    private static final VarHandle SHUT_DOWN = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "isShutDown", VarHandle.class, SoftTimer.class, boolean.class);

    private final WorkRuntime runtime;
    private final Ticks ticks;
    private final Workqueue queue;
    private final Shot shot;

    /** M: set once. */
    private volatile boolean isShutDown;

    /** What a timer made by {@link SoftTimer#of} calls. */
    @FunctionalInterface
    public interface Callback {
        /**
         * The deadline has come. Must not block.
         *
         * @param timer the timer, which is not pending any more
         * @throws Exception whatever goes wrong: it is logged
         */
        void expired(SoftTimer timer) throws Exception;
    }

    /**
     * Makes a timer that is not armed.
     *
     * @param runtime whose CPUs it runs on
     */
    protected SoftTimer(WorkRuntime runtime) {
        this(runtime, false);
    }

    /**
     * Makes a timer that is not armed.
     *
     * @param runtime whose CPUs it runs on
     * @param deferrable whether it is in no hurry ({@code TIMER_DEFERRABLE}): it does not wake a sleeping CPU, and
     *     expires when that is awake for another reason, as late as that may be
     */
    @SuppressWarnings("this-escape") // it is kept, and not called
    protected SoftTimer(WorkRuntime runtime, boolean deferrable) {
        super(!deferrable && Os.hasMembarrier());
        this.runtime = runtime;
        this.ticks = runtime.ticks();
        this.queue = runtime.timerQueue();
        this.shot = new Shot(this, deferrable);
        queue.expectTimers();
    }

    /**
     * Makes a timer from a callback ({@code timer_setup}).
     *
     * @param runtime whose CPUs it runs on
     * @param callback what to call
     * @return a timer that is not armed
     * @throws NullPointerException if an argument is null
     */
    public static SoftTimer of(WorkRuntime runtime, Callback callback) {
        return new CallbackTimer(runtime, false, Objects.requireNonNull(callback, "callback"));
    }

    /**
     * The same for a timer that is in no hurry: see {@link #SoftTimer(WorkRuntime, boolean)}.
     *
     * @param runtime whose CPUs it runs on
     * @param callback what to call
     * @return a timer that is not armed
     * @throws NullPointerException if an argument is null
     */
    public static SoftTimer deferrable(WorkRuntime runtime, Callback callback) {
        return new CallbackTimer(runtime, true, Objects.requireNonNull(callback, "callback"));
    }

    /**
     * The deadline has come. Must not block.
     *
     * @throws Exception whatever goes wrong: it is logged
     */
    protected abstract void expired() throws Exception;

    /**
     * Arms the timer for a deadline on the caller's CPU, whether or not it is pending ({@code mod_timer}, M2).
     *
     * @param deadline a {@link System#nanoTime}; one that is past comes at once
     * @return whether it was pending: it has another deadline now. False also where it is shut down, and then it is
     *     not armed (M9), or while somebody is in {@link #deleteSync} for it
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed or closing
     */
    public final boolean mod(long deadline) {
        return modAt(ticks.ceil(deadline));
    }

    private boolean modAt(long tick) {
        Found found = queue.takesTimers() ? armInPlace(tick) : Found.GENERAL;
        return found == Found.GENERAL ? modAnyhow(tick, WorkState.Arm.ANY) : found == Found.PENDING;
    }

    private boolean modAnyhow(long tick, WorkState.Arm which) {
        Found found = armHere(tick, which, false);
        return found == Found.GENERAL ? modGenerally(tick, which) : found == Found.PENDING;
    }

    private Found armHere(long tick, WorkState.Arm which, boolean onlySooner) {
        if (which != WorkState.Arm.ANY && isFresh()) {
            return Found.IDLE;
        }
        Timers at = queue.takesTimers() ? biasedTo(runtime) : null;
        Tenure held = at == null ? null : at.hold();
        if (at == null || held == null) {
            return Found.GENERAL;
        }
        try {
            return arm(at, tick, which, onlySooner);
        } finally {
            held.release();
        }
    }

    private boolean modGenerally(long tick, WorkState.Arm which) {
        revoke();
        Carrier caller = shot.countdown.caller();
        return queue.modAt(shot, runtime.localCpu(caller), tick, which, caller);
    }

    /**
     * The same, with a deadline that is so far from now.
     *
     * @param delay zero or less for at once; longer than 292 years is that long
     * @return as {@link #mod}
     * @throws java.util.concurrent.RejectedExecutionException as there
     * @throws NullPointerException if {@code delay} is null
     */
    public final boolean modAfter(Duration delay) {
        long nanos = Workqueue.nanos(delay);
        return modAt(nanos <= 0 ? 0 : ticks.after(System.nanoTime(), nanos));
    }

    /**
     * As {@link #mod} on a given CPU ({@code add_timer_on}).
     *
     * @param cpu number of a CPU, out of {@link WorkRuntime#cpus}
     * @param deadline a {@link System#nanoTime}
     * @return as {@link #mod}
     * @throws IllegalArgumentException if the runtime has no such CPU
     * @throws java.util.concurrent.RejectedExecutionException as {@link #mod}
     */
    public final boolean modOn(int cpu, long deadline) {
        int index = runtime.indexOf(cpu);
        revoke();
        return queue.modAt(shot, index, ticks.ceil(deadline), WorkState.Arm.ANY, shot.countdown.caller());
    }

    /**
     * As {@link #mod}, but only if the timer is pending ({@code mod_timer_pending}, M3).
     *
     * @param deadline a {@link System#nanoTime}
     * @return whether it was pending
     * @throws java.util.concurrent.RejectedExecutionException as {@link #mod}
     */
    public final boolean modPending(long deadline) {
        return modAnyhow(ticks.ceil(deadline), WorkState.Arm.PENDING);
    }

    /**
     * As {@link #mod}, but only ever makes the deadline earlier ({@code timer_reduce}, M4).
     *
     * @param deadline a {@link System#nanoTime}
     * @return whether it was pending; if not, it is now, unless it is shut down
     * @throws java.util.concurrent.RejectedExecutionException as {@link #mod}
     */
    public final boolean reduce(long deadline) {
        Found found = armHere(ticks.ceil(deadline), WorkState.Arm.ANY, true);
        return found == Found.GENERAL ? reduceGenerally(deadline) : found == Found.PENDING;
    }

    private boolean reduceGenerally(long deadline) {
        revoke();
        for (;;) {
            long s = shot.state();
            if (WorkState.isTimed(s)) {
                shot.countdown.shorten(WorkState.generation(s), ticks.ceil(deadline));
                return true;
            }
            if (WorkState.isPending(s)) {
                return true;
            }
            Carrier caller = shot.countdown.caller();
            long tick = ticks.ceil(deadline);
            if (queue.armAt(shot.countdown, runtime.localCpu(caller), tick, caller) || isShutDown) {
                return false;
            }
            if (WorkState.isDisabled(shot.state())) {
                return false; // somebody is in deleteSync
            }
        }
    }

    /**
     * Takes the timer back; a callback that runs goes on ({@code timer_delete}, M6).
     *
     * @return whether it was pending
     */
    public final boolean delete() {
        Found found = cancelInPlace();
        return found == Found.GENERAL ? deleteAnyhow() : found == Found.PENDING;
    }

    private boolean deleteAnyhow() {
        Found found = cancelHere(false);
        return found == Found.GENERAL ? deleteGenerally() : found == Found.PENDING;
    }

    /** @param andQuiet only if no callback runs; none starts as long as the caller owns the CPU */
    private Found cancelHere(boolean andQuiet) {
        if (isFresh()) {
            return Found.IDLE;
        }
        Timers at = biasedTo(runtime);
        Tenure held = at == null ? null : at.hold();
        if (at == null || held == null) {
            return Found.GENERAL;
        }
        try {
            return andQuiet && shot.isRunning() ? Found.GENERAL : cancel(at);
        } finally {
            held.release();
        }
    }

    private boolean deleteGenerally() {
        revoke();
        return shot.cancel();
    }

    /**
     * Takes the timer back and waits for a callback that runs ({@code timer_delete_sync}, M8, M15). While it waits, the
     * timer is not armed by anybody, by the callback neither. Afterwards it can be armed again. An interrupt does not
     * end the wait; the flag is kept.
     *
     * @return whether it was pending
     * @throws WorkDeadlockException if called by the callback itself, or by a handler that the callback waits for
     */
    public final boolean deleteSync() {
        Found found = cancelHere(true);
        if (found != Found.GENERAL) {
            return found == Found.PENDING;
        }
        revoke();
        return shot.cancelSync();
    }

    /**
     * As {@link #delete}, and from now on the timer is not armed by anybody: such calls are ignored and return false
     * ({@code timer_shutdown}, M9). It stays so.
     *
     * @return whether it was pending
     */
    public final boolean shutdown() {
        revoke();
        boolean wasPending = shot.disable();
        if (!SHUT_DOWN.compareAndSet(this, false, true)) {
            shot.enable(); // somebody else's call keeps it disabled
        }
        return wasPending;
    }

    /**
     * As {@link #shutdown}, and waits for a callback that runs ({@code timer_shutdown_sync}).
     *
     * @return whether it was pending
     * @throws WorkDeadlockException as {@link #deleteSync}
     */
    public final boolean shutdownSync() {
        boolean wasPending = shutdown();
        return shot.cancelSync() || wasPending;
    }

    /**
     * Whether the timer is armed and its callback has not started: a snapshot ({@code timer_pending}, M10).
     *
     * @return true if pending
     */
    public final boolean isPending() {
        return isArmed() || shot.isPending() || isArmed(); // the item's instance may just have been armed anew
    }

    /**
     * Whether the callback runs now: a snapshot.
     *
     * @return true if running
     */
    public final boolean isRunning() {
        return shot.isRunning();
    }

    /** What is called: the class of the timer, or of its callback; for reports. */
    Class<?> function() {
        return getClass();
    }

    @Override
    public String toString() {
        return getClass().getName() + '@' + Integer.toHexString(System.identityHashCode(this))
                + (isPending() ? " pending" : "") + (shot.isRunning() ? " running" : "")
                + (isShutDown ? " shut down" : "");
    }

    // ---- the alarm's ----

    /** Where its callbacks run. */
    final Workqueue queueOfCallbacks() {
        return queue;
    }

    @Override
    final boolean isQueued() {
        return shot.isPending();
    }

    @Override
    final boolean unqueue() {
        return WorkState.isPending(shot.unpend());
    }

    @Override
    final long queue() {
        return shot.pend();
    }

    @Override
    final void queued(Timers timers, long found) {
        assert !WorkState.refuses(found);
        queue.expired(shot, found, WorkState.generation(found) + 1, timers.cpu);
    }

    @Override
    final void inherit(Timers from, long tick) {
        shot.countdown.inherit(queue, from, tick, this);
    }

    /** The item that is queued to the BH lane when the deadline has come. */
    private static final class Shot extends DelayedWork {
        private final SoftTimer timer;

        Shot(SoftTimer timer, boolean deferrable) {
            super(deferrable);
            this.timer = timer;
        }

        @Override
        protected void run() throws Exception {
            timer.expired();
        }

        @Override
        Class<?> function() {
            return timer.function();
        }

        @Override
        public String toString() {
            return timer.toString();
        }
    }

    /** A timer with a callback. */
    private static final class CallbackTimer extends SoftTimer {
        private final Callback callback;

        CallbackTimer(WorkRuntime runtime, boolean deferrable, Callback callback) {
            super(runtime, deferrable);
            this.callback = callback;
        }

        @Override
        protected void expired() throws Exception {
            callback.expired(this);
        }

        @Override
        Class<?> function() {
            return callback.getClass();
        }

        @Override
        public String toString() {
            return super.toString() + " of " + callback;
        }
    }
}
