// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** The consumer of a {@link DigitQueue}: it writes down what it gets. */
final class DigitConsumer {
    private final DigitQueue queue;
    private int number;

    DigitConsumer(DigitQueue queue) {
        this.queue = queue;
    }

    /** Polls so many times. */
    void poll(int times) {
        for (int i = 0; i < times; i++) {
            int digit = queue.poll();
            if (digit != 0) {
                number = 10 * number + digit;
            }
        }
    }

    /** Polls until the queue is empty. */
    void pollAll() {
        while (!queue.isEmpty()) {
            poll(1);
        }
    }

    /** The digits so far, as a decimal number. */
    int number() {
        return number;
    }
}
