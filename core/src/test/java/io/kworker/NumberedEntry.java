// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** An entry that is nothing but told apart from others. */
final class NumberedEntry extends Entry {
    final int producer;
    final int number;

    NumberedEntry(int producer, int number) {
        this.producer = producer;
        this.number = number;
    }

    @Override
    Work work() {
        return null;
    }
}
