// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What lies in a ring for a {@link Tasklet} that was idle when it was scheduled. Its runner does not claim the instance
 * before it calls the handler: the item's state was written by the queuer a moment ago, and to fetch it from that CPU
 * takes as long as all else that a start does. It claims when the handler is over. Whoever must know earlier whether
 * the tasklet runs claims in its place.
 *
 * <p>Assumptions: as for {@link WorkState}; an entry is taken out of its ring by the owner of the CPU, whose thread, or
 * one that it starts, runs it.
 *
 * <p>Guarantees: those of {@link WorkState}. In particular a run that starts after a schedule was refused sees what its
 * caller wrote, and a schedule that meets a run has one of its own after that.
 *
 * <p>Progress: wait-free for the runner but for the claim, which is lock-free, as are all others.
 */
final class DirectEntry extends DirectEntryPad {
    /*
     * state of the item (DIRECT: the instance that pends or runs came by this entry)
     *
     *   idle              --pendDirect (queuer, CAS)--> PENDING + DIRECT, generation + 1; the queuer owes the entry
     *   PENDING + DIRECT  --finishUnclaimed (runner, CAS)--> idle, starts + 1
     *   PENDING + DIRECT  --claim (the handler, or who has seen that it runs, CAS)--> RUNNING + DIRECT, starts + 1
     *   RUNNING + DIRECT  --finishDirect (runner, CAS)--> both cleared
     *   RUNNING + DIRECT  --pend (queuer, CAS)--> + PENDING, LINKED: an instance as any other
     *   PENDING + DIRECT  --startDirect (owner with the entry in its hands, CAS)--> RUNNING, starts + 1
     *   RUNNING + DIRECT  --startDirect (the same, which finds it claimed, CAS)--> RUNNING
     *   PENDING + DIRECT  --makeOrdinary (the same, or its queuer, CAS)--> PENDING + LINKED
     *   PENDING + DIRECT  --unpend, disable (canceller, after endDirect, CAS)--> idle; the entry is dead
     *   RUNNING + DIRECT + PENDING  --unpend, disable (canceller, CAS)--> RUNNING + DIRECT
     *
     * share    direct, directEnd
     *          any              --start (owner, two stores)--> number, 0
     *          number, 0        --start (owner that has to claim, volatile store)--> 0, 0
     *          number, 0        --end (runner, store, before it finishes unclaimed)--> number, the instance
     *          number, any      --end (runner that finds it claimed, store, before it finishes)--> 0, any
     *
     * Nobody misses a run (T8, T14):   looker   what it asks for ; RMW of the state ; read directEnd, direct
     *                                  runner   direct = number ; directEnd = 0 ; fence ; read the word ; handler
     *
     * One of the two sees the other. A looker finds the instance there, running or over and not finished, and claims it
     * if the state still is that of its RMW; or it does not, and then the run has not started, and will see what the
     * looker wrote (its data, a depth, GENERAL), or it is finished, and the state is another one. What it finds is of
     * the instance that pends: an earlier one has said that it is over, or that nothing runs, before it finished. The
     * share that a looker reads is the one where it runs, or it has not started: it was written before the entry was
     * put into the ring. directEnd is read first: with the 0 of a later start comes the number of that.
     *
     * What was taken back does not run. Who takes back has first set GENERAL in the tasklet's word, for good, and has
     * looked. So the owner that takes out the entry has to claim, and finds the instance or does not. A queuer looks at
     * the word between pend and ring, and where that is not 0 makes the instance an ordinary one. Where it is 0, no
     * dead entry is in a ring. If an owner has a dead one in its hands in the moment between, it may start the new
     * instance by it, which then is no more the queuer's to make ordinary.
     *
     * It lies in a ring, and not among what has overflowed: so a wait for what can never start is found out.
     */
    private static final VarHandle SHARE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "share", VarHandle.class, Entry.class, Share.class);
    private static final VarHandle NOTED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "generation", VarHandle.class, Entry.class, int.class);

    DirectEntry(Tasklet tasklet) {
        super(tasklet);
    }

    @Override
    Work work() {
        return item;
    }

    /** Queuer, before it puts the entry into the ring. Most often it is the same; runners read it. */
    void place(Share where) {
        if (share != where) {
            SHARE.setOpaque(this, where);
        }
    }

    // ---- owner of the CPU in whose ring it was ----

    /** Starts it unclaimed; false where it has to be claimed. */
    boolean start(Share in) {
        Share.DIRECT.setOpaque(in, number);
        Share.DIRECT_END.setRelease(in, 0L);
        VarHandle.fullFence(); // a volatile read has to follow: C2 drops a fence that has only plain ones behind it
        if (tasklet.isPlain()) {
            return true;
        }
        Share.DIRECT.setVolatile(in, 0L); // whoever queues the item after the owner has found it idle must see that
        return false;
    }

    /** As an entry that has to wait it is an ordinary one. */
    @Override
    Entry toWait() {
        int instance = WorkState.generation(item.state());
        if (!item.makeOrdinary(instance)) {
            return this;
        }
        item.share = share;
        item.generation = instance;
        return item;
    }

    /** In its ring, or in the hands of its owner. */
    @Override
    boolean isDead() {
        return !Softirq.isDirectPending(item.state());
    }

    @Override
    void unlink() {}

    // ---- runner ----

    void run() throws Exception {
        tasklet.run();
    }

    /** The handler is over. */
    void end() {
        Share in = share();
        for (long s = item.state(); !WorkState.isRunning(s); s = item.state()) {
            Share.DIRECT_END.setRelease(in, over(WorkState.generation(s)));
            if (item.finishUnclaimed(s)) {
                return;
            }
        }
        Share.DIRECT.setRelease(in, 0L);
        item.finishDirect();
    }

    private static long over(int instance) {
        return 1L << 32 | Integer.toUnsignedLong(instance);
    }

    // ---- any thread ----

    /** After a read-modify-write that found this instance pending: whether it has started. */
    boolean hasStarted(int instance) {
        Share in = (Share) SHARE.getOpaque(this);
        if (in == null) {
            return false;
        }
        long end = (long) Share.DIRECT_END.getVolatile(in);
        return (long) Share.DIRECT.getVolatile(in) == number && (end == 0 || end == over(instance));
    }

    /** Where it waits; null also while it is on its way there, or about to be taken back. */
    @Nullable
    Share place() {
        BoundShare in = (BoundShare) SHARE.getOpaque(this);
        return in != null && !tasklet.isGeneral() && in.hasInRing(this) ? in : null;
    }

    /** Who is about to claim, and knows for certain that this instance has started, if it still is the newest. */
    void note(int instance) {
        for (int n = noted(); n != instance && WorkState.generation(item.state()) == instance; n = noted()) {
            NOTED.compareAndSet(this, n, instance);
        }
    }

    /** The direct instance that was claimed last, or is about to be. */
    int noted() {
        return (int) NOTED.getVolatile(this);
    }
}

abstract class DirectEntryFields extends Entry {
    private static final AtomicLong NUMBERS = new AtomicLong();

    /** I. */
    final Softirq item;

    /** I: here too, since the item's own fields are in the cache of the CPU that queued it. */
    final Tasklet tasklet;

    /** I: what the share says of it. No reference, since the store of one may cost a fence of its own. */
    final long number = NUMBERS.incrementAndGet();

    /**
     * The item is made after it, so that most often the three lie in the heap in this order: between the fields of the
     * tasklet's class, which runners read, and the item's state, which queuers write, is the padding of the entry.
     */
    DirectEntryFields(Tasklet tasklet) {
        this.tasklet = tasklet;
        item = new Softirq((DirectEntry) this);
    }
}

/** What lies behind it in the heap may be written for each item. */
abstract class DirectEntryPad extends DirectEntryFields {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;

    DirectEntryPad(Tasklet tasklet) {
        super(tasklet);
    }
}
