// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The same with timers; see {@link Workqueue#asScheduledExecutorService(Bound)}. */
final class ScheduledView extends View implements ScheduledExecutorService {
    ScheduledView(Workqueue workqueue, Bound bound) {
        super(workqueue, bound);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        Objects.requireNonNull(command, "command");
        return submitted(new TimedFuture<@Nullable Void>(command, null, unit.toNanos(delay)));
    }

    @Override
    public <V extends @Nullable Object> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return submitted(new TimedFuture<>(callable, unit.toNanos(delay)));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        Objects.requireNonNull(command, "command");
        return submit(command, unit.toNanos(initialDelay), positive("period", period, unit));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        Objects.requireNonNull(command, "command");
        return submit(command, unit.toNanos(initialDelay), -positive("delay", delay, unit));
    }

    private static long positive(String what, long time, TimeUnit unit) {
        if (time <= 0) {
            throw new IllegalArgumentException("the " + what + " must be positive, not " + time + " " + unit);
        }
        return unit.toNanos(time);
    }

    private ScheduledFuture<?> submit(Runnable command, long delay, long period) {
        return submitted(new TimedFuture.Periodic<@Nullable Void>(command, null, delay, period));
    }

    private <F extends TimedFuture<?>> F submitted(F future) {
        takePlaceOrReject();
        TimedTask task;
        try {
            task = new TimedTask(this, future);
        } catch (Throwable t) { // out of memory
            placeIsFree();
            throw t;
        }
        future.isExecutedBy(task);
        submit(task);
        return future;
    }
}
