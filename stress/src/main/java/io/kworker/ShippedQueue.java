// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** An {@link EntryQueue}; a digit is the generation of an entry. */
final class ShippedQueue implements DigitQueue {
    private static final VarHandle OVERFLOWING;
    private static final Entry[] ENTRIES = new Entry[10];

    static {
        try {
            OVERFLOWING = MethodHandles.privateLookupIn(EntryQueue.class, MethodHandles.lookup())
                    .findVarHandle(EntryQueue.class, "overflowing", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
        for (int digit = 0; digit < ENTRIES.length; digit++) {
            ENTRIES[digit] = new StandIn(new Item());
            ENTRIES[digit].generation = digit;
        }
    }

    private final EntryQueue queue = new EntryQueue(2);

    @Override
    public void offer(int digit) {
        queue.offer(ENTRIES[digit]);
    }

    @Override
    public int poll() {
        Entry entry = queue.take();
        if (entry == null) {
            return 0;
        }
        queue.taken();
        return entry.generation;
    }

    @Override
    public boolean isEmpty() {
        return queue.isEmpty();
    }

    @Override
    public void announce() {
        OVERFLOWING.getAndAdd(queue, 1L);
    }

    @Override
    public void withdraw() {
        OVERFLOWING.getAndAdd(queue, -1L);
    }
}
