// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A work item with a timer: it can be queued after a delay, or again and again (the kernel's
 * {@code struct delayed_work}).
 *
 * <p>From the call that arms the timer until its run starts, the item is pending: to queue it again is refused, and
 * {@link #cancel}, {@link #cancelSync}, {@link #disable} and {@link #disableSync} take back the timer as well as the
 * queued instance. {@link #flush} does not wait for a timer, {@link #flushDelayed} ends it. Without a delay it is an
 * item like any other.
 *
 * <p>A timer costs no allocation where it is armed on its own CPU, or again for that from elsewhere by one thread at a
 * time; a small message where it goes to another CPU or is hurried. It is never early, and late by at most one tick of
 * the runtime ({@link WorkRuntime.Builder#timerResolution}) and the time that the CPU needs to get to it (J17). It lies
 * in the wheel of the CPU that it was armed on, which is also where the item is queued then (J9).
 */
public abstract class DelayedWork extends Work {
    private static final VarHandle RECURRENCE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "recurrence", VarHandle.class, DelayedWork.class, Recurrence.class);

    /** For so long a handler waits for an item to be queued that it has hurried. */
    private static final long QUEUEING_NANOS = 20_000_000;

    /** I. */
    final PostedCountdown countdown;

    /** M: how it recurs; null where it does not. */
    private volatile @Nullable Recurrence recurrence;

    /** S: by the runs: runs that were left out, because the one before them was not over. */
    private volatile long overruns;

    /** Makes an idle item. */
    protected DelayedWork() {
        this(false);
    }

    /**
     * Makes an idle item.
     *
     * @param deferrable whether its timer is in no hurry ({@code INIT_DEFERRABLE_WORK}): it does not wake a sleeping
     *     CPU, and expires when that is awake for another reason, as late as that may be
     */
    @SuppressWarnings("this-escape") // it is kept, and not called
    protected DelayedWork(boolean deferrable) {
        countdown = new PostedCountdown(this, deferrable);
    }

    /**
     * Makes an item from a handler.
     *
     * @param handler what to run
     * @return an idle item
     * @throws NullPointerException if {@code handler} is null
     */
    public static DelayedWork of(Handler handler) {
        return new HandlerDelayedWork(Objects.requireNonNull(handler, "handler"), false);
    }

    /**
     * The same with a timer that is in no hurry: see {@link #DelayedWork(boolean)}.
     *
     * @param handler what to run
     * @return an idle item
     * @throws NullPointerException if {@code handler} is null
     */
    public static DelayedWork deferrable(Handler handler) {
        return new HandlerDelayedWork(Objects.requireNonNull(handler, "handler"), true);
    }

    /**
     * Queues the item after a delay to the system queue of the {@linkplain WorkRuntime#shared shared runtime}
     * ({@code schedule_delayed_work}).
     *
     * @param nanos as {@link Workqueue#queueDelayed(DelayedWork, long)}
     * @return as there
     */
    public final boolean scheduleDelayed(long nanos) {
        return WorkRuntime.shared().system().queueDelayed(this, nanos);
    }

    /**
     * The same.
     *
     * @param delay as {@link Workqueue#queueDelayed(DelayedWork, Duration)}
     * @return as there
     * @throws NullPointerException if {@code delay} is null
     */
    public final boolean scheduleDelayed(Duration delay) {
        return WorkRuntime.shared().system().queueDelayed(this, delay);
    }

    /**
     * Ends the wait of the timer, if there is one, so that the item is queued now; then waits for it as {@link #flush}
     * does ({@code flush_delayed_work}).
     *
     * @return true if there was something to wait for; false if the item was idle
     * @throws WorkDeadlockException as {@link #flush}
     */
    public final boolean flushDelayed() {
        refuseSelfWait("flushDelayed");
        long s = state();
        if (!isTimed(s)) {
            return flush();
        }
        countdown.shorten(generation(s), 0);
        awaitQueueing(generation(s));
        return flush("flushDelayed", s);
    }

    /**
     * A handler that is about to wait gives the owner of the wheel a while to queue the item: only then it can be told
     * that the item would wait for the handler (J6).
     */
    private void awaitQueueing(int generation) {
        Run run = Run.current();
        if (run == null || !countsDown(generation)) {
            return;
        }
        long start = System.nanoTime();
        while (countsDown(generation) && System.nanoTime() - start < QUEUEING_NANOS) {
            if (run.isAtomic()) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /**
     * Whether the item waits for its timer: a snapshot.
     *
     * @return true if so
     */
    public final boolean isTimed() {
        return isTimed(state());
    }

    /**
     * How often a recurring item was not run because its run before that took too long.
     *
     * @return runs left out since the item was made
     */
    public final long overruns() {
        return overruns;
    }

    // ---- recurrence ----

    /** From one run to the next. */
    private static final class Recurrence {
        /*
         * state   PROPOSED --settle (who has armed the first instance, or a run that goes by it, CAS)--> IN_FORCE
         *         PROPOSED --withdraw (who could not arm it, CAS)--> WITHDRAWN
         *
         * It is proposed before the first instance is armed, since the run of that may be over at once. A run that ends
         * meanwhile goes by it too, and so puts it in force.
         */
        private static final int PROPOSED = 0;
        private static final int IN_FORCE = 1;
        private static final int WITHDRAWN = 2;

        private static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), "state", VarHandle.class, Recurrence.class, int.class);

        /** I. */
        private final long period;

        /** S: by who settles it; what is in force while it is not. */
        private volatile @Nullable Recurrence before;

        /** M. */
        private volatile int state;

        /** W: by who begins it, then by the runs: the moment that the next run is wanted at. */
        private long due;

        Recurrence(long period, @Nullable Recurrence before) {
            this.period = Math.min(period, Long.MAX_VALUE / 2); // a sum with the time of day must not overflow
            this.before = before;
            this.due = System.nanoTime() + this.period;
        }

        /** True where it is in force from now on, or was. */
        boolean settle() {
            boolean inForce = STATE.compareAndSet(this, PROPOSED, IN_FORCE) || state == IN_FORCE;
            if (inForce && before != null) {
                before = null;
            }
            return inForce;
        }

        /** False where it is in force. */
        boolean withdraw() {
            return STATE.compareAndSet(this, PROPOSED, WITHDRAWN);
        }

        /** The next run is wanted at the first multiple of the period that is not past; the number left out. */
        long advance(long now) {
            long late = now - due;
            if (late < 0) {
                return 0; // somebody else has had it run before its time
            }
            long missed = late / period;
            due += (missed + 1) * period;
            return missed;
        }
    }

    /**
     * Begins to recur, if it can be armed for the first time.
     *
     * @param arm arms it for a moment, and returns the state found
     */
    final boolean recur(long nanos, LongUnaryOperator arm) {
        for (;;) {
            Recurrence before = recurrence;
            Recurrence next = new Recurrence(nanos, before);
            long due = next.due;
            if (!RECURRENCE.compareAndSet(this, before, next)) {
                continue;
            }
            long found;
            try {
                found = arm.applyAsLong(due);
            } catch (Throwable t) {
                withdraw(next);
                throw t;
            }
            if (refuses(found)) {
                return !withdraw(next);
            }
            next.settle();
            if (isInForce(next) || !takeBack(generation(found) + 1)) {
                return true;
            } // ended by someone who came before it was armed: that does not count
        }
    }

    private boolean withdraw(Recurrence proposed) {
        boolean withdrawn = proposed.withdraw();
        if (withdrawn) {
            RECURRENCE.compareAndSet(this, proposed, proposed.before);
        }
        return withdrawn;
    }

    /** Whether nobody has ended it; a proposal does not, until it is settled. */
    private boolean isInForce(Recurrence which) {
        Recurrence r = recurrence;
        while (r != null && r != which) {
            r = r.before;
        }
        return r != null;
    }

    @Override
    final boolean endRecurrence() {
        boolean recurs = recurrence != null;
        if (recurs) {
            recurrence = null;
        }
        return recurs;
    }

    /** It ends the recurrence too. */
    @Override
    final boolean revoke(int generation) {
        Recurrence r = recurrence;
        boolean revoked = unpend(generation);
        if (revoked && r != null) {
            RECURRENCE.compareAndSet(this, r, null); // not one that has begun since
        }
        return revoked;
    }

    /**
     * Whoever has run the handler, before the run is over. The next instance is armed before the end of this one, so
     * that whoever waits for that end, with the item disabled, finds it refused.
     */
    @Override
    final void ran(Workqueue workqueue) {
        Recurrence r = recurrence;
        while (r != null && !r.settle()) {
            r = r.before;
        }
        if (r == null) {
            return;
        }
        long before = overruns;
        overruns = before + r.advance(System.nanoTime());
        long found = workqueue.recur(this, r.due);
        if (!refuses(found) && !isInForce(r)) { // ended by someone who came before it was pending
            takeBack(generation(found) + 1);
        }
    }

    @Override
    final void timerOver(int generation) {
        countdown.over(generation);
    }

    /** An item with a handler. */
    private static final class HandlerDelayedWork extends DelayedWork {
        private final Handler handler;

        HandlerDelayedWork(Handler handler, boolean deferrable) {
            super(deferrable);
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
