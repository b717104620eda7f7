// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.varhandle.MpscLinkedVarHandleQueue;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;

/** The protocol of {@link EntryQueue}, with its two rules to be broken. */
class TwoQueues implements DigitQueue {
    private final MpscVarHandleArrayQueue<Integer> ring = new MpscVarHandleArrayQueue<>(2);
    private final MpscLinkedVarHandleQueue<Integer> overflow = new MpscLinkedVarHandleQueue<>();
    private final AtomicInteger overflowing = new AtomicInteger();
    private Integer held;

    /** Consumer, with an entry of the overflow in hand: whether the ring goes first. */
    boolean ringGoesFirst() {
        return !ring.isEmpty();
    }

    /** Consumer, which may be slow between its two looks. */
    void holdUp() {}

    /** Producer, before it tries the ring: whether something of the overflow has not been handed out yet. */
    boolean mustOverflow() {
        return overflowing.get() != 0;
    }

    @Override
    public void offer(int digit) {
        if (mustOverflow() || !ring.offer(digit)) {
            announce();
            overflow.offer(digit);
        }
    }

    @Override
    public int poll() {
        Integer next = ring.relaxedPoll();
        if (next == null && overflowing.get() != 0) {
            next = pollOverflow();
        }
        return next == null ? 0 : next;
    }

    private Integer pollOverflow() {
        if (held == null && ring.isEmpty()) {
            holdUp();
            held = overflow.relaxedPoll();
        }
        if (ringGoesFirst()) {
            return ring.relaxedPoll();
        }
        Integer next = held;
        if (next != null) {
            held = null;
            overflowing.getAndDecrement();
        }
        return next;
    }

    @Override
    public boolean isEmpty() {
        return ring.isEmpty() && overflowing.get() == 0;
    }

    @Override
    public void announce() {
        overflowing.getAndIncrement();
    }

    @Override
    public void withdraw() {
        overflowing.getAndDecrement();
    }
}
