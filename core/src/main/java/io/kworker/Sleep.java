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
 *
 * <p>A worker uses its sleep again once that is over and nobody refers to it any more but the JDK: that lets go of it
 * as it mounts the thread, before the next wait begins.
 */
final class Sleep extends Alarm implements ScheduledFuture<@Nullable Void>, Delivery, Timers.Operation {
    private final Timers timers;

    /** C: the JDK's, for the wait that this is the end of. */
    private Runnable wakeUp;

    /** C: the worker that sleeps; null where it is a thread that a handler has started, or is not known. */
    private @Nullable Worker sleeper;

    /** M: by whoever runs the continuation of the thread: then it is on its way by the ring of operations. */
    private volatile boolean isCancelled;

    /** C: it is over. */
    private boolean isOver;

    /** C: it is over, and neither in the wheel nor among the messages of the carrier. */
    private boolean isSpent;

    /** S: by the last owner: where it goes on, when the CPU has none any more. */
    private volatile @Nullable Future<?> movedTo;

    private Sleep(Timers timers, Runnable wakeUp, long tick) {
        this.timers = timers;
        this.wakeUp = wakeUp;
        this.tick = tick;
    }

    /** Any carrier, or whoever runs a continuation in its place. Never blocks. */
    static Sleep begin(Timers timers, Runnable wakeUp, long nanos) {
        long tick = timers.ticks.after(System.nanoTime(), nanos);
        Carrier carrier = Carrier.holding(timers.cpu);
        if (carrier == null) {
            Sleep sleep = new Sleep(timers, wakeUp, tick);
            timers.submit(sleep, tick);
            return sleep;
        }
        try {
            Worker sleeper = carrier.mounted();
            Sleep sleep = sleeper == null ? new Sleep(timers, wakeUp, tick) : of(sleeper, timers, wakeUp, tick);
            timers.set(sleep, tick, false);
            return sleep;
        } finally {
            carrier.tenure.release();
        }
    }

    /** Owner. That of a worker: the one it had before, if that may be used again. */
    private static Sleep of(Worker sleeper, Timers timers, Runnable wakeUp, long tick) {
        Sleep before = sleeper.sleep;
        if (before != null && before.mayBeUsedAgain()) {
            before.isSpent = false;
            before.isOver = false;
            before.wakeUp = wakeUp;
            return before;
        }
        Sleep sleep = new Sleep(timers, wakeUp, tick);
        sleep.sleeper = sleeper;
        sleeper.sleep = sleep;
        return sleep;
    }

    /** Owner. Whoever cancelled it from elsewhere did so as the sleeper's thread was mounted, so that is seen. */
    private boolean mayBeUsedAgain() {
        return isSpent && !isCancelled;
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
            isSpent = true;
        }
        Future<?> elsewhere = movedTo;
        if (elsewhere != null) {
            elsewhere.cancel(false);
        }
    }

    @Override
    long warmUp() {
        Worker worker = sleeper;
        return worker == null ? 0 : worker.warmUp();
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
            isSpent = true;
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
