// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One carrier's hold on its CPU, and how the monitor takes the CPU away while foreign code (a handler) keeps the
 * carrier.
 *
 * <p>Assumptions: {@link #leave}, {@link #enter}, {@link #give} and {@link #reset} are called by the carrier, or by
 * the virtual thread mounted on it; {@link #take} by one monitor thread; the barrier given to it makes every other
 * thread of the process execute a full memory barrier, and no thread is between {@code enter}'s store and load,
 * reordered, when it returns.
 *
 * <p>Guarantee: of {@code enter() == true} (the carrier still owns the CPU) and {@code take() == true} (it does not any
 * more), exactly one holds for a given period of foreign code.
 *
 * <p>Progress: wait-free on both sides. The carrier pays a release store at each end of the foreign code and a load
 * after it, and no locked operation; the monitor, which acts once in milliseconds, pays for the order. (Dice, Huang,
 * Yang: Asymmetric Dekker Synchronization, 2001.)
 */
final class Tenure extends TenurePad {
    /*
     * phase   even  the engine runs on the carrier: the CPU cannot be taken
     *         odd   foreign code runs (a handler, a child thread); the value names the period
     *
     * claim   NONE      --take  (monitor, CAS)--> REQUESTED
     *         NONE      --give  (carrier, CAS, in an even phase)--> TAKEN
     *         REQUESTED --take  (monitor, CAS after the barrier, if the phase is the same odd value)--> TAKEN
     *         REQUESTED --take  (monitor, CAS, otherwise)--> NONE
     *         REQUESTED --enter (carrier, CAS)--> NONE
     *         TAKEN     --reset (carrier that owns nothing any more, volatile store)--> NONE
     *
     * Why both cannot win:   carrier   phase = even ; read claim
     *                        monitor   claim = REQUESTED ; barrier ; read phase
     *
     * The barrier falls somewhere in the carrier's program order. Before the store of phase: then the read of claim
     * comes after the barrier too, and sees REQUESTED. After it: then the monitor sees the even phase and gives up.
     * Where the carrier sees REQUESTED and the monitor the odd phase, the CAS on claim decides. That the odd value may
     * be back after a hold changes nothing: a monitor that sees it sees all that was done in between. The releaseFence
     * keeps the compiler from moving the read above the store; it is no instruction on x86.
     */
    private static final int NONE = 0;
    private static final int REQUESTED = 1;
    private static final int TAKEN = 2;

    /** Looks at a request that stands; some tens of microseconds, where a barrier takes a few. */
    private static final int PATIENCE = 1000;

    private static final VarHandle PHASE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "phase", VarHandle.class, TenureWords.class, long.class);
    private static final VarHandle CLAIM = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "claim", VarHandle.class, TenureWords.class, int.class);

    /** Carrier. Foreign code starts: from here until {@link #enter} the CPU may be taken. */
    void leave() {
        assert (phase & 1) == 0;
        PHASE.setRelease(this, phase + 1);
    }

    /** Carrier. Foreign code is over. True where the carrier still owns its CPU; may be asked again. */
    boolean enter() {
        PHASE.setRelease(this, (phase + 1) & ~1L);
        VarHandle.releaseFence();
        return (int) CLAIM.getOpaque(this) == NONE || reenter();
    }

    /**
     * Carrier, in foreign code. The engine runs for a moment: true where the carrier owns its CPU. To be followed by
     * {@link #release} in either case. The same period of foreign code goes on afterwards, so that a handler which does
     * this again and again still is seen to keep its CPU; and it waits for a monitor that is about to take that, since
     * every hold in the time of a barrier would turn it away.
     */
    boolean hold() {
        assert (phase & 1) != 0;
        PHASE.setRelease(this, phase + 1);
        VarHandle.releaseFence();
        return (int) CLAIM.getOpaque(this) == NONE || holdAgainstRequest();
    }

    private boolean holdAgainstRequest() {
        release(); // where the monitor finds the phase that it has seen
        for (int i = 0; i < PATIENCE && (int) CLAIM.getOpaque(this) == REQUESTED; i++) {
            Thread.onSpinWait();
        }
        return enter(); // the monitor may have lost its CPU: it is not waited for any longer
    }

    /** As {@link #hold}, but where this is false the {@link #release} is done. */
    boolean tryHold() {
        boolean isOwner = hold();
        if (!isOwner) {
            release();
        }
        return isOwner;
    }

    /** Carrier, after {@link #hold}. */
    void release() {
        assert (phase & 1) == 0;
        PHASE.setRelease(this, phase - 1);
    }

    private boolean reenter() {
        return CLAIM.compareAndSet(this, REQUESTED, NONE) || (int) CLAIM.getAcquire(this) == NONE;
    }

    /** Carrier, which owns its CPU. Gives it away before it enters foreign code; {@link #enter} will say so. */
    void give() {
        assert (phase & 1) == 0;
        while (!CLAIM.compareAndSet(this, NONE, TAKEN)) {
            CLAIM.compareAndSet(this, REQUESTED, NONE); // the monitor is too late: it will find the phase even
        }
    }

    /** Carrier that lost its CPU and left the loop. */
    void reset() {
        assert claim == TAKEN && (phase & 1) == 0;
        CLAIM.setVolatile(this, NONE);
    }

    /** Carrier that has been given a CPU. Whether it runs the engine, as the owner of that. */
    boolean isEngine() {
        return (phase & 1) == 0 && (int) CLAIM.getOpaque(this) != TAKEN;
    }

    /** Any thread. The phase now; what the carrier wrote before it entered the phase is visible afterwards. */
    long phase() {
        return (long) PHASE.getAcquire(this);
    }

    static boolean isForeign(long phase) {
        return (phase & 1) != 0;
    }

    /** Whether a phase may be a {@link #hold} in the middle of a period of foreign code, which is going to be back. */
    static boolean isHeld(long phase, long period) {
        return isForeign(period) && phase == period + 1;
    }

    /** Monitor. Takes the CPU if the carrier still is in the given foreign phase; true where it has lost it. */
    boolean take(long seen, Runnable barrier) {
        if (!CLAIM.compareAndSet(this, NONE, REQUESTED)) {
            return false; // it has given the CPU away by itself
        }
        barrier.run();
        if (phase() == seen && CLAIM.compareAndSet(this, REQUESTED, TAKEN)) {
            return true;
        }
        CLAIM.compareAndSet(this, REQUESTED, NONE);
        return false;
    }
}

abstract class TenureWords extends Lead {
    /** S: written by whoever runs on the carrier. */
    long phase;

    /** M: written by the monitor, and by the carrier where it meets the monitor. */
    int claim;
}

abstract class TenurePad extends TenureWords {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
