// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** Where the threads of an executor may run. */
enum Placement {
    /** On the consumer CPU only; kworker has a runtime of that CPU alone. */
    PINNED("pinned"),
    /** Wherever the kernel puts them. */
    UNPINNED("unpinned"),
    /** On the producer's CPU: there kworker, as it comes, queues; a peer's threads are pinned there. */
    LOCAL("local"),
    /**
     * kworker with a carrier on every CPU: bound work is queued on the consumer's, unbound work is left to whichever
     * CPU comes for it.
     */
    ALL("all CPUs");

    private final String label;

    Placement(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
