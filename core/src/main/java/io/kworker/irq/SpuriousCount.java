// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

/**
 * Tells when a line is raised all the time and nobody wants it, by the kernel's numbers: 99,900 of 100,000 passes
 * unhandled, none of them a tenth of a second after the unhandled one before. All of it belongs to whoever is in
 * progress.
 */
final class SpuriousCount {
    /** Passes that are judged together. */
    static final int WINDOW = 100_000;

    /** More than so many of them unhandled are too many. */
    static final int TOLERATED = 99_900;

    /** One that comes so long after the one before is not counted together with it. */
    private static final long APART_NANOS = 100_000_000;

    /** P. */
    private int passes;

    /** P. */
    private int unhandled;

    /** P: when the last one was unhandled. */
    private long last;

    /** Counts a pass; true if the line should be stopped. */
    boolean isTooMuch(boolean isHandled) {
        if (!isHandled) {
            long now = System.nanoTime();
            unhandled = now - last > APART_NANOS ? 1 : unhandled + 1;
            last = now;
        }
        passes++;
        if (passes < WINDOW) {
            return false;
        }
        boolean isTooMuch = unhandled > TOLERATED;
        passes = 0;
        unhandled = 0;
        return isTooMuch;
    }
}
