// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state word of an item, its transitions, and the waiters for them. Knows nothing of rings, CPUs or workers.
 *
 * <p>Guarantees: at most one instance is pending and at most one runs (J1); a refused queueing is a full
 * read-modify-write, so the run that comes sees what its caller wrote (G5); whoever clears PENDING owns the instance
 * (cancel by claim, not by removal); no waiter is left behind.
 *
 * <p>Progress: every transition is lock-free.
 */
abstract class WorkState extends Entry {
    /*
     * state   63          32 31             16 15      5  4      3       2        1         0
     *         +-------------+-----------------+---------+------+-------+--------+---------+---------+
     *         | generation  | disable depth   | starts  | TURN | TIMED | LINKED | RUNNING | PENDING |
     *         +-------------+-----------------+---------+------+-------+--------+---------+---------+
     *
     * generation   instances accepted so far; the pending instance, if any, is the newest
     * starts       instances started so far, modulo 2048; one that nobody claims at its start counts at its end
     * TURN         another one with each instance that is armed by a request: see PostedCountdown; in a Softirq,
     *              which has no timer, it is DIRECT
     * LINKED       the item's own entry is in a ring or list, dead or alive; its fields must not be written
     * TIMED        with PENDING: the instance waits for its timer and has no entry yet
     *
     *   idle              --pend    (queuer, CAS)--> PENDING, generation + 1, and LINKED unless it was set
     *   RUNNING           --pend    (queuer, CAS)--> RUNNING + PENDING, likewise
     *   PENDING, disabled --pend    (queuer, CAS of the same value)--> unchanged: refused
     *   PENDING           --start   (owner of the entry's CPU, CAS)--> RUNNING, starts + 1; own entry: LINKED cleared
     *   idle, RUNNING     --arm     (armer, CAS)--> + PENDING + TIMED, generation + 1; by a request: TURN changed
     *   PENDING           --arm     (armer that re-times it, CAS)--> PENDING + TIMED, generation + 1; likewise
     *   PENDING           --replace (armer that re-times it to now, CAS)--> PENDING, generation + 1, LINKED
     *   TIMED             --expire  (owner of the wheel, CAS)--> TIMED cleared, LINKED
     *   PENDING           --unpend  (canceller, CAS)--> PENDING and TIMED cleared
     *   any               --disable (canceller, CAS)--> PENDING and TIMED cleared, depth + 1
     *   depth > 0         --enable  (canceller, CAS)--> depth - 1
     *   RUNNING           --finish  (runner, add)--> RUNNING cleared
     *   LINKED            --unlink  (owner of the entry's CPU; an own entry that is given up)--> LINKED cleared
     *
     * Cancel between pend and the offer into the ring: the state word decides, so the canceller does not wait for the
     * queuer; the entry is dead when it arrives, because PENDING is clear or the generation is another.
     *
     * Waiters:   waiter               push on the list (CAS) ; read the state
     *            finisher, canceller  change the state (RMW) ; read the list
     *
     * One of the two sees the other. Who takes the list and puts some of it back looks at the state again (release).
     */
    static final long PENDING = 1;
    static final long RUNNING = 1 << 1;
    static final long LINKED = 1 << 2;
    static final long TIMED = 1 << 3;
    static final long TURN = 1L << 4;
    static final long START_ONE = 1L << 5;
    static final long STARTS_MASK = 0x7FFL << 5;
    static final long DEPTH_ONE = 1L << 16;
    static final long DEPTH_MASK = 0xFFFFL << 16;
    static final long GENERATION_ONE = 1L << 32;

    /** What {@link #start} says of an entry. */
    enum Start {
        /** The item runs now; the caller has to run it and then to {@link #finish} it. */
        STARTED,
        /** An earlier instance still runs; the caller keeps the entry until that is over. */
        BUSY,
        /** The instance was cancelled; the entry is done with. */
        DEAD
    }

    private static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "state", VarHandle.class, WorkState.class, long.class);
    private static final VarHandle WAITERS = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "waiters", VarHandle.class, WorkState.class, Waiter.class);

    /**
     * The share in which the item runs or last ran: a hint for placement (G13), written by the starter before RUNNING
     * is set. The first reference, so that the JVM puts it before the state, into the gap there.
     */
    @Nullable Share home;

    /** M: see above. */
    private volatile long state;

    /** M: a stack. */
    private volatile @Nullable Waiter waiters;

    /** The last entry that was not the item itself, for {@link #pendingShare}. By the queuer that won PENDING. */
    @Nullable Entry standIn;

    static int generation(long state) {
        return (int) (state >>> 32);
    }

    static boolean isPending(long state) {
        return (state & PENDING) != 0;
    }

    static boolean isRunning(long state) {
        return (state & RUNNING) != 0;
    }

    static boolean isLinked(long state) {
        return (state & LINKED) != 0;
    }

    static boolean isTimed(long state) {
        return (state & TIMED) != 0;
    }

    static boolean isDisabled(long state) {
        return (state & DEPTH_MASK) != 0;
    }

    /** The state without an instance that waits for its timer: whoever waits for the item does not wait for that. */
    static long withoutTimed(long state) {
        return isTimed(state) ? withoutPending(state) : state;
    }

    /** The state without an instance that is pending. */
    static long withoutPending(long state) {
        return isPending(state) ? (state & ~(PENDING | TIMED)) - GENERATION_ONE : state;
    }

    /** Whether a queueing that found this state was refused: an instance waits already, or the item is disabled. */
    static boolean refuses(long state) {
        return (state & (PENDING | DEPTH_MASK)) != 0;
    }

    /** Which items an arming takes, of those that are not disabled. */
    enum Arm {
        /** Those of which no instance is pending. */
        IDLE,
        /** All; an instance that is pending is replaced. */
        ANY,
        /** Those of which an instance is pending; it is replaced. */
        PENDING
    }

    /** Whether an arming that found this state was refused. */
    static boolean refuses(long state, Arm which) {
        // no switch: its table is a class to be loaded, perhaps by the owner of a CPU, who must not block
        return isDisabled(state) || which != Arm.ANY && isPending(state) == (which == Arm.IDLE);
    }

    final long state() {
        return state;
    }

    final boolean cas(long from, long to) {
        return STATE.compareAndSet(this, from, to);
    }

    /** Whether the instance that was the newest in state {@code s} is certainly over, since later ones have started. */
    static boolean hasMovedOn(long s, long now) {
        long starts = ((now & STARTS_MASK) - (s & STARTS_MASK) & STARTS_MASK) / START_ONE;
        return starts > (isPending(s) ? 1 : 0);
    }

    // ---- queuer ----

    /**
     * Takes the item for a new instance, or is refused.
     *
     * @return the state found. Where {@link #refuses} says no of it, the caller owes an entry to a ring, with the
     *     share, and with the generation found plus one: the item itself if {@link #isLinked} says no of it, else a
     *     stand-in
     */
    final long pend() {
        for (;;) {
            long s = state;
            if (cas(s, refuses(s) ? s : s + GENERATION_ONE | PENDING | LINKED)) {
                return s;
            }
        }
    }

    // ---- armer ----

    /**
     * As {@link #pend}, for an instance that waits for its timer, in place of one that may be pending already. Where it
     * is not refused by the state found, the caller owes an alarm, and {@link #replaced}.
     */
    final long arm(Arm which) {
        for (;;) {
            long s = state;
            if (cas(s, refuses(s, which) ? s : s + GENERATION_ONE | PENDING | TIMED)) {
                return s;
            }
        }
    }

    /** Takes the item for a new instance that waits for its timer, if this still is the state. */
    final boolean arm(long s) {
        return cas(s, s + GENERATION_ONE | PENDING | TIMED);
    }

    /** The same, by a request. */
    final boolean armByRequest(long s) {
        return cas(s, (s ^ TURN) + GENERATION_ONE | PENDING | TIMED);
    }

    /** As {@link #pend}, in place of an instance that may be pending already. */
    final long replace(Arm which) {
        for (;;) {
            long s = state;
            boolean refused = refuses(s, which);
            if (cas(s, refused ? s : (s & ~TIMED) + GENERATION_ONE | PENDING | LINKED)) {
                if (!refused) {
                    replaced(s);
                }
                return s;
            }
        }
    }

    /** Somebody is refused: a full read-modify-write (G5). */
    final boolean confirm(long s) {
        return cas(s, s);
    }

    /** After a successful {@link #arm}: an instance that was pending in the state found is over. */
    final void replaced(long found) {
        if (isPending(found)) {
            release(state);
        }
    }

    /** Whether this very instance waits for its timer. */
    final boolean countsDown(int generation) {
        long s = state;
        return isTimed(s) && generation(s) == generation;
    }

    // ---- owner of the wheel ----

    /**
     * The timer of an instance has expired.
     *
     * @return the state found, as {@link #pend} does, or 0 where the instance is over
     */
    final long expire(int generation) {
        for (;;) {
            long s = state;
            if (!isTimed(s) || generation(s) != generation) {
                return 0;
            }
            if (cas(s, s & ~TIMED | LINKED)) {
                return s;
            }
        }
    }

    // ---- owner of the CPU in whose ring the entry was ----

    /** Starts the instance of an entry taken out of its ring. */
    final Start start(Entry entry) {
        for (;;) {
            long s = state;
            if (isDead(entry, s)) {
                if (entry != this || cas(s, s & ~LINKED)) {
                    return Start.DEAD;
                }
            } else if (isRunning(s)) {
                return Start.BUSY;
            } else {
                if (home != entry.share) {
                    home = entry.share;
                }
                long kept = s & ~(entry == this ? PENDING | LINKED | STARTS_MASK : PENDING | STARTS_MASK);
                if (cas(s, kept | s + START_ONE & STARTS_MASK | RUNNING)) {
                    return Start.STARTED;
                }
            }
        }
    }

    /** Whether the instance of an entry is over, by this state. */
    static boolean isDead(Entry entry, long s) {
        return !isPending(s) || generation(s) != entry.generation;
    }

    /** Gives up an entry taken out of its ring without starting it, alive or dead. */
    final void unlink(Entry entry) {
        if (entry == this) {
            STATE.getAndBitwiseAnd(this, ~LINKED);
        }
    }

    // ---- runner ----

    /** The run is over: releases who waited for it. */
    final void finish() {
        long s = (long) STATE.getAndAdd(this, -RUNNING) - RUNNING;
        assert !isRunning(s);
        release(s);
    }

    // ---- canceller ----

    /** The state with the pending instance taken back, if there is one. */
    long withoutInstance(long s) {
        return s & ~(PENDING | TIMED);
    }

    /** Takes the pending instance, if any, and returns the state found. */
    final long unpend() {
        for (;;) {
            long s = state;
            if (!isPending(s)) {
                return s;
            }
            long t = withoutInstance(s);
            if (cas(s, t)) {
                release(t);
                return s;
            }
        }
    }

    /** Takes this very instance if it is still pending; true where it was. */
    final boolean unpend(int generation) {
        for (;;) {
            long s = state;
            if (!isPending(s) || generation(s) != generation) {
                return false;
            }
            long t = withoutInstance(s);
            if (cas(s, t)) {
                release(t);
                return true;
            }
        }
    }

    /** One more level of disabling, and takes the pending instance; returns the state found. */
    final long disableOnce() {
        for (;;) {
            long s = state;
            if ((s & DEPTH_MASK) == DEPTH_MASK) {
                throw new IllegalStateException(
                        "disabled 65535 times already: enable it before disabling it again: " + this);
            }
            long t = withoutInstance(s) + DEPTH_ONE;
            if (cas(s, t)) {
                release(t);
                return s;
            }
        }
    }

    /** One level less, if there is one; returns the state found. */
    final long enableOnce() {
        for (;;) {
            long s = state;
            if ((s & DEPTH_MASK) == 0 || cas(s, s - DEPTH_ONE)) {
                return s;
            }
        }
    }

    /** Levels of disabling in a state. */
    static int depth(long state) {
        return (int) ((state & DEPTH_MASK) / DEPTH_ONE);
    }

    // ---- waiters ----

    /**
     * Registers a waiter whose target was read from the state, or releases it here and now if the target is over. What
     * the instances waited for wrote happens before the release.
     */
    final void await(Waiter waiter) {
        Waiter head;
        do {
            head = waiters;
            waiter.next = head;
        } while (!WAITERS.compareAndSet(this, head, waiter));
        long s = state;
        if (isOver(waiter.target, s)) {
            release(s);
        }
    }

    /**
     * Whether every instance up to the target is over, by this state. With RUNNING set that cannot be told, since it
     * may be any of them that runs; then the finish of that run will tell.
     */
    private static boolean isOver(int target, long s) {
        return !isRunning(s) && target - generation(s) < (isPending(s) ? 0 : 1);
    }

    /**
     * Releases every waiter whose target is over by the state {@code s}, then by what the state has become meanwhile.
     */
    final void release(long s) {
        Waiter list = isRunning(s) || waiters == null ? null : (Waiter) WAITERS.getAndSet(this, null);
        while (list != null) {
            Waiter kept = null;
            while (list != null) {
                Waiter waiter = list;
                list = waiter.next;
                if (isOver(waiter.target, s)) {
                    waiter.next = null;
                    waiter.release();
                } else {
                    waiter.next = kept;
                    kept = waiter;
                }
            }
            if (kept == null) {
                return;
            }
            list = putBack(kept);
            s = state;
        }
    }

    /**
     * Puts waiters back on the list. Who ended their instances while they were off it has not seen them: if the state
     * says now that one of them is over, the list is taken again and returned.
     */
    private @Nullable Waiter putBack(Waiter kept) {
        Waiter last = kept;
        int oldest = kept.target;
        for (Waiter next = last.next; next != null; next = last.next) {
            last = next;
            if (last.target - oldest < 0) {
                oldest = last.target;
            }
        }
        Waiter head;
        do {
            head = waiters;
            last.next = head;
        } while (!WAITERS.compareAndSet(this, head, kept));
        return isOver(oldest, state) ? (Waiter) WAITERS.getAndSet(this, null) : null;
    }

    /** Whether the newest instance of state {@code s}, in which the item was busy, is over. */
    final boolean isOverSince(long s) {
        long now = state;
        return hasMovedOn(s, now) || isOver(generation(s), now);
    }

    /** Where the pending instance is queued, if there is one; null also while it is on its way there. */
    final @Nullable Share pendingShare() {
        return pendingShare(state);
    }

    /** The same, if that is the newest instance of state {@code s}. */
    @Nullable
    Share pendingShare(long s) {
        long now = state;
        if (!isPending(now) || isTimed(now) || generation(now) != generation(s)) {
            return null;
        }
        Entry entry = generation == generation(now) ? this : standIn;
        return entry == null || entry.generation != generation(now) ? null : entry.share;
    }

    /** While the item runs: the entries that have left their queue and wait for the end of this run. */
    final List<Entry> handOffs() {
        List<Entry> entries = List.of();
        for (Waiter waiter = waiters; waiter != null; waiter = waiter.next) { // only who ends a run takes the list
            if (waiter instanceof Waiter.Handoff handOff && handOff.isWaiting()) {
                entries = entries.isEmpty() ? new ArrayList<>() : entries;
                entries.add(handOff.entry());
            }
        }
        return entries;
    }

    /** Whether anyone waits: for tests. */
    final boolean hasWaiters() {
        return waiters != null;
    }
}
