// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * How threads that are none of ours wait for the results of a view before they park. To park and to be woken takes
 * longer than a small task on another CPU; but a thread that spins where its task wants to run only holds it up. So
 * they spin for a moment as long as that pays, else once in a while, to see whether it does again.
 *
 * <p>Any number of threads use one without synchronization: what it knows is a guess.
 */
final class ResultSpin {
    private static final long NANOS = TimeUnit.MICROSECONDS.toNanos(4);

    /** Looks at the future between two looks at the clock. */
    private static final int TURNS_PER_LOOK = 16;

    /** Waits that do not spin, after one that has done so in vain. */
    private static final int SKIPPED = 64;

    /** M: plain, since nothing depends on it but the time that is spent. */
    private int toSkip;

    /** Any thread that is about to wait. Returns when the future is done, or after a few microseconds, or at once. */
    void await(Future<?> future) {
        if (Thread.currentThread().isVirtual()) {
            return; // parking is cheap there
        }
        int skip = toSkip;
        if (skip > 0) {
            toSkip = skip - 1;
        } else if (!spin(future)) {
            toSkip = SKIPPED;
        }
    }

    private static boolean spin(Future<?> future) {
        long start = System.nanoTime();
        do {
            for (int i = 0; i < TURNS_PER_LOOK; i++) {
                if (future.isDone()) {
                    return true;
                }
                Thread.onSpinWait();
            }
        } while (System.nanoTime() - start < NANOS);
        return false;
    }
}
