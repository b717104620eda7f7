// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** An executor under test, with its threads started. */
interface Peer extends AutoCloseable {
    /** Hands an item over. The hot path: called by the pinned producers. */
    void submit(Item item);

    /** Runs what was handed over, and ends the threads. */
    @Override
    void close();
}
