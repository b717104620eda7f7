// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** An entry for an item whose own entry is still in a ring, dead. */
final class StandIn extends Entry {
    /** I. */
    private final Work work;

    StandIn(Work work) {
        this.work = work;
    }

    @Override
    Work work() {
        return work;
    }
}
