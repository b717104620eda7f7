// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** A task that waits for a timer before it runs, perhaps again and again. Its item is the trigger. */
final class TimedTask extends Task {
    private final TimedFuture<?> future;
    private final Trigger trigger = new Trigger(this);

    TimedTask(View view, TimedFuture<?> future) {
        super(view, future);
        this.future = future;
    }

    /** What is queued: it has the timer. */
    static final class Trigger extends DelayedWork {
        private final TimedTask task;

        private Trigger(TimedTask task) {
            this.task = task;
        }

        TimedTask task() {
            return task;
        }

        @Override
        protected void run() {
            task.fire();
        }

        @Override
        void sweptAway() {
            task.cancelIdle();
        }

        @Override
        void refused(Workqueue workqueue, RuntimeException rejection) {
            if (task.view.state() == View.OPEN) { // it is being drained; who closes it has ended its executors
                super.refused(workqueue, rejection);
            }
            task.cancelIdle();
        }
    }

    @Override
    Work item() {
        return trigger;
    }

    @Override
    void queue(int cpu) {
        arm(cpu);
    }

    /** False where someone has disabled the item. */
    private boolean arm(int cpu) {
        Workqueue workqueue = view.workqueue;
        return future.isPast() ? workqueue.queue(trigger, cpu)
                : workqueue.armAt(trigger, cpu, workqueue.runtime().ticks().ceil(future.due()),
                        trigger.countdown.caller());
    }

    /** By default what is delayed runs after a shutdown, and what is periodic does not. */
    @Override
    boolean isRefusedBy(int state) {
        return state >= (future.isPeriodic() ? View.SHUT : View.STOPPED);
    }

    /** Worker. */
    private void fire() {
        if (enter() == null) {
            return;
        }
        boolean again = false;
        try {
            again = !isCancelledByShutdown() && future.fire();
        } finally {
            if (again) {
                leaveForNow();
                armAgain();
            } else {
                leaveForGood();
            }
        }
    }

    private boolean isCancelledByShutdown() {
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
     * One of the two finds the other's, and one of them gets the instance.
     */
    private void armAgain() {
        boolean isArmed = false;
        try {
            isArmed = arm(view.workqueue.runtime().localCpu());
        } finally {
            if (!isArmed) { // disabled, or the workqueue is closed or being drained, or out of memory
                cancelIdle();
            }
        }
        if (isArmed && (future.isDone() || isRefusedBy(view.state()))) {
            future.cancel(false);
            withdraw();
        }
    }

    /** Whoever knows that no instance is left. */
    private void cancelIdle() {
        if (endIdle()) {
            future.cancel(false);
            end();
        }
    }
}
