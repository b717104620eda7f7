// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;

/** {@code ForkJoinPool} with one thread, in FIFO mode. */
final class FjpPeer implements Peer {
    private final ForkJoinPool pool;

    FjpPeer(PeerThreads threads) {
        pool = newPool(threads);
    }

    static ForkJoinPool newPool(PeerThreads threads) {
        return newPool(threads, 1);
    }

    static ForkJoinPool newPool(PeerThreads threads, int count) {
        return new ForkJoinPool(count, owner -> new Worker(owner, threads), null, true);
    }

    @Override
    public void submit(Item item) {
        pool.execute(item);
    }

    @Override
    public void close() {
        pool.close();
    }

    private static final class Worker extends ForkJoinWorkerThread {
        private final PeerThreads threads;

        Worker(ForkJoinPool pool, PeerThreads threads) {
            super(pool);
            this.threads = threads;
        }

        @Override
        protected void onStart() {
            super.onStart();
            threads.settle();
        }
    }
}
