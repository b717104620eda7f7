// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.concurrent.atomic.AtomicLongArray;

/** A volatile counter with one writer at a time, 128 bytes away from anything else. */
final class PaddedCounter {
    private static final int SLOT = 16;

    private final AtomicLongArray cells = new AtomicLongArray(2 * SLOT + 1);

    long get() {
        return cells.get(SLOT);
    }

    void set(long value) {
        cells.set(SLOT, value);
    }

    void increment() {
        cells.set(SLOT, cells.getPlain(SLOT) + 1);
    }
}
