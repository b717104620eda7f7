// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where both actors of a state wait for each other, so that they go on at the same time: for pairs of which one takes
 * much longer, as jcstress keeps the actors together only once per stride, and the faster one would be far ahead.
 */
final class Meeting {
    /** About a microsecond. */
    private static final int MOST_SPINS = 64;

    private final AtomicInteger arrived = new AtomicInteger();

    void meet() {
        arrived.getAndIncrement();
        for (int spins = 0; arrived.get() < 2; spins++) {
            if (spins < MOST_SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield(); // the other one may be waiting for this very CPU
            }
        }
    }

    /**
     * The same, and then each goes on a little late, by chance: where one of them takes longer to come to the point.
     */
    void meetRoughly() {
        int late = ThreadLocalRandom.current().nextInt(MOST_SPINS);
        meet();
        for (int i = 0; i < late; i++) {
            Thread.onSpinWait();
        }
    }
}
