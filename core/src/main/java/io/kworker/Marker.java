// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/**
 * An entry that runs nothing: it goes through the queue of a share behind what was queued before it, turns the share's
 * colour, and reports when all that came before it is over.
 */
final class Marker extends Entry {
    /** I. */
    private final Round round;

    /** I: whether entries behind this marker are turned away. */
    final boolean closes;

    /** S: by the owner: whether {@link #turn}, the one that this marker has ended, is set. */
    private volatile boolean hasArrived;

    /** S: by the owner. */
    private volatile boolean hasPassed;

    Marker(Share share, Round round, boolean closes) {
        this.share = share;
        this.round = round;
        this.closes = closes;
    }

    @Override
    @Nullable
    Work work() {
        return null;
    }

    /** Owner of the pool. */
    void arrived(Share share, int turn, long entered) {
        assert share == this.share;
        this.turn = turn;
        round.entered(entered);
        hasArrived = true;
    }

    /** Owner of the pool. */
    void pass() {
        hasPassed = true;
        round.pass();
    }

    /** Any thread. Whether it is still to pass through that pool. */
    boolean isIn(Pool pool) {
        return !hasPassed && share().poolNow() == pool;
    }

    /** Any thread. Whether it waits for an instance of its share that has started, and came in that turn. */
    boolean waitsFor(int turnOfRun) {
        return !hasArrived || turnOfRun - turn <= 0;
    }
}
