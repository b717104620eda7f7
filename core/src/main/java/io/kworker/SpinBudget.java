// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * For how long a carrier without work spins before it parks: for all of its limit while that pays, and not at all while
 * it does not, since a spinning carrier takes its CPU from the very threads that may queue something.
 *
 * <p>Spinning has not paid when the time passed in vain. It would have paid when a sleep turned out to be short.
 * (Karlin, Li, Manasse, Owicki: Empirical Studies of Competitive Spinning for a Shared-Memory Multiprocessor, 1991.)
 */
final class SpinBudget {
    /** Turns between two looks at the clock. */
    static final int TURNS_PER_LOOK = 64;

    /** A sleep of up to so many limits was short: the waking is part of it. */
    private static final int SHORT_SLEEP = 4;

    /** I. */
    private final long limit;

    /** C: 0 or the limit. */
    private long budget;

    SpinBudget(long limit) {
        this.limit = limit;
        this.budget = limit;
    }

    /** Nanoseconds to spin. */
    long nanos() {
        return budget;
    }

    /** The time has passed and nothing came. */
    void wasInVain() {
        budget = 0;
    }

    /** The carrier has slept for so many nanoseconds until something came. */
    void slept(long nanos) {
        if (nanos < limit * SHORT_SLEEP) {
            budget = limit;
        }
    }
}
