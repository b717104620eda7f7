// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What one workqueue has in one pool (the kernel's pool_workqueue): the entries waiting for a slot, the flush colours,
 * the counters. The fields marked C belong to the owner of the pool.
 *
 * <p>Flush by colours (G55): entries are counted in and out under the share's current colour; a {@link Marker} that
 * comes through the queue turns the colour, and passes once all that was counted in under the old one is out. Entries
 * that come after it cannot hold it up.
 */
abstract sealed class Share extends SharePad permits BoundShare, UnboundShare {
    /** Flush colours (the kernel's number): so many rounds but one may be under way at a time. */
    static final int COLORS = 16;

    static final int COLOR_MASK = COLORS - 1;

    static final VarHandle ENTERED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "entered", VarHandle.class, ShareFields.class, long.class);
    static final VarHandle LEFT = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "left", VarHandle.class, ShareFields.class, long.class);

    static final VarHandle DIRECT = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "direct", VarHandle.class, ShareFields.class, long.class);

    static final VarHandle DIRECT_END = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "directEnd", VarHandle.class, ShareFields.class, long.class);

    private static final VarHandle STIRRED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "isStirred", VarHandle.class, ShareFields.class, int.class);

    /** I. */
    final Workqueue workqueue;

    /** I: whether a worker runs the items as the owner of its CPU. */
    final boolean isPlain;

    /*
     * Entries that were cancelled while they wait hold up no flush. Only the first one in line has to be looked at, as
     * those behind it came in the same turn or later: where markers wait, dead ones are dropped until one is alive
     * (dropDead), and again whenever something has ended here. Where nothing is active that could end, and the first
     * one cannot start (a freeze, or others have the slots), a Lookout waits with its item.
     *
     * Not lost:   owner       register the lookout ; read the item's state   (WorkState.await)
     *             canceller   change the state ; read the waiters
     */

    /** C: entries over the limit, in queueing order (G35), and so by turn. */
    final EntryList inactive = new EntryList();

    /** C: markers waiting for the entries before them to be over. */
    private final EntryList markers = new EntryList();

    /** C: the last one that was sent out. */
    private Waiter.@Nullable Lookout lookout;

    Share(Workqueue workqueue) {
        this.workqueue = workqueue;
        this.isPlain = workqueue.isPlain();
    }

    // ---- what the kinds of shares do differently: counting ----

    /** Owner. An entry is coming out of the queue; returns its turn. To be called before it is out. */
    abstract int enter();

    /** Owner. An entry of that turn is over. */
    abstract void leave(int turn);

    /** Owner. A new turn begins. */
    abstract void turnColor();

    /** Owner. Entries of a turn that has ended which are not over. */
    abstract long inFlight(int turn);

    /** Any thread. Entries counted in so far. */
    abstract long enteredNow();

    /** Any thread. Entries counted out so far; what they did happens before the return. */
    abstract long leftNow();

    // ---- and starting ----

    /** Any thread. Puts an entry into the queue, and sees to it that someone looks. */
    abstract void submit(Entry entry);

    /** The pool that the share is in now, or null where it is in none. Only an ordered share changes its pool. */
    abstract @Nullable Pool poolNow();

    /** Any thread. Whether nothing is in the queue. */
    abstract boolean isQueueEmpty();

    /** Owner. Takes a slot for an entry that is to start; false where none is free, or the workqueue is closed. */
    abstract boolean takeSlot();

    /** Owner. The entry did not start after all. */
    abstract void returnSlot();

    /** Owner. Whether an entry that waits could start now. */
    abstract boolean isRunnable();

    /** Whoever ran an item of this share, after {@link WorkState#finish}; of a bound share, as the owner of the CPU. */
    abstract void finished(int turn);

    /** Whoever ended the run that was in the way of an entry: it is ready. Never blocks. */
    abstract void handBack(Waiter.Handoff handOff);

    /** Whoever ended what a lookout waits for: it is to be looked at. Never blocks. */
    abstract void call(Waiter.Lookout lookout);

    /** Owner. Whether nothing that goes on here will have it looked at, though entries wait. */
    abstract boolean isStuck();

    /** Any thread, weakly consistent. Items started and not over. */
    abstract int activeNow();

    /** Any thread. How many items may be active where those of this share are counted. */
    abstract int slots();

    /** Whether items of the other share count against the same limit. */
    boolean sharesSlots(Share other) {
        return this == other;
    }

    // ---- owner ----

    /** Owner. The pool. */
    final Pool pool() {
        Pool pool = poolNow();
        assert pool != null;
        return pool;
    }

    /** Whoever puts it among those that its pod is to look at; false where it is there. */
    final boolean beStirred() {
        return STIRRED.compareAndSet(this, 0, 1);
    }

    final void endStir() {
        isStirred = 0;
    }

    /** Owner. Something has happened that it was stirred for. */
    void look() {
        settle();
        pool().listIfRunnable(this);
    }

    /** Owner. Starts the next entry that waits, if it can. */
    boolean fetchWaiting(Run run) {
        Entry entry = isRunnable() ? inactive.pollFirst() : null;
        if (entry == null) {
            return false;
        }
        parked--;
        boolean started = takeSlot() ? pool().start(entry, this, entry.turn, run) : unpark(entry);
        settle();
        return started;
    }

    /** Owner. An entry is over that never started: it was cancelled. */
    void drop(int turn) {
        dropped++;
        leave(turn);
    }

    /** Owner. An entry has to wait for a slot. */
    void park(Entry entry) {
        parked++;
        inactive.addLast(entry);
        settle();
    }

    /** Owner. The same, of an entry older than those of its turn that wait. Always false. */
    boolean unpark(Entry entry) {
        parked++;
        inactive.addByTurn(entry);
        settle();
        return false;
    }

    /** Owner. A marker came out of the queue: what was queued before it has been counted in. */
    final void arrive(Marker marker) {
        if (marker.closes) {
            isClosed = true;
            limit = 0;
        }
        marker.arrived(this, turn, enteredNow());
        turnColor();
        markers.addLast(marker);
        settle();
    }

    /** Owner, as the last thing it does with a share that is not runnable. */
    void rest() {}

    /** Owner. To be called whenever something may have ended that others wait for, or something waits newly. */
    void settle() {
        if (hasMarkers()) {
            dropDead();
            passMarkers();
        }
    }

    private void dropDead() {
        Entry first = inactive.peekFirst();
        while (first != null && first.isDead()) {
            inactive.pollFirst();
            parked--;
            int turn = first.turn; // once it is unlinked, the entry may be in use again
            first.unlink();
            dropped++;
            leave(turn);
            first = inactive.peekFirst();
        }
        if (first != null && isStuck()) {
            lookOutFor(first);
        }
    }

    /** Owner. Has it looked at when that entry is over. */
    final void lookOutFor(Entry first) {
        if (lookout == null || !lookout.isFor(first)) {
            Waiter.Lookout sent = new Waiter.Lookout(first);
            lookout = sent;
            Work work = first.work();
            if (work != null) { // else whoever claims it calls
                work.await(sent);
            }
        }
    }

    final boolean hasMarkers() {
        return !markers.isEmpty();
    }

    private void passMarkers() {
        for (Entry first = markers.peekFirst(); first instanceof Marker marker; first = markers.peekFirst()) {
            if (inFlight(marker.turn) != 0) {
                return; // those behind it are of later colours, which wait for this one too
            }
            markers.pollFirst();
            marker.pass();
        }
    }

    // ---- any thread ----

    /** Weakly consistent. Whether entries wait for a slot. */
    boolean isCongested() {
        return parked > 0;
    }

    /**
     * How many entries were counted in, if everything is over that was queued before the call; else -1. Counted out
     * first, then the queue, then counted in: where the sums are the same, all that had been counted in was out at the
     * first look, and the queue has shown that nothing was on its way.
     */
    final long quiet() {
        long out = leftNow();
        return isQueueEmpty() && enteredNow() == out ? out : -1;
    }

    /** Any thread, weakly consistent. Entries that wait for a slot, or for a run of their own item. */
    final int waitingNow() {
        return parked + handOffs;
    }

    /** Any thread, weakly consistent. Instances over. */
    final long completedNow() {
        return leftNow() - dropped;
    }

    /** Any thread, weakly consistent. Instances started. */
    final long startedNow() {
        return Math.max(completedNow(), enteredNow() - dropped - parked - handOffs);
    }
}

abstract class ShareFields extends Lead {
    /** C: how often the colour was turned. */
    int turn;

    /** C: most items that may be active at a time; bound shares only. */
    int limit;

    /** S: by the owner: entries counted in; bound shares only. */
    long entered;

    /** S: by the owner: entries counted out; bound shares only. */
    long left;

    /** S: the number of the direct entry that runs or was the last to; 0 for none. By whoever runs it. */
    long direct;

    /** S: which instance of that is over; 0 for none. */
    long directEnd;

    /** C: items started and not finished, sleeping ones included (G31); bound shares only. */
    int active;

    /** C: entries in the inactive list. */
    int parked;

    /**
     * C: entries that wait for a run of their own item to end, wherever that runs, or have come back from that wait.
     */
    int handOffs;

    /** C: entries that were counted in and never started. */
    long dropped;

    /** S: workers resumed because the one that ran an item of this share blocked. By the owner. */
    long cmWakeups;

    /** M: items that took their CPU for too long. */
    final LongAdder cpuIntensive = new LongAdder();

    /** M: calls of the rescuer. */
    final LongAdder maydays = new LongAdder();

    /** M: items that the rescuer has run. */
    final LongAdder rescued = new LongAdder();

    /** M: items and handlers that ran elsewhere while the CPU was offline, and have come home. */
    final LongAdder repatriated = new LongAdder();

    /** C: whether the share is on the pool's list of runnable shares. */
    boolean isListed;

    /** C: whether something is to be looked at when an item is over. */
    boolean isAttended;

    /**
     * C: whether the workqueue is closed: an entry that comes now is turned away, and its queuer told by the
     * workqueue's phase.
     */
    boolean isClosed;

    /** C: link in the pool's list of runnable shares. */
    @Nullable Share nextRunnable;

    /** M: whether it is on a pod's stack of stirred shares. */
    volatile int isStirred;

    /** R(Pod.stirred): link there. */
    @Nullable Share nextStirred;
}

abstract class SharePad extends ShareFields {
    byte b0, b1, b2;
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
