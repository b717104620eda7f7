// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ThreadFactory;

/** What serves one CPU: with the carrier scheduler a {@link Seat}, without it a {@link Dispatcher}. */
interface Engine {
    Cpu cpu();

    /** Starts the threads and returns once they are where they belong. */
    void begin();

    /** Stops the threads, once everything is drained, and waits for them. */
    void end();

    /** Any thread that may block. The CPUs that the threads may run on from now on, if they are pinned. */
    void confine(BitSet mask);

    /** The CPUs that the thread which owns the CPU may run on, as the system says; empty where it does not say. */
    BitSet affinity();

    /** Makes virtual threads for the user, on this CPU if the engine has a say in that. */
    default ThreadFactory threads() {
        return Thread.ofVirtual().factory();
    }

    /** The contexts that run handlers, weakly consistent; those without an item too. */
    List<? extends Run> runs();

    /** Whether the threads run on the CPU of that number and nowhere else. */
    boolean isPinned();
}
