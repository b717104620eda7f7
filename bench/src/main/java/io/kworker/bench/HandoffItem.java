// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** Answers its producer: one step of the reply counter. */
final class HandoffItem extends Item {
    private final PaddedCounter reply;

    HandoffItem(PaddedCounter reply) {
        this.reply = reply;
    }

    @Override
    public void run() {
        reply.increment();
    }

    /** A few items, so that one is never queued again in the instant in which it finishes. */
    static Item[] pool(int size, PaddedCounter reply) {
        Item[] items = new Item[size];
        for (int i = 0; i < size; i++) {
            items[i] = new HandoffItem(reply);
        }
        return items;
    }
}
