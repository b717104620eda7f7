// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** Notes when its handler starts. */
final class ProbeItem extends Item {
    private volatile long startedAt;
    private volatile int runs;

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate")
    public void run() {
        startedAt = System.nanoTime();
        runs++; // in flight once at most
    }

    long startedAt() {
        return startedAt;
    }

    int runs() {
        return runs;
    }

    /** Hands it over, spins until it has run, and returns the nanoseconds from the call to the start of the handler. */
    long startDelay(Peer peer) {
        int expected = runs + 1;
        long start = System.nanoTime();
        peer.submit(this);
        while (runs < expected) {
            Thread.onSpinWait();
        }
        return startedAt - start;
    }
}
