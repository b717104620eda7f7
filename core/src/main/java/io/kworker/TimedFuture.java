// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The future of a task with a delay: one that is cancelled while it waits is taken back at once, its timer too. */
class TimedFuture<V extends @Nullable Object> extends TaskFuture<V> implements RunnableScheduledFuture<V> {
    /** The longest delay, half of what there is, so that deadlines can be compared. */
    private static final long MAX_DELAY = Long.MAX_VALUE >> 1;

    private static final VarHandle DUE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "due", VarHandle.class, TimedFuture.class, long.class);

    /** S: by who makes it, then by its runs: a {@link System#nanoTime}. */
    private long due;

    /** W: by who makes it, then by its runs: the next run is to come at once. */
    private boolean isPast;

    TimedFuture(Callable<V> callable, long delay) {
        super(callable);
        delayBy(delay);
    }

    TimedFuture(Runnable runnable, V value, long delay) {
        super(runnable, value);
        delayBy(delay);
    }

    /** Nanoseconds; positive for a fixed rate, negative for a fixed delay, 0 for once. */
    long period() {
        return 0;
    }

    /** So long after now. */
    private void delayBy(long delay) {
        isPast = delay <= 0;
        DUE.setOpaque(this, System.nanoTime() + Math.clamp(delay, 0, MAX_DELAY));
    }

    /** So long after the run before was due, whenever that came. */
    private void advanceBy(long time) {
        long next = due + Math.min(time, MAX_DELAY);
        isPast = next - System.nanoTime() <= 0;
        DUE.setOpaque(this, next);
    }

    final long due() {
        return (long) DUE.getOpaque(this);
    }

    /** Who arms it. Whether the next run is to come at once: so that nobody has to read the clock again. */
    final boolean isPast() {
        return isPast;
    }

    @Override
    public final boolean isPeriodic() {
        return period() != 0;
    }

    @Override
    public final long getDelay(TimeUnit unit) {
        return unit.convert(due() - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    @Override
    public final int compareTo(Delayed other) {
        return other instanceof TimedFuture<?> timed ? Long.signum(due() - timed.due())
                : Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }

    /** For whoever has it from {@code shutdownNow}: runs it once. */
    @Override
    public final void run() {
        if (isPeriodic()) {
            runAndReset();
        } else {
            super.run();
        }
    }

    /** Its worker. True where it is to run again, at {@link #due}. */
    final boolean fire() {
        boolean again = false;
        if (!isPeriodic()) {
            super.run();
        } else if (runAndReset()) {
            long period = period();
            if (period > 0) {
                advanceBy(period);
            } else {
                delayBy(-period);
            }
            again = true;
        }
        return again;
    }

    /** That of a task that runs again and again; one that runs once is as small as can be. */
    static final class Periodic<V extends @Nullable Object> extends TimedFuture<V> {
        private final long period;

        /** @param period as {@link TimedFuture#period} */
        Periodic(Runnable runnable, V value, long delay, long period) {
            super(runnable, value, delay);
            this.period = period;
        }

        @Override
        long period() {
            return period;
        }
    }
}
