// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/** A task that waits for a timer before it runs, perhaps again and again. */
final class TimedTask extends Task {
    private final boolean isPeriodic;
    private final Countdown countdown = Countdown.ofMaker(this);

    TimedTask(View view, TimedFuture<?> future) {
        super(view, future);
        this.isPeriodic = future.isPeriodic();
    }

    /** Null once it is over: nothing of the user's is kept then, neither a result. */
    private @Nullable TimedFuture<?> future() {
        return (TimedFuture<?>) body;
    }

    @Override
    protected void run() {
        fire();
    }

    @Override
    long warmUp() {
        TimedFuture<?> future = future();
        return state() + (future != null && future.isDone() ? 1 : 0);
    }

    @Override
    void timerOver(int generation) {
        countdown.over(generation);
    }

    @Override
    void sweptAway() {
        cancelIdle();
    }

    @Override
    void refused(Workqueue workqueue, RuntimeException rejection) {
        if (view.state() == View.OPEN) { // it is being drained; who closes it has ended its executors
            super.refused(workqueue, rejection);
        }
        cancelIdle();
    }

    @Override
    void queue(int cpu) {
        TimedFuture<?> future = future();
        assert future != null;
        arm(future, cpu);
    }

    /** False where someone has disabled the item. */
    private boolean arm(TimedFuture<?> future, int cpu) {
        Workqueue workqueue = view.workqueue;
        return future.isPast() ? workqueue.queue(this, cpu)
                : workqueue.armAt(countdown, cpu, workqueue.runtime().ticks().ceil(future.due()), countdown.caller());
    }

    /** By default what is delayed runs after a shutdown, and what is periodic does not. */
    @Override
    boolean isRefusedBy(int state) {
        return state >= (isPeriodic ? View.SHUT : View.STOPPED);
    }

    /** Worker. */
    private void fire() {
        if (!(enter() instanceof TimedFuture<?> future)) {
            return;
        }
        boolean again = false;
        try {
            again = !isCancelledByShutdown(future) && future.fire();
        } finally {
            if (again) {
                leaveForNow();
                armAgain(future);
            } else {
                leaveForGood();
            }
        }
    }

    private boolean isCancelledByShutdown(TimedFuture<?> future) {
        boolean isRefused = isRefusedBy(view.state());
        if (isRefused) {
            future.cancel(false);
        }
        return isRefused;
    }

    /*
     * Cancel against re-arming:   worker      arm (CAS of the item's state) ; read the future's state, and the view's
     *                             canceller   change either of them         ; take back the instance
     *
     * One of the two finds the other's, and one of them gets the instance: what shutdownNow has got it returns, and it
     * is not cancelled here.
     */
    private void armAgain(TimedFuture<?> future) {
        boolean isArmed = false;
        try {
            isArmed = arm(future, view.workqueue.runtime().localCpu());
        } finally {
            if (!isArmed) { // disabled, or the workqueue is closed or being drained, or out of memory
                cancelIdle();
            }
        }
        if (isArmed && (future.isDone() || isRefusedBy(view.state())) && claim()) {
            future.cancel(false);
            end();
        }
    }

    /** Whoever knows that no instance is left. */
    private void cancelIdle() {
        if (endIdle()) {
            TimedFuture<?> future = future();
            assert future != null;
            future.cancel(false);
            end();
        }
    }
}
