// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where both actors of a state wait for each other, so that they go on at the same time: for pairs of which one takes
 * much longer, as jcstress keeps the actors together only once per stride, and the faster one would be far ahead.
 */
final class Meeting {
    private final AtomicInteger arrived = new AtomicInteger();

    void meet() {
        arrived.getAndIncrement();
        while (arrived.get() < 2) {
            Thread.onSpinWait();
        }
    }
}
