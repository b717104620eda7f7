// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Iterator;
import org.jctools.queues.varhandle.MpscLinkedVarHandleQueue;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The queue of one CPU and lane: a bounded MPSC ring, and behind it an unbounded overflow list, so that queueing never
 * fails.
 *
 * <p>Assumptions: any number of producers, one consumer at a time (the owner of the CPU), consumers ordered by the
 * hand-over.
 *
 * <p>Guarantees: no entry is lost; the entries of one producer come out in the order it put them in, also across a
 * change between ring and overflow; {@link #isEmpty} called after a store that is ordered before it (the parked flag)
 * sees every entry whose producer then fails to see that store.
 *
 * <p>Progress: {@code offer} is lock-free, and {@code take} wait-free: it returns null rather than wait for a producer
 * that has taken its place in the queue and not yet stored its entry (a hole).
 */
final class EntryQueue extends EntryQueuePad {
    /*
     * Order across ring and overflow.
     *
     *   producer   overflowing == 0 and the ring takes it      -> ring
     *              else overflowing += 1, overflow.offer(entry) -> overflow
     *   consumer   ring first; on an empty ring: held = overflow.poll(), the ring once more, then held,
     *              overflowing -= 1 when it is taken out
     *
     * Ring, then overflow, by one producer: its ring entry was stored before its overflow entry was, so the look at the
     * ring that follows the taking of the overflow entry finds it, and it goes first.
     *
     * Overflow, then ring, by one producer: it saw overflowing == 0, so the consumer had handed out every entry counted
     * before, its own overflow entry among them.
     *
     * No entry is stranded: overflowing > 0 from before an entry is in the list until after it is handed out, and
     * isEmpty() reads it. No wake-up is lost: the producer's last locked operation (CAS of the ring's index, or the
     * exchange in the list) precedes its read of the parked flag; the consumer sets that flag before it calls
     * isEmpty(), which reads the ring's index and this count, never a slot.
     *
     * Nothing is between the queue and the books:   consumer   taking = 1 ; index ; books ; taking = 0
     *                                               observer   index ; taking ; books
     * An observer that sees the index without the entry sees 1, or the books with it.
     */
    private static final VarHandle OVERFLOWING = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "overflowing", VarHandle.class, EntryQueue.class, long.class);
    private static final VarHandle TAKING = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "taking", VarHandle.class, EntryQueueWord.class, long.class);

    /** Looks at a consumer that is taking something out, which is over in some nanoseconds. */
    private static final int SPINS = 1000;

    /** I. */
    private final MpscVarHandleArrayQueue<Entry> ring;

    /** I. */
    private final MpscLinkedVarHandleQueue<Entry> overflow = new MpscLinkedVarHandleQueue<>();

    /** C: taken from the overflow list, waiting for older entries of the ring to go first. */
    private @Nullable Entry held;

    /** M: entries announced for the overflow list and not yet handed out. Not written while the ring suffices. */
    private volatile long overflowing;

    EntryQueue(int capacity) {
        ring = new MpscVarHandleArrayQueue<>(capacity);
    }

    /** Any thread. Never fails. */
    void offer(Entry entry) {
        if (overflowing != 0 || !ring.offer(entry)) {
            OVERFLOWING.getAndAdd(this, 1L);
            try {
                overflow.offer(entry);
            } catch (Throwable t) { // out of memory
                OVERFLOWING.getAndAdd(this, -1L);
                throw t;
            }
        }
    }

    /** Any thread. False, and nothing done, where the ring is full or older entries have overflowed. */
    boolean tryOffer(Entry entry) {
        return overflowing == 0 && ring.offer(entry);
    }

    /** Consumer. The next entry, which stays; null where the queue is empty or its head is a hole. */
    @Nullable
    Entry peek() {
        Entry entry = ring.relaxedPeek();
        return entry != null || overflowing == 0 ? entry : peekOverflow();
    }

    private @Nullable Entry peekOverflow() {
        if (held == null && ring.isEmpty()) {
            held = overflow.relaxedPoll();
        }
        return ring.isEmpty() ? held : ring.relaxedPeek();
    }

    /**
     * Consumer. Takes out the entry that {@link #peek} has just given. Who then finds the queue empty sees what the
     * consumer wrote before.
     */
    void remove(Entry entry) {
        if (entry == held) {
            held = null;
            OVERFLOWING.getAndAdd(this, -1L);
        } else {
            ring.relaxedPoll();
        }
    }

    /**
     * Consumer. Takes out the next entry; null where the queue is empty or its head is a hole. To be followed by
     * {@link #taken}, if there was one, as soon as it is counted elsewhere: until then the queue is not empty.
     */
    @Nullable
    Entry take() {
        TAKING.setOpaque(this, 1L);
        VarHandle.releaseFence();
        Entry entry = ring.relaxedPoll();
        return entry != null ? entry : takeOverflow();
    }

    private @Nullable Entry takeOverflow() {
        Entry entry = overflowing == 0 ? null : peekOverflow();
        if (entry == null) {
            taken();
        } else {
            remove(entry);
        }
        return entry;
    }

    /** Consumer, after {@link #take}. Who then finds the queue empty sees what the consumer wrote before. */
    void taken() {
        TAKING.setRelease(this, 0L);
    }

    /**
     * Any thread that has not found an entry in the ring. What was being taken out is counted, and where it is to be,
     * afterwards. The consumer runs nothing of the user's meanwhile.
     */
    void awaitTaken() {
        for (int i = 1; taking != 0; i++) {
            if (i % SPINS == 0) {
                Thread.yield(); // the consumer's thread has lost its processor
            } else {
                Thread.onSpinWait(); // the caller may be a handler that must not block
            }
        }
    }

    /** Consumer. A cheap look for a spinning consumer: true where {@link #take} would be worth a call. */
    boolean hasNext() {
        return ring.relaxedPeek() != null || overflowing != 0;
    }

    /** Any thread. True where no entry is in the queue or on its way into it. */
    boolean isEmpty() {
        return ring.isEmpty() && overflowing == 0 && taking == 0;
    }

    /** Any thread. Entries in the queue, approximately. */
    long size() {
        return ring.size() + overflowing;
    }

    /** Any thread. Entries that did not fit into the ring, approximately. */
    long overflowing() {
        return overflowing;
    }

    /** Any thread. How far the consumer has come: a number that changes with each entry taken out of the ring. */
    long consumed() {
        return ring.currentConsumerIndex();
    }

    /** Any thread. Entries in the ring, weakly consistent, for a dump. */
    Iterator<Entry> ringEntries() {
        return ring.iterator();
    }
}

abstract class EntryQueueWord extends Lead {
    /** S: by the consumer, for each entry, and so kept away from what producers read: see above. */
    volatile long taking;
}

abstract class EntryQueuePad extends EntryQueueWord {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
