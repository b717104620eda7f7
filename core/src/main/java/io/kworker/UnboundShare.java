// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A share whose entries are counted in by its owner, and out by whoever has run them: so each colour has counters. */
abstract sealed class UnboundShare extends Share permits PodShare, OrderedShare {
    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

    /** Numbers in two cache lines: the counters are kept away from whatever lies next to their array. */
    private static final int MARGIN = 16;

    /** S: by the owner. */
    private final long[] enteredBy = new long[COLORS + 2 * MARGIN];

    /** M: by anyone. */
    private final long[] leftBy = new long[COLORS + 2 * MARGIN];

    UnboundShare(Workqueue workqueue) {
        super(workqueue);
    }

    private static int slot(int turn) {
        return MARGIN + (turn & COLOR_MASK);
    }

    @Override
    final int enter() {
        int slot = slot(turn);
        COUNTS.setOpaque(enteredBy, slot, enteredBy[slot] + 1);
        return turn;
    }

    /** Any thread. */
    @Override
    final void leave(int turn) {
        COUNTS.getAndAdd(leftBy, slot(turn), 1L);
    }

    @Override
    final void turnColor() {
        turn++;
    }

    @Override
    final long inFlight(int turn) {
        return enteredBy[slot(turn)] - (long) COUNTS.getVolatile(leftBy, slot(turn));
    }

    /** Owner. Items started and not over: who ends one after this is sure to see what the owner stored before. */
    final boolean hasActive() {
        long active = -(long) parked - handOffs;
        for (int color = 0; color < COLORS; color++) {
            active += inFlight(color);
        }
        return active > 0;
    }

    @Override
    final long enteredNow() {
        return sum(enteredBy);
    }

    @Override
    final long leftNow() {
        return sum(leftBy);
    }

    private static long sum(long[] counts) {
        long sum = 0;
        for (int color = 0; color < COLORS; color++) {
            sum += (long) COUNTS.getAcquire(counts, MARGIN + color);
        }
        return sum;
    }

    @Override
    final int activeNow() {
        return (int) Math.max(0, startedNow() - completedNow());
    }
}
