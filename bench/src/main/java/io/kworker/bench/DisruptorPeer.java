// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;

/** LMAX Disruptor 4: several producers allowed, one consumer, busy spin. */
final class DisruptorPeer implements Peer {
    private static final int CAPACITY = 2 * ThroughputRound.WINDOW;

    /** An event of the ring buffer. */
    private static final class Slot {
        private Item item = NOTHING;
    }

    private static final Item NOTHING = new CountItem();

    private final Disruptor<Slot> disruptor;
    private final RingBuffer<Slot> ring;

    DisruptorPeer(PeerThreads threads) {
        disruptor = new Disruptor<>(Slot::new, CAPACITY, threads, ProducerType.MULTI, new BusySpinWaitStrategy());
        disruptor.handleEventsWith((slot, sequence, endOfBatch) -> slot.item.run());
        ring = disruptor.start();
    }

    @Override
    public void submit(Item item) {
        long sequence = ring.next();
        ring.get(sequence).item = item;
        ring.publish(sequence);
    }

    @Override
    public void close() {
        disruptor.shutdown();
    }
}
