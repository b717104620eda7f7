// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.Delayed;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of a timed wait of a virtual thread: of a handler that sleeps, or of a thread that one has started. What is
 * to be done then must be done on a platform thread (the JDK asserts it): where a worker finds it due, it leaves it to
 * its carrier.
 *
 * <p>As an operation it wants to lie in the wheel, or to leave it.
 */
final class Sleep extends Alarm implements ScheduledFuture<@Nullable Void>, Delivery, Timers.Operation {
    private final Timers timers;
    private final Runnable wakeUp;

    /** C: the worker that sleeps; null where it is a thread that a handler has started, or is not known. */
    private @Nullable Worker sleeper;

    /** M: by whoever runs the continuation of the thread. */
    private volatile boolean isCancelled;

    /** C: it is over. */
    private boolean isOver;

    /** S: by the last owner: where it goes on, when the CPU has none any more. */
    private volatile @Nullable Future<?> movedTo;

    private Sleep(Timers timers, Runnable wakeUp, long tick) {
        this.timers = timers;
        this.wakeUp = wakeUp;
        this.tick = tick;
    }

    /** Any carrier, or whoever runs a continuation in its place. Never blocks. */
    static Sleep begin(Timers timers, Runnable wakeUp, long nanos) {
        Sleep sleep = new Sleep(timers, wakeUp, timers.ticks.after(System.nanoTime(), nanos));
        Carrier carrier = Carrier.holding(timers.cpu);
        if (carrier == null) {
            timers.submit(sleep, sleep.tick);
        } else {
            try {
                sleep.sleeper = carrier.mounted();
                timers.set(sleep, sleep.tick, false);
            } finally {
                carrier.tenure.release();
            }
        }
        return sleep;
    }

    @Override
    public void apply(Timers of) {
        if (isCancelled || isOver) { // by its own CPU it may be over before it arrives
            leave();
        } else {
            of.set(this, tick, false);
        }
    }

    private void leave() {
        isOver = true;
        if (isSet()) {
            timers.wheel(false).remove(this);
        }
        Future<?> elsewhere = movedTo;
        if (elsewhere != null) {
            elsewhere.cancel(false);
        }
    }

    @Override
    void expire(Timers of) {
        isOver = true;
        if (Thread.currentThread().isVirtual()) {
            of.cpu.setAside(this);
        } else {
            deliver();
        }
    }

    @Override
    public void deliver() {
        Worker worker = sleeper;
        if (worker != null && Thread.currentThread() instanceof Carrier carrier) {
            carrier.wake(worker, wakeUp);
        } else {
            wakeUp.run();
        }
    }

    /** The CPU has no owner any more: the JDK's timer takes over. */
    void moveOut(Timers of) {
        isOver = true;
        long left = of.ticks.until(tick, System.nanoTime());
        movedTo = CarrierScheduler.jdksOwn().schedule(wakeUp, Math.max(left, 0), TimeUnit.NANOSECONDS);
    }

    // ---- what the JDK does with it ----

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        Future<?> elsewhere = movedTo;
        if (elsewhere != null) {
            return elsewhere.cancel(mayInterruptIfRunning);
        }
        if (isOver) { // also where that is read too late: then the alarm goes off in vain
            return false;
        }
        Carrier carrier = Carrier.holding(timers.cpu);
        if (carrier == null) {
            isCancelled = true;
            timers.submit(this, Long.MAX_VALUE);
        } else {
            try {
                leave();
            } finally {
                carrier.tenure.release();
            }
        }
        return true;
    }

    @Override
    public boolean isCancelled() {
        return isCancelled;
    }

    @Override
    public boolean isDone() {
        return isOver;
    }

    @Override
    public @Nullable Void get() {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable Void get(long timeout, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long getDelay(TimeUnit unit) {
        return unit.convert(timers.ticks.until(tick, System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
        return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
}
