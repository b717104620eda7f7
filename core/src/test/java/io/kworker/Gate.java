// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.CountDownLatch;

/**
 * Where handlers are held until the test lets them go; {@link RuntimeExtension} opens it when the test is over,
 * whatever happened.
 */
public final class Gate {
    private final CountDownLatch latch = new CountDownLatch(1);
    private volatile boolean isOpen;

    public void open() {
        isOpen = true;
        latch.countDown();
    }

    public boolean isOpen() {
        return isOpen;
    }

    /** Blocks the handler: it sleeps, and its CPU goes on. */
    public void pass() throws InterruptedException {
        latch.await();
    }

    /** Keeps the CPU busy. */
    public void burn() {
        while (!isOpen) {
            Thread.onSpinWait();
        }
    }
}
