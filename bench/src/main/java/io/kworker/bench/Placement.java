// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** Where the threads of an executor may run. */
enum Placement {
    /** On the consumer CPU only. */
    PINNED("pinned"),
    /** Wherever the kernel puts them. */
    UNPINNED("unpinned"),
    /** kworker as it comes: a carrier pinned to each CPU, and items queued on the CPU of the producer. */
    LOCAL("local");

    private final String label;

    Placement(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
