// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import org.jctools.queues.MessagePassingQueue;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;

/** The bare JCTools ring and one spinning consumer: what kworker's queueing is built on, without an executor. */
final class RingPeer implements Peer {
    private static final int CAPACITY = 2 * ThroughputRound.WINDOW;
    private static final int BATCH = 64;
    private static final MessagePassingQueue.Consumer<Item> RUN = Item::run;

    private final MpscVarHandleArrayQueue<Item> ring = new MpscVarHandleArrayQueue<>(CAPACITY);
    private final Thread consumer;
    private volatile boolean closed;

    RingPeer(PeerThreads threads) {
        consumer = threads.newThread(this::consume);
        consumer.start();
    }

    @Override
    public void submit(Item item) {
        while (!ring.offer(item)) {
            Thread.onSpinWait();
        }
    }

    private void consume() {
        while (ring.drain(RUN, BATCH) > 0 || !closed) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        closed = true;
        PeerThreads.join(consumer);
    }
}
