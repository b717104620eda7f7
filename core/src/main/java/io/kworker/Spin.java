// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** One wait for something short that somebody else is in the middle of. Never parks, since the caller may be atomic. */
final class Spin {
    /** Turns, then the other one may want the CPU that the waiter keeps. */
    private static final int PATIENCE = 1000;

    private final boolean yields = !Thread.currentThread().isVirtual();
    private int turns;

    void once() {
        if (++turns % PATIENCE == 0 && yields) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }
}
