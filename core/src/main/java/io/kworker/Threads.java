// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.CountDownLatch;

/**
 * Waits that an interrupt does not end; it is kept for later. For starting and closing, where nothing may be left
 * halfway.
 */
final class Threads {
    private Threads() {}

    /** A wait that an interrupt ends. */
    private interface Wait {
        void run() throws InterruptedException;
    }

    static void join(Thread thread) {
        uninterruptibly(thread::join);
    }

    static void await(CountDownLatch latch) {
        uninterruptibly(latch::await);
    }

    private static void uninterruptibly(Wait wait) {
        boolean interrupted = false;
        for (;;) {
            try {
                wait.run();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
