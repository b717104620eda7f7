// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The share of a bound workqueue on one CPU, with a limit of its own (G32). Owned with the CPU. */
final class BoundShare extends Share implements Limiter {
    /** I. */
    final Cpu cpu;

    /** I. */
    private final Lane lane;

    /** C: entries of earlier turns that are not over, by colour; those of this turn are the rest. */
    private final long[] older = new long[COLORS];

    /** C: told once nothing is active, while the share is held. */
    private @Nullable CountDownLatch quiet;

    BoundShare(Workqueue workqueue, Lane lane, int limit) {
        super(workqueue);
        this.lane = lane;
        this.cpu = lane.cpu;
        this.limit = limit;
        settle();
    }

    // ---- counting ----

    @Override
    int enter() {
        ENTERED.setOpaque(this, entered + 1);
        return turn;
    }

    @Override
    void leave(int turn) {
        if (turn != this.turn) {
            older[turn & COLOR_MASK]--;
        }
        LEFT.setRelease(this, left + 1);
    }

    @Override
    void turnColor() {
        long current = entered - left;
        for (long count : older) {
            current -= count;
        }
        older[turn & COLOR_MASK] = current;
        turn++;
    }

    @Override
    long inFlight(int turn) {
        return older[turn & COLOR_MASK];
    }

    @Override
    long enteredNow() {
        return (long) ENTERED.getAcquire(this);
    }

    @Override
    long leftNow() {
        return (long) LEFT.getAcquire(this);
    }

    // ---- starting ----

    @Override
    void submit(Entry entry) {
        lane.submit(entry);
    }

    /** Any thread. As {@link #submit}; false, and nothing done, where the ring is full. */
    boolean trySubmit(Entry entry) {
        return lane.trySubmit(entry);
    }

    @Override
    Lane poolNow() {
        return lane;
    }

    @Override
    boolean isQueueEmpty() {
        return lane.queue.isEmpty();
    }

    @Override
    void handBack(Waiter.Handoff handOff) {
        cpu.post(handOff);
    }

    @Override
    void call(Waiter.Lookout lookout) {
        cpu.post(lookout);
    }

    /** Any thread, which has claimed a command that may wait here. */
    void claimed() {
        cpu.post(new Claimed(this));
    }

    private record Claimed(BoundShare share) implements Delivery {
        @Override
        public void deliver() {
            share.look();
        }
    }

    /** Any thread, weakly consistent. What is in the queue of this share and others, but for what has overflowed. */
    Iterator<Entry> ringEntries() {
        return lane.queue.ringEntries();
    }

    /** Any thread, after it has looked through these. */
    void awaitTaken() {
        lane.queue.awaitTaken();
    }

    @Override
    boolean isStuck() {
        return limit == 0 && active == 0;
    }

    @Override
    boolean takeSlot() {
        if (active >= limit) {
            return false;
        }
        active++;
        return true;
    }

    @Override
    void returnSlot() {
        active--;
    }

    @Override
    boolean isRunnable() {
        return active < limit && !inactive.isEmpty();
    }

    @Override
    void finished(int turn) {
        active--;
        assert active >= 0;
        leave(turn);
        if (isAttended) {
            if (isAwaited()) {
                settle();
                lane.listIfRunnable(this);
            }
            lane.ended();
        }
    }

    /** Whether the end of an item may be what something waits for. */
    private boolean isAwaited() {
        return parked > 0 || hasMarkers() || quiet != null;
    }

    @Override
    void drop(int turn) {
        super.drop(turn);
        if (isAttended) {
            settle();
        }
    }

    @Override
    void settle() {
        super.settle();
        if (quiet != null && active == 0) {
            quiet.countDown();
            quiet = null;
        }
        isAttended = isAwaited() || lane.isUrgent();
    }

    @Override
    public void hold(CountDownLatch latch) {
        cpu.post(new Held(this, latch));
    }

    @Override
    public void limitChanged() {
        cpu.post(new Limited(this));
    }

    private record Held(BoundShare share, CountDownLatch latch) implements Delivery {
        @Override
        public void deliver() {
            share.limit = 0;
            share.quiet = latch;
            share.settle();
        }
    }

    private record Limited(BoundShare share) implements Delivery {
        @Override
        public void deliver() {
            int limit = share.workqueue.limitNow();
            share.limit = share.isClosed ? 0 : limit;
            if (limit > 0) {
                share.quiet = null; // else it is held, and the limit that was changed is the one after the thaw
            }
            share.settle();
            share.lane.listIfRunnable(share);
        }
    }

    /** Any thread, weakly consistent. Whether an entry of this share may wait. */
    boolean mayWait() {
        if (waitingNow() > 0 || lane.queue.overflowing() > 0) {
            return true;
        }
        return ringHas(entry -> entry.share == this);
    }

    /** Any thread. Whether the entry is in the ring; not those that have overflowed. */
    boolean hasInRing(Entry which) {
        return ringHas(entry -> entry == which);
    }

    private boolean ringHas(Predicate<Entry> what) {
        for (Iterator<Entry> entries = ringEntries(); entries.hasNext();) {
            if (what.test(entries.next())) {
                return true;
            }
        }
        return false;
    }

    @Override
    int activeNow() {
        return active;
    }

    /** A BH lane runs one item at a time, of all its workqueues. */
    @Override
    int slots() {
        return workqueue.isBh() ? 1 : workqueue.limitNow();
    }

    @Override
    boolean sharesSlots(Share other) {
        return workqueue.isBh() ? other.poolNow() == lane : this == other;
    }
}
