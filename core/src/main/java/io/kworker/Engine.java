// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** What serves one CPU: with the carrier scheduler a {@link Seat}, without it a {@link Dispatcher}. */
interface Engine {
    Cpu cpu();

    /** Starts the threads and returns once they are where they belong. */
    void begin();

    /** Stops the threads, once everything is drained, and waits for them. */
    void end();

    /** Whether the threads run on the CPU of that number and nowhere else. */
    boolean isPinned();
}
