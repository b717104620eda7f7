// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.CountDownLatch;

/**
 * A thread that does nothing. It is started just before a carrier and ends with it, so that the VM's words for the
 * carrier do not lie beside those of another one.
 *
 * <p>The VM keeps some words for each platform thread outside of the heap, 32 bytes, and hands them out in the order in
 * which threads are started: two threads share a cache line. Among them is the thread that is mounted
 * ({@code JavaThread::_vthread}), written whenever a virtual one is mounted or unmounted, and read by
 * {@link Thread#currentThread}. Two carriers started one after the other would hand their line back and forth between
 * their CPUs several times for each handler that blocks.
 */
final class Spacer extends Thread {
    private final CountDownLatch over = new CountDownLatch(1);

    Spacer(Thread carrier) {
        super(null, null, carrier.getName() + " spacer", 0, false);
        setDaemon(true);
    }

    @Override
    public void run() {
        Threads.await(over);
    }

    /** The carrier ends, or could not be started. */
    void end() {
        over.countDown();
        Threads.join(this);
    }
}
