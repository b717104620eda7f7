// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/** What lies in a {@link Wheel}: something that is to happen at a tick. Its fields belong to the wheel's owner. */
abstract class Alarm {
    /** C: when. */
    long tick;

    /** C: links of the circular list that it lies in; null while it lies in none. */
    @Nullable Alarm before;

    /** C. */
    @Nullable Alarm after;

    /** Owner. Whether it lies in a wheel. */
    final boolean isSet() {
        return after != null;
    }

    /**
     * Owner, who is about to have it and others expire. Reads what that takes, so that much of it comes from memory at
     * the same time: the locked operations then would fetch one after the other. The result means nothing, but has to
     * be used, or the compiler leaves out the reading.
     */
    long warmUp() {
        return 0;
    }

    /** Owner of the CPU, which has taken it out of the wheel: its tick has come. Never blocks, runs no user code. */
    abstract void expire(Timers timers);
}
