// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One carrier's hold on its CPU, how the monitor takes the CPU away while foreign code (a handler) keeps the carrier,
 * and how such code is the CPU's owner for a moment.
 *
 * <p>Assumptions: {@link #leave}, {@link #enter}, {@link #hold}, {@link #release}, {@link #give} and {@link #reset} are
 * called by the carrier, or by the virtual thread mounted on it; {@link #take} by one monitor thread; the barrier given
 * to it, or passed before {@link #awaitRelease}, makes every other thread of the process execute a full memory barrier,
 * and no thread is between {@code enter}'s store and load, reordered, when it returns.
 *
 * <p>Guarantee: of {@code enter() == true} (the carrier still owns the CPU) and {@code take() == true} (it does not any
 * more), exactly one holds for a given period of foreign code. What a holder uses only where it finds it unmarked is
 * used by no holder between the return of {@code awaitRelease} and the end of the mark.
 *
 * <p>Progress: wait-free for the carrier and the monitor; {@code awaitRelease} returns once it has met no hold. The
 * carrier pays a release store at each end of the foreign code and a load after it, and no locked operation; the
 * monitor, which acts once in milliseconds, pays for the order. (Dice, Huang, Yang: Asymmetric Dekker Synchronization,
 * 2001.)
 */
final class Tenure extends TenurePad {
    /*
     * phase   4k      the engine runs on the carrier: the CPU cannot be taken
     *         4k + 1  foreign code runs (a handler, a child thread): period k
     *         4k + 2  the same code, but the CPU cannot be taken for a moment: a hold in period k
     *
     *         4k            --leave   (carrier, release store)--> 4k + 1, which begins a period
     *         4k + 1        --hold    (carrier, release store)--> 4k + 2
     *         4k + 2        --release (carrier, release store)--> 4k + 1
     *         4k + 1        --enter   (carrier, release store)--> 4k + 4
     *         4k            --enter   (carrier, asked again)-----> 4k
     *
     * claim   NONE      --take  (monitor, CAS)--> REQUESTED
     *         NONE      --give  (carrier, CAS, in the engine)--> TAKEN
     *         REQUESTED --give  (carrier, CAS, in the engine)--> NONE
     *         REQUESTED --take  (monitor, CAS after the barrier, if the phase is the same foreign one)--> TAKEN
     *         REQUESTED --take  (monitor, CAS, otherwise)--> NONE
     *         REQUESTED --enter, hold (carrier, CAS)--> NONE
     *         TAKEN     --reset (carrier that owns nothing any more, volatile store)--> NONE
     *
     * Why both cannot win:   carrier   phase = engine, or hold ; read claim
     *                        monitor   claim = REQUESTED ; barrier ; read phase
     *
     * The barrier falls somewhere in the carrier's program order. Before the store of phase: then the read of claim
     * comes after the barrier too, and sees REQUESTED. After it: then the monitor sees that phase and gives up.
     * Where the carrier sees REQUESTED and the monitor foreign code, the CAS on claim decides. That the same period may
     * be back after a hold changes nothing: a monitor that sees it sees all that was done in between. The releaseFence
     * keeps the compiler from moving the read above the store; it is no instruction on x86.
     *
     * A hold is seen by others than the monitor too. What the holder uses only where it finds it unmarked:
     *                        carrier   phase = hold ; read the mark
     *                        somebody  set the mark ; barrier ; read phase (awaitRelease)
     * The barrier falls before the store of phase: then the read of the mark sees it. Or after it: then awaitRelease
     * sees the hold, and waits until it has seen the carrier without one. Some other hold may make it wait longer. If
     * the CPU has changed hands meanwhile, the hold was over: a CPU in a hold is neither taken nor given.
     *
     * period is what phase is made from, so that nobody loads what was just stored: that takes longer than all else.
     */
    private static final int ENGINE = 3;
    private static final int HOLD = 1;
    private static final int PERIOD = 4;

    private static final int NONE = 0;
    private static final int REQUESTED = 1;
    private static final int TAKEN = 2;

    /** Looks at a request that stands; some tens of microseconds, where a barrier takes a few. */
    private static final int PATIENCE = 1000;

    private static final VarHandle PHASE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "phase", VarHandle.class, TenureWords.class, long.class);
    private static final VarHandle CLAIM = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "claim", VarHandle.class, TenureWords.class, int.class);

    /** I: null in tests. */
    final @Nullable Carrier carrier;

    /** S: by who runs on the carrier: the thread of the worker that runs handlers, until that is unmounted. */
    private @Nullable Thread runner;

    Tenure(@Nullable Carrier carrier) {
        this.carrier = carrier;
    }

    /** Carrier. Foreign code starts: from here until {@link #enter} the CPU may be taken. */
    void leave() {
        assert phase == period + ENGINE;
        period += PERIOD;
        PHASE.setRelease(this, period);
    }

    /** Carrier. Foreign code is over. True where the carrier still owns its CPU; may be asked again. */
    boolean enter() {
        assert !isHeld(phase);
        return isUnclaimedIn(period + ENGINE) || reenter();
    }

    // ---- handlers as owners for a moment ----

    /** Worker that is about to run a handler. */
    void beRunner(@Nullable Thread worker) {
        if (runner != worker) {
            runner = worker;
        }
    }

    /** Carrier, which has unmounted somebody. */
    void endRunner() {
        if (runner != null) {
            runner = null;
        }
    }

    /** Any thread, of the tenure of a CPU's owner: whether it is the runner, and so is mounted on the carrier still. */
    boolean isRunner() {
        return runner == Thread.currentThread();
    }

    /**
     * Carrier, in foreign code. The engine runs for a moment: true where the carrier owns its CPU. To be followed by
     * {@link #release} in either case. The same period of foreign code goes on afterwards, so that a handler which does
     * this again and again still is seen to keep its CPU; and it waits for a monitor that is about to take that, since
     * every hold in the time of a barrier would turn it away.
     */
    boolean hold() {
        return isUnclaimedIn(period + HOLD) || holdAgainstRequest();
    }

    private boolean holdAgainstRequest() {
        assert phase == period + HOLD;
        release(); // where the monitor finds the phase that it has seen
        for (int i = 0; i < PATIENCE && (int) CLAIM.getOpaque(this) == REQUESTED; i++) {
            Thread.onSpinWait();
        }
        return isUnclaimedIn(period + HOLD) || reenter(); // it may have lost its CPU: it is waited for no longer
    }

    /** As {@link #hold}: itself, or null where that was false and the {@link #release} is done. */
    @Nullable
    Tenure tryHold() {
        if (hold()) {
            return this;
        }
        release();
        return null;
    }

    /** Carrier, after {@link #hold}. */
    void release() {
        PHASE.setRelease(this, period);
    }

    // ---- both ----

    private boolean isUnclaimedIn(long next) {
        PHASE.setRelease(this, next);
        VarHandle.releaseFence();
        return (int) CLAIM.getOpaque(this) == NONE;
    }

    private boolean reenter() {
        return CLAIM.compareAndSet(this, REQUESTED, NONE) || (int) CLAIM.getAcquire(this) == NONE;
    }

    /** Carrier, which owns its CPU. Gives it away before it enters foreign code; {@link #enter} will say so. */
    void give() {
        assert phase == period + ENGINE;
        while (!CLAIM.compareAndSet(this, NONE, TAKEN)) {
            CLAIM.compareAndSet(this, REQUESTED, NONE); // the monitor is too late: it will find the engine
        }
    }

    /** Carrier that lost its CPU and left the loop. */
    void reset() {
        assert claim == TAKEN && phase == period + ENGINE;
        CLAIM.setVolatile(this, NONE);
    }

    /** Carrier that has been given a CPU. Whether it runs the engine, as the owner of that. */
    boolean isEngine() {
        return !isForeign(phase) && (int) CLAIM.getOpaque(this) != TAKEN;
    }

    /** Carrier, or who is mounted on it. Whether that is foreign code, and in no hold. */
    boolean mayHold() {
        return isForeign(phase);
    }

    /**
     * Any thread. The phase now, where a hold counts as the foreign code that it is in the middle of; what the carrier
     * wrote before it entered the phase is visible afterwards.
     */
    long phase() {
        long now = phaseNow();
        return isHeld(now) ? now - HOLD : now;
    }

    private long phaseNow() {
        return (long) PHASE.getAcquire(this);
    }

    static boolean isForeign(long phase) {
        return (phase & 3) == 1;
    }

    private static boolean isHeld(long phase) {
        return (phase & 3) == 2;
    }

    /**
     * Any thread, after it has set a mark and passed the barrier. Waits until it has seen the tenure not held. Never
     * parks, since the caller may be atomic.
     */
    void awaitRelease() {
        Spin spin = new Spin();
        while (isHeld(phaseNow())) {
            spin.once();
        }
    }

    /** Monitor. Takes the CPU if the carrier still is in the given foreign phase; true where it has lost it. */
    boolean take(long seen, Runnable barrier) {
        if (!CLAIM.compareAndSet(this, NONE, REQUESTED)) {
            return false; // it has given the CPU away by itself
        }
        barrier.run();
        if (phaseNow() == seen && CLAIM.compareAndSet(this, REQUESTED, TAKEN)) {
            return true;
        }
        CLAIM.compareAndSet(this, REQUESTED, NONE);
        return false;
    }
}

abstract class TenureWords extends Lead {
    /** S: written by whoever runs on the carrier. */
    long phase;

    /** Whoever runs on the carrier: the phase of the foreign code that runs, or was the last to. */
    long period = -3;

    /** M: written by the monitor, and by the carrier where it meets the monitor. */
    int claim;
}

abstract class TenurePad extends TenureWords {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
