// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/** The item of a {@link Tasklet}: what others see of what is queued and run. */
final class Softirq extends SoftirqPad {
    /** The instance that is pending, or runs, is the one of the {@link DirectEntry}. */
    static final long DIRECT = TURN;

    Softirq(DirectEntry direct) {
        super(direct);
    }

    @Override
    protected void run() throws Exception {
        Share share = home;
        assert share != null;
        tasklet.perform(share);
    }

    // ---- transitions of direct instances: see DirectEntry ----

    /** Whether a direct instance is pending; it may run all the same, and nobody has claimed it. */
    static boolean isDirectPending(long state) {
        return (state & (PENDING | DIRECT | RUNNING)) == (PENDING | DIRECT);
    }

    /** Whether a direct instance can be queued. */
    static boolean isFree(long state) {
        return (state & (PENDING | RUNNING | LINKED | DEPTH_MASK)) == 0;
    }

    private static long started(long s) {
        return s & ~(PENDING | STARTS_MASK) | s + START_ONE & STARTS_MASK | RUNNING;
    }

    /** Takes an item that {@link #isFree} for a direct instance; the state found, which says whether it was. */
    long pendDirect() {
        for (;;) {
            long s = state();
            if (!isFree(s) || cas(s, s + GENERATION_ONE | PENDING | DIRECT)) {
                return s;
            }
        }
    }

    /** Makes this very instance one with an entry of the item; false where it is not pending any more. */
    boolean makeOrdinary(int instance) {
        for (;;) {
            long s = state();
            if (!isDirectPending(s) || generation(s) != instance) {
                return false;
            }
            if (cas(s, s & ~DIRECT | LINKED)) {
                return true;
            }
        }
    }

    /** Who knows that the direct instance that is pending has started, if this still is the state. */
    private boolean claim(long s) {
        direct.note(generation(s));
        return cas(s, started(s));
    }

    /** Who runs the direct instance: claims it, if nobody has. Which one it is. */
    int claimOwn() {
        for (long s = state(); !isRunning(s); s = state()) {
            claim(s);
        }
        return direct.noted();
    }

    /** Owner with the entry in its hands. Starts the instance as an ordinary one; false where it was taken back. */
    boolean startDirect(Share in) {
        for (long s = state(); (s & DIRECT) != 0; s = state()) {
            if (!isRunning(s)) { // else whoever has claimed it has noted it
                direct.note(generation(s));
            }
            if (cas(s, (isRunning(s) ? s : started(s)) & ~DIRECT)) {
                home = in;
                return true;
            }
        }
        return false;
    }

    /** The run of a direct instance that nobody has claimed is over, if this still is the state. */
    boolean finishUnclaimed(long s) {
        long t = started(s) & ~(RUNNING | DIRECT);
        boolean isFinished = cas(s, t);
        if (isFinished) {
            release(t);
        }
        return isFinished;
    }

    /** The same of one that was claimed. */
    void finishDirect() {
        long s;
        do {
            s = state();
            assert isRunning(s) && (s & DIRECT) != 0;
        } while (!cas(s, s & ~(RUNNING | DIRECT)));
        release(s & ~(RUNNING | DIRECT));
    }

    @Override
    long withoutInstance(long s) {
        return isRunning(s) ? s & ~PENDING : s & ~(PENDING | DIRECT);
    }

    // ---- any thread ----

    /** The state as it would be if each run were claimed at its start: a snapshot. */
    long stateAsClaimed() {
        for (;;) {
            long s = state();
            boolean runs = isDirectPending(s) && direct.hasStarted(generation(s));
            if (state() == s) {
                return runs ? started(s) : s;
            }
        }
    }

    /**
     * Claims the instance that runs unclaimed, if there is one. Afterwards RUNNING says whether the item runs, up to
     * its next direct instance; and where one is pending still, its run sees what the caller did before.
     */
    void look() {
        for (long s = state(); isDirectPending(s); s = state()) {
            if (confirm(s) && (!direct.hasStarted(generation(s)) || claim(s))) {
                return;
            }
        }
    }

    /** There will be no direct instances any more, and one that is queued starts by a claim: it can be taken back. */
    private void endDirect() {
        tasklet.endDirect();
        look();
    }

    @Override
    boolean endRecurrence() {
        endDirect();
        return false;
    }

    @Override
    boolean takeBack(int instance) {
        endDirect();
        return super.takeBack(instance);
    }

    @Override
    @Nullable
    Share pendingShare(long s) {
        long now = state();
        return !isDirectPending(now) ? super.pendingShare(s) : generation(now) == generation(s) ? direct.place() : null;
    }

    // ---- the rest ----

    /** T11: it goes where it was scheduled last. */
    @Override
    boolean staysWhereItRuns() {
        return false;
    }

    @Override
    Class<?> function() {
        return tasklet.function();
    }

    @Override
    public String toString() {
        return tasklet.toString();
    }
}

abstract class SoftirqFields extends Work {
    /** I. */
    final Tasklet tasklet;

    /** I. */
    final DirectEntry direct;

    SoftirqFields(DirectEntry direct) {
        this.direct = direct;
        tasklet = direct.tasklet;
    }
}

/** What lies behind it in the heap may be what runners read. */
abstract class SoftirqPad extends SoftirqFields {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;

    SoftirqPad(DirectEntry direct) {
        super(direct);
    }
}
