// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/**
 * What lies in a ring: one queueing instance of a {@link Work}, or a {@link Marker}.
 *
 * <p>A {@code Work} is its own first entry, so queueing allocates nothing. Only while a dead entry of it (its instance
 * was cancelled) still lies in a ring does the next queueing make a {@link StandIn}, so that the new instance goes to
 * the tail.
 */
abstract class Entry extends EntryLinks {
    /** R(ring): the share that this instance was queued to. Written by the queuer that won PENDING. */
    @Nullable Share share;

    /** R(ring): the generation of the instance; an entry whose generation is not the state word's is dead. */
    int generation;

    /** The item, or null where it is that of none: a marker, a command. */
    abstract @Nullable Work work();

    /** What it runs, for reports; null for a marker. */
    @Nullable
    Class<?> function() {
        Work work = work();
        return work == null ? null : work.function();
    }

    /** Whether it is one of an instance that is over. */
    boolean isDead() {
        Work work = work();
        return work != null && WorkState.isDead(this, work.state());
    }

    /** Owner. It has been taken out of its queue and will wait; to be called before {@link EntryQueue#taken}. */
    void park() {}

    /** Owner. The same, where it will not run: the workqueue is closed, and its queuer sees that. */
    void refuse() {}

    /** Owner. What is to lie in the list of those that wait, for this one. */
    Entry toWait() {
        return this;
    }

    /** Owner. It is given up without a start, dead or alive. */
    void unlink() {
        Work work = work();
        assert work != null;
        work.unlink(this);
    }

    /** The share of an entry that has been published. */
    final Share share() {
        Share s = share;
        assert s != null;
        return s;
    }
}

/**
 * What only the owner of the CPU uses, and only where an entry waits. The JVM lays out a superclass first: so what each
 * queueing and each start use lies beside the state word of an item, and most often in the same cache line.
 */
abstract class EntryLinks {
    /** C: the turn of the share's colour in which a waiting entry came. */
    int turn;

    /** C: link in the inactive list of a share or in the ready list of a pool. */
    @Nullable Entry next;
}
