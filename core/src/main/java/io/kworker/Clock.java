// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The time of day of a runtime, for how long handlers have been running: {@link System#nanoTime} as of the monitor's
 * last tick, or of a carrier's last awakening. Reading it costs a load.
 */
final class Clock extends ClockPad {
    private static final VarHandle NOW = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "now", VarHandle.class, ClockWord.class, long.class);

    Clock() {
        set(System.nanoTime());
    }

    long now() {
        return (long) NOW.getOpaque(this);
    }

    void set(long nanos) {
        NOW.setOpaque(this, nanos);
    }
}

abstract class ClockWord extends Lead {
    /** M: whoever has just asked the system. */
    long now;
}

abstract class ClockPad extends ClockWord {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
