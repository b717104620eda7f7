// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** Where the threads of an executor may run. */
enum Placement {
    /** On the consumer CPU only. */
    PINNED("pinned"),
    /** Wherever the kernel puts them. */
    UNPINNED("unpinned"),
    /** On the producer's CPU: there kworker, as it comes, queues; a peer's threads are pinned there. */
    LOCAL("local");

    private final String label;

    Placement(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
