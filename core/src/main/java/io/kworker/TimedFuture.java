// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The future of a task with a delay: one that is cancelled while it waits is taken back at once, its timer too. */
final class TimedFuture<V extends @Nullable Object> extends TaskFuture<V> implements RunnableScheduledFuture<V> {
    /** The longest delay, half of what there is, so that deadlines can be compared. */
    private static final long MAX_DELAY = Long.MAX_VALUE >> 1;

    /** I: nanoseconds; positive for a fixed rate, negative for a fixed delay, 0 for once. */
    private final long period;

    /** S: by who makes it, then by its runs: a {@link System#nanoTime}. */
    private volatile long due;

    TimedFuture(Callable<V> callable, long delay) {
        super(callable);
        this.period = 0;
        this.due = after(delay);
    }

    TimedFuture(Runnable runnable, V value, long delay, long period) {
        super(runnable, value);
        this.period = period;
        this.due = after(delay);
    }

    private static long after(long delay) {
        return System.nanoTime() + Math.clamp(delay, 0, MAX_DELAY);
    }

    long due() {
        return due;
    }

    @Override
    public boolean isPeriodic() {
        return period != 0;
    }

    @Override
    public long getDelay(TimeUnit unit) {
        return unit.convert(due - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
        return other instanceof TimedFuture<?> timed ? Long.signum(due - timed.due)
                : Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }

    /** For whoever has it from {@code shutdownNow}: runs it once. */
    @Override
    public void run() {
        if (isPeriodic()) {
            runAndReset();
        } else {
            super.run();
        }
    }

    /** Its worker. True where it is to run again, at {@link #due}. */
    boolean fire() {
        boolean again = false;
        if (!isPeriodic()) {
            super.run();
        } else if (runAndReset()) {
            due = period > 0 ? due + Math.min(period, MAX_DELAY) : after(-period);
            again = true;
        }
        return again;
    }
}
