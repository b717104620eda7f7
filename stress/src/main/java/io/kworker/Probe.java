// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.atomic.AtomicInteger;

/** A waiter that nobody sleeps in: it counts its releases. */
class Probe extends Waiter {
    private final AtomicInteger releases = new AtomicInteger();

    /** Who released it last. */
    private Thread releaser;

    Probe(int target) {
        super(target);
    }

    @Override
    void release() {
        releaser = Thread.currentThread();
        releases.getAndIncrement();
    }

    int releases() {
        return releases.get();
    }

    Thread releaser() {
        return releaser;
    }
}
