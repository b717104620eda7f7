// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** Ways to let time pass on a pinned producer without giving up its CPU's warmth. */
final class Pause {
    private Pause() {
    }

    /** For waits in which another thread may need this CPU. */
    @SuppressWarnings("ThreadPriorityCheck")
    static void giveWay() {
        Thread.yield();
    }

    /** Spins until {@link System#nanoTime} passes {@code deadline}. */
    static void until(long deadline) {
        while (System.nanoTime() - deadline < 0) {
            Thread.onSpinWait();
        }
    }
}
