// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/** The item of a {@link Tasklet}: what others see of what is queued and run. */
final class Softirq extends SoftirqPad {
    Softirq(Tasklet tasklet) {
        super(tasklet);
    }

    @Override
    protected void run() throws Exception {
        Share share = home;
        assert share != null;
        tasklet.perform((BoundShare) share);
    }

    // ---- any thread ----

    /** Whether the handler of a direct instance runs, or is about to, that nobody has claimed: a snapshot. */
    boolean runsUnclaimed() {
        long s = state();
        return isDirectPending(s) && direct.hasStarted(generation(s));
    }

    /**
     * Claims the instance that runs unclaimed, if there is one. Afterwards RUNNING says whether the item runs, up to
     * its next direct instance; and a run that starts later sees what the caller did before.
     */
    void look() {
        for (long s = state(); isDirectPending(s); s = state()) {
            if (confirm(s) && (!direct.hasStarted(generation(s)) || claimFor(s))) {
                return;
            }
        }
    }

    private boolean claimFor(long s) {
        direct.note(generation(s));
        return claim(s);
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
    long withoutInstance(long s) {
        return isRunning(s) ? s & ~PENDING : s & ~(PENDING | DIRECT);
    }

    @Override
    @Nullable
    Share pendingShare(long s) {
        long now = state();
        return !isDirectPending(now) ? super.pendingShare(s) : generation(now) == generation(s) ? direct.place() : null;
    }

    // ---- runner ----

    /** Owner with the entry in its hands. Starts the instance as an ordinary one; false where it was taken back. */
    boolean startDirect(Share in) {
        for (long s = state(); (s & DIRECT) != 0; s = state()) {
            if (!isRunning(s)) { // else whoever has claimed it has noted it
                direct.note(generation(s));
            }
            if (startDirect(s, in)) {
                return true;
            }
        }
        return false;
    }

    /** Who runs the direct instance: claims it, if nobody has. Which one it is. */
    int claimOwn() {
        for (long s = state(); !isRunning(s); s = state()) {
            claimFor(s);
        }
        return direct.noted();
    }

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

    SoftirqFields(Tasklet tasklet) {
        this.tasklet = tasklet;
        direct = new DirectEntry((Softirq) this);
    }
}

/** What lies behind it in the heap may be its entry, which runners read. */
abstract class SoftirqPad extends SoftirqFields {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;

    SoftirqPad(Tasklet tasklet) {
        super(tasklet);
    }
}
