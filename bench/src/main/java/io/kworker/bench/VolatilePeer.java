// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import org.jspecify.annotations.Nullable;

/**
 * Two volatile fields, one each way: the limit of the machine. It cannot carry an item, so it runs the first one that
 * it was given, again and again.
 */
final class VolatilePeer implements Peer {
    private static final long STOP = -1;

    private final PaddedCounter request = new PaddedCounter();
    private final Thread consumer;
    private @Nullable Item item;

    VolatilePeer(PeerThreads threads) {
        consumer = threads.newThread(this::consume);
        consumer.start();
    }

    @Override
    public void submit(Item next) {
        if (item == null) {
            item = next;
        }
        request.increment();
    }

    private void consume() {
        long last = 0;
        for (;;) {
            long seen = request.get();
            if (seen == STOP) {
                return;
            }
            if (seen == last) {
                Thread.onSpinWait();
            } else {
                last = seen;
                item.run();
            }
        }
    }

    @Override
    public void close() {
        request.set(STOP);
        PeerThreads.join(consumer);
    }
}
