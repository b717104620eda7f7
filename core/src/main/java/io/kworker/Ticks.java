// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * Time as the timer wheels of a runtime count it: ticks of a power of two of nanoseconds, since the runtime was made.
 * Deadlines are rounded up to the next tick and the present is rounded down, so nothing is ever early (J17).
 */
final class Ticks {
    /** I: the {@link System#nanoTime} of tick 0. */
    private final long origin;

    /** I: a tick is so many nanoseconds, as a power of two. */
    private final int shift;

    /** @param resolution longest tick, in nanoseconds */
    Ticks(long origin, long resolution) {
        this.origin = origin;
        this.shift = 63 - Long.numberOfLeadingZeros(resolution);
    }

    /** Nanoseconds in a tick. */
    long length() {
        return 1L << shift;
    }

    /** The last tick that has begun at this moment. */
    long floor(long nanoTime) {
        return nanoTime - origin >> shift;
    }

    /** The first tick that begins at this moment or later; 0 for what is past. */
    long ceil(long nanoTime) {
        return up(nanoTime - origin);
    }

    /** The first tick that begins so many nanoseconds, one or more, after a moment, or later. */
    long after(long nanoTime, long nanos) {
        long since = nanoTime - origin + nanos;
        return up(since < 0 ? Long.MAX_VALUE : since);
    }

    private long up(long since) {
        return since <= 0 ? 0 : (since - 1 >> shift) + 1;
    }

    /** Nanoseconds from a moment to the beginning of a tick; 0 or less if that has come. */
    long until(long tick, long nanoTime) {
        long since = tick > Long.MAX_VALUE >> shift ? Long.MAX_VALUE : tick << shift;
        return since - (nanoTime - origin);
    }
}
