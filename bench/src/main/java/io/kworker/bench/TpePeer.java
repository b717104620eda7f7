// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** {@code ThreadPoolExecutor} with one thread. */
final class TpePeer implements Peer {
    private final ThreadPoolExecutor executor;

    TpePeer(PeerThreads threads) {
        executor = newPool(threads, 1);
    }

    static ThreadPoolExecutor newPool(PeerThreads threads, int count) {
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(count, count, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        pool.prestartAllCoreThreads();
        return pool;
    }

    @Override
    public void submit(Item item) {
        executor.execute(item);
    }

    @Override
    public void close() {
        executor.close();
    }
}
