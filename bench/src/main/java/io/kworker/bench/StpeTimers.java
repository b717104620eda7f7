// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** {@code ScheduledThreadPoolExecutor} with one thread; cancelled timers leave its heap. */
final class StpeTimers implements TimerPeer {
    private final ScheduledThreadPoolExecutor executor;

    StpeTimers(PeerThreads threads) {
        executor = newPool(threads, 1);
    }

    static ScheduledThreadPoolExecutor newPool(PeerThreads threads, int count) {
        ScheduledThreadPoolExecutor pool = new ScheduledThreadPoolExecutor(count, threads);
        pool.setRemoveOnCancelPolicy(true);
        pool.prestartAllCoreThreads();
        return pool;
    }

    @Override
    public TimerItem newItem(TimerLog log) {
        return new TimerItem(log);
    }

    @Override
    public void arm(TimerItem item, long deadline, long now) {
        item.handle = executor.schedule(item, deadline - now, TimeUnit.NANOSECONDS);
    }

    @Override
    public boolean cancel(TimerItem item) {
        return item.handle instanceof Future<?> future && future.cancel(false);
    }

    @Override
    public boolean armAndCancel(TimerItem item, long deadline, long now) {
        return executor.schedule(item, deadline - now, TimeUnit.NANOSECONDS).cancel(false);
    }

    @Override
    public void close() {
        executor.shutdownNow();
        executor.close();
    }
}
