// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The short sections in which the owner of a CPU, in the engine, uses what it shares with others by plain loads and
 * stores, and how somebody else shuts it out. Handlers have {@link Tenure#hold} for that.
 *
 * <p>Assumptions: {@link #enter} and {@link #exit} are called in turn, by the owner; whoever calls {@link #awaitExit}
 * has set a mark, and then had every other thread of the process execute a full memory barrier.
 *
 * <p>Guarantee: where the owner looks at the mark after {@code enter}, and keeps its hands off if that is set, then
 * nothing is used between the return of {@code awaitExit} and the end of the mark; what the sections before have
 * written is seen after that return.
 *
 * <p>Progress: the owner is wait-free and pays two stores, and no locked operation. Who excludes it waits for one
 * section, and so for a thread that the system has stopped in the middle of it.
 */
final class Section extends SectionPad {
    /*
     * count   even  the owner is in no section
     *         odd   it is; the value names the section
     *
     * Why nobody is overlooked:   owner     count = odd ; read the mark
     *                             excluder  set the mark ; barrier ; read count
     *
     * The barrier falls somewhere in the owner's program order. Before the store of count: then the read of the mark
     * comes after the barrier too, and sees it. After it: then the excluder sees the odd count, or a later one, and
     * waits for the next. The releaseFence keeps the compiler from moving the read above the store; it is no
     * instruction on x86. (Dice, Huang, Yang: Asymmetric Dekker Synchronization, 2001.)
     */
    private static final VarHandle COUNT = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "count", VarHandle.class, SectionCount.class, long.class);

    /**
     * Owner. What it reads from here on, it reads after others see that it is in a section.
     *
     * @return the section, for {@link #exit}: to load what was just stored would take longer
     */
    long enter() {
        long entered = count + 1;
        assert (entered & 1) != 0;
        COUNT.setOpaque(this, entered);
        VarHandle.releaseFence();
        return entered;
    }

    /** Owner. */
    void exit(long entered) {
        assert count == entered;
        COUNT.setRelease(this, entered + 1);
    }

    /** Not the owner, after it has set a mark and passed the barrier. Waits for the end of a section that it meets. */
    void awaitExit() {
        long seen = (long) COUNT.getAcquire(this);
        Spin spin = new Spin();
        while ((seen & 1) != 0 && (long) COUNT.getAcquire(this) == seen) {
            spin.once();
        }
    }
}

abstract class SectionCount extends Lead {
    /** S: by the owner of the CPU. */
    long count;
}

abstract class SectionPad extends SectionCount {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
