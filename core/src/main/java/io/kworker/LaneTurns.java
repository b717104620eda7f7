// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** What an urgent lane writes for each item, kept away from what producers read. Owned with the CPU. */
final class LaneTurns extends LaneTurnsPad {}

abstract class LaneTurnsFields extends Lead {
    /** C: a serial lane's item runs, or sleeps though it must not. */
    boolean isOccupied;

    /** C: items in a row so far. */
    int streak;
}

abstract class LaneTurnsPad extends LaneTurnsFields {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
