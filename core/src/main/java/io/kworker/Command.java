// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link View} was given to {@code execute}, where that is to run once and nobody has a future of it: an entry
 * that is no item, small, and started and ended without a locked operation.
 *
 * <p>Assumptions: the view runs on a bound workqueue, and the system has a barrier for all threads
 * ({@link Os#membarrier}); else it makes {@link Task}s. {@link #claim} and {@link #interrupt} are called after the
 * view's control word was set and that barrier passed.
 *
 * <p>Guarantees: a command is either run or claimed; an interrupt comes while it runs.
 */
final class Command extends Entry {
    /*
     * phase   WAITING  --start (runner, store)--> RUNNING --leave (runner, store)--> OVER
     *
     * fate    OPEN          --claim     (whoever takes it back, CAS, where the phase is WAITING)--> CLAIMED
     *         OPEN          --start     (runner that sees the view under control, CAS)-----------> STARTED
     *         OPEN, STARTED --interrupt (stopper, CAS, where the phase is RUNNING)---------------> INTERRUPTING
     *         INTERRUPTING  --interrupt (stopper, store)-----------------------------------------> INTERRUPTED
     *         OPEN, STARTED --leave     (runner that sees the view stopped, CAS)-----------------> LEFT
     *         INTERRUPTING    runner waits
     *
     * Not run and claimed, not lost:   runner    phase = RUNNING ; read control ; read fate
     *                                  claimer   control ; barrier ; read phase: WAITING? then CAS of fate ; control
     *
     * The barrier falls somewhere in the runner's program order (Tenure). Before its read of control: then it sees that
     * the view is under control, and the CAS decides; or, where the claimer is done with it, sees its claim. After it:
     * then the claimer sees RUNNING.
     *
     * No stray interrupt (J8):   runner    phase = OVER ; read control: stopped? then CAS of fate, or wait ; clear flag
     *                            stopper   control ; barrier ; read phase: RUNNING? then CAS of fate, and interrupt
     *
     * None missing:              runner    who runs it, phase = RUNNING ; read control: stopped? then interrupt
     *                            stopper   control ; barrier ; read who runs it
     */
    private static final byte WAITING = 0;
    private static final byte RUNNING = 1;
    private static final byte OVER = 2;

    private static final byte OPEN = 0;
    private static final byte STARTED = 1;
    private static final byte INTERRUPTING = 2;
    private static final byte INTERRUPTED = 3;
    private static final byte LEFT = 4;
    private static final byte CLAIMED = 5;

    private static final VarHandle PHASE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "phase", VarHandle.class, Command.class, byte.class);
    private static final VarHandle FATE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "fate", VarHandle.class, Command.class, byte.class);

    /** I. */
    final View view;

    /** I. */
    final Runnable body;

    /** S: see above. */
    byte phase;

    /** M: see above. */
    private volatile byte fate;

    /** C: it has left its queue and waits for a slot; its view knows that. */
    private boolean isParked;

    Command(View view, Runnable body) {
        this.view = view;
        this.body = body;
    }

    @Override
    @Nullable
    Work work() {
        return null;
    }

    // ---- owner of the CPU in whose ring it was ----

    /** Before it leaves the queue for a list in which others cannot look. */
    @Override
    void park() {
        if (!isParked) {
            isParked = true;
            view.parked(this);
        }
    }

    /** It has left that list. */
    @Override
    void unlink() {
        if (isParked) {
            isParked = false;
            view.unparked(this);
        }
    }

    @Override
    boolean isDead() {
        return fate == CLAIMED;
    }

    // ---- runner ----

    /** Foreign code, unless it was claimed. */
    void run() {
        if (start()) {
            try {
                body.run();
            } finally {
                leave();
            }
        }
    }

    private boolean start() {
        PHASE.setRelease(this, RUNNING);
        VarHandle.releaseFence();
        boolean isStarted = view.isUnderControl() ? startUnderControl() : fate != CLAIMED;
        if (isStarted) {
            view.placeIsFree();
        }
        return isStarted;
    }

    private boolean startUnderControl() {
        if (!FATE.compareAndSet(this, OPEN, STARTED) && fate == CLAIMED) {
            return false;
        }
        if (view.isStopped()) {
            interrupt(Thread.currentThread());
        }
        return true;
    }

    private void leave() {
        PHASE.setRelease(this, OVER);
        VarHandle.releaseFence();
        if (view.isStopped()) {
            leaveStopped();
        }
    }

    private void leaveStopped() {
        if (!FATE.compareAndSet(this, OPEN, LEFT) && !FATE.compareAndSet(this, STARTED, LEFT)) {
            while (fate == INTERRUPTING) {
                Thread.yield();
            }
        }
    }

    // ---- any thread ----

    /** Interrupts the thread that runs it, if that still does. */
    void interrupt(Thread runner) {
        byte found = fate;
        if ((byte) PHASE.getOpaque(this) == RUNNING && (found == OPEN || found == STARTED)
                && FATE.compareAndSet(this, found, INTERRUPTING)) {
            try {
                runner.interrupt();
            } finally {
                fate = INTERRUPTED;
            }
        }
    }

    /** Takes it back if it waits; who gets true owns it, its place and its end. */
    boolean claim() {
        return (byte) PHASE.getOpaque(this) == WAITING && FATE.compareAndSet(this, OPEN, CLAIMED);
    }

    /** What the user has given. */
    @Override
    Class<?> function() {
        return body.getClass();
    }
}
