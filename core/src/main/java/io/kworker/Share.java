// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/**
 * What one workqueue has on one CPU (the kernel's pool_workqueue): its active count, the entries waiting for a slot,
 * its counters. All of it belongs to the owner of the CPU; no field but the final ones is touched by anyone else.
 */
final class Share extends SharePad {
    /** I. */
    final Workqueue workqueue;

    /** I. */
    final Cpu cpu;

    /** C: entries over the limit, in queueing order (G35). */
    final EntryList inactive = new EntryList();

    /** C: markers waiting for this share to fall idle. */
    private final EntryList markers = new EntryList();

    Share(Workqueue workqueue, Cpu cpu, int limit) {
        this.workqueue = workqueue;
        this.cpu = cpu;
        this.limit = limit;
    }

    /**
     * Whether a newcomer cannot start: no slot is free, older entries wait already (G20), or the workqueue is closed.
     */
    boolean mustWait() {
        return active >= limit || !inactive.isEmpty() || isClosed;
    }

    /** Whether an entry that waits could start now. */
    boolean isRunnable() {
        return active < limit && !inactive.isEmpty();
    }

    boolean isIdle() {
        return active == 0 && handOffs == 0 && inactive.isEmpty();
    }

    /**
     * A marker came out of the ring: everything queued before it has been started, cancelled or put on the inactive
     * list.
     */
    void arrive(Marker marker) {
        if (marker.closes) {
            isClosed = true;
        }
        markers.addLast(marker);
        passMarkersIfIdle();
    }

    /** To be called whenever the share may have fallen idle. */
    void passMarkersIfIdle() {
        while (isIdle() && !markers.isEmpty()) {
            Entry marker = markers.pollFirst();
            assert marker != null;
            ((Marker) marker).pass(started);
        }
    }
}

abstract class ShareLead {
    long l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, l12, l13, l14;
}

abstract class ShareFields extends ShareLead {
    /** I: most items that may be active at a time. */
    int limit;

    /** C: items started and not finished, sleeping ones included (G31). */
    int active;

    /**
     * C: entries that wait for a run of their own item to end, wherever that runs, or have come back from that wait.
     */
    int handOffs;

    /** C: instances started so far. */
    long started;

    /** C: whether the share is on the CPU's list of runnable shares. */
    boolean isListed;

    /**
     * C: whether the workqueue is closed: an entry that comes now is turned away, and its queuer told by the
     * workqueue's phase.
     */
    boolean isClosed;

    /** C: link in the CPU's list of runnable shares. */
    @Nullable Share nextRunnable;
}

abstract class SharePad extends ShareFields {
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
