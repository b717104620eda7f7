// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A flag on a cache line of its own: for one that is written often and read seldom. */
final class Flag extends FlagPad {
    private static final VarHandle IS_UP = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "isUp", VarHandle.class, FlagWord.class, boolean.class);

    boolean isUp() {
        return isUp;
    }

    /** Others may see it late. */
    void raise() {
        IS_UP.setOpaque(this, true);
    }

    /** Others see it down, or the owner's reads that follow see what they did before they looked. */
    void lower() {
        isUp = false;
    }
}

abstract class FlagWord extends Lead {
    /** S: its owner's. */
    volatile boolean isUp;
}

abstract class FlagPad extends FlagWord {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
