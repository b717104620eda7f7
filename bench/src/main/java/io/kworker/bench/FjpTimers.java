// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** {@code ForkJoinPool.schedule}, with one thread to run what is due, and the one that sees to the deadlines. */
final class FjpTimers implements TimerPeer {
    private final ForkJoinPool pool;

    FjpTimers(PeerThreads threads) {
        pool = newPool(threads, 1);
    }

    static ForkJoinPool newPool(PeerThreads threads, int count) {
        ForkJoinPool pool = FjpPeer.newPool(threads, count);
        CompletableFuture<Void> ran = new CompletableFuture<>();
        Thread starter = threads.newThread(() -> pool.schedule(() -> ran.complete(null), 1, TimeUnit.NANOSECONDS));
        starter.start(); // the thread that sees to the deadlines inherits its CPU
        PeerThreads.join(starter);
        ran.join();
        ThreadMasks.all().stream().filter(thread -> thread.name().startsWith("ForkJoinPool"))
                .forEach(thread -> threads.adopt(thread.threadId()));
        return pool;
    }

    @Override
    public TimerItem newItem(TimerLog log) {
        return new TimerItem(log);
    }

    @Override
    public void arm(TimerItem item, long deadline, long now) {
        item.handle = pool.schedule(item, deadline - now, TimeUnit.NANOSECONDS);
    }

    @Override
    public boolean cancel(TimerItem item) {
        return item.handle instanceof Future<?> future && future.cancel(false);
    }

    @Override
    public boolean armAndCancel(TimerItem item, long deadline, long now) {
        return pool.schedule(item, deadline - now, TimeUnit.NANOSECONDS).cancel(false);
    }

    @Override
    public void close() {
        pool.shutdownNow();
        pool.close();
    }
}
