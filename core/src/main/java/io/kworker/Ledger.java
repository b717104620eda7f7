// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** How many commands of a view were submitted from one CPU, and how many ended there: the same, whoever ends it. */
final class Ledger extends LedgerPad {
    /*
     * All over: the sum of the ended is read first, then that of the entered. All of them only grow, and no command
     * ends before it is entered, so where the sums are the same nothing was under way in between.
     *
     * Not lost:   owner      ended + 1 (store) ; read the view's control word: shut? then a fence, and the sums
     *             shutdown   control ; barrier ; read the sums
     *
     * Of several owners at once the last one to pass its fence sees all.
     */
    private static final VarHandle ENTERED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "entered", VarHandle.class, LedgerFields.class, long.class);
    private static final VarHandle ENDED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "ended", VarHandle.class, LedgerOwned.class, long.class);
    private static final VarHandle ENDED_ELSEWHERE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "endedElsewhere", VarHandle.class, LedgerFields.class, long.class);

    /** I. */
    final View view;

    /** I: that of its workqueue on that CPU. */
    final BoundShare share;

    Ledger(View view, BoundShare share) {
        this.view = view;
        this.share = share;
    }

    /** Submitter, before it looks at the state. */
    void enter() {
        ENTERED.getAndAdd(this, 1L);
    }

    /** Owner of the CPU. */
    void end() {
        ENDED.setRelease(this, ended + 1);
        VarHandle.releaseFence();
    }

    /** Anyone else. */
    void endElsewhere() {
        ENDED_ELSEWHERE.getAndAdd(this, 1L);
    }

    /** Any thread. What they did that are counted happens before the return. */
    long ended() {
        return (long) ENDED.getAcquire(this) + endedElsewhere;
    }

    /** Any thread. */
    long entered() {
        return entered;
    }

    /** Whether everything entered here was over at some moment of the call. */
    boolean isBalanced() {
        long over = ended();
        return entered() == over;
    }
}

abstract class LedgerFields extends Lead {
    /** M. */
    volatile long entered;

    /** M: that no owner of the CPU has ended. */
    volatile long endedElsewhere;
}

abstract class LedgerGap extends LedgerFields {
    long g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14;
}

abstract class LedgerOwned extends LedgerGap {
    /** S: by the owner of the CPU. */
    long ended;
}

abstract class LedgerPad extends LedgerOwned {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
