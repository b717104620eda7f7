// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** A queue of digits that consists of a ring of two and an overflow list: {@link EntryQueue}, or its protocol. */
interface DigitQueue {
    /** Producer. */
    void offer(int digit);

    /** Consumer. The next digit, 0 where none is to be had. */
    int poll();

    boolean isEmpty();

    /** The first half of another producer's offer to the overflow list. */
    void announce();

    /** Takes the announcement back: the other half does not come. */
    void withdraw();
}
