// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link View} was given to {@code execute}, where nobody has a future of it: an entry that is no item, small,
 * and run without a locked operation or a store to it.
 *
 * <p>Assumptions: the view runs on a bound workqueue, and the system has a barrier for all threads
 * ({@link Os#membarrier}); else it makes {@link Task}s. Who {@linkplain #claim claims} a command has set the view's
 * control word, has passed that barrier after it, and then has seen the command in its queue or among the parked ones.
 *
 * <p>Guarantee: a command is either run or claimed, and not both.
 */
final class Command extends Entry {
    /*
     * fate    OPEN --claim (whoever takes it back, CAS)-----------------------> CLAIMED
     *         OPEN --start (runner that sees the view under control, CAS)-----> STARTED
     *         OPEN --refuse (owner, before it takes it out of the queue, CAS)-> REFUSED: its submitter's
     *
     * Not run and claimed, not lost:   runner    takes it out of the queue (store) ; read control ; read fate
     *                                  claimer   control ; barrier ; sees it queued ; CAS of fate ; end of control
     *
     * The barrier falls somewhere in the runner's program order (see Tenure). After its store: then the claimer does
     * not see the command there. Before it: then the runner sees that the view is under control, and the CAS decides;
     * or it comes so late that this is over, and sees the claim. So it does for what waits among the parked ones.
     */
    private static final byte OPEN = 0;
    private static final byte STARTED = 1;
    private static final byte CLAIMED = 2;
    private static final byte REFUSED = 3;

    private static final VarHandle FATE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "fate", VarHandle.class, Command.class, byte.class);

    /** I: where it is counted. */
    final Ledger ledger;

    /** I. */
    final Runnable body;

    /** M: see above. */
    private volatile byte fate;

    /** C: it has left its queue and waits for a slot; its view knows that. */
    private boolean isParked;

    Command(Ledger ledger, Runnable body) {
        this.ledger = ledger;
        this.body = body;
        share = ledger.share;
    }

    View view() {
        return ledger.view;
    }

    @Override
    @Nullable
    Work work() {
        return null;
    }

    // ---- owner of the CPU in whose ring it was ----

    @Override
    void park() {
        if (!isParked) {
            try {
                view().parked(this);
                isParked = true;
            } catch (OutOfMemoryError e) {
                return; // it cannot be taken back, and so runs
            }
        }
    }

    /** It is about to start, or given up. */
    @Override
    void unlink() {
        if (isParked) {
            isParked = false;
            view().unparked(this);
        }
    }

    @Override
    void refuse() {
        FATE.compareAndSet(this, OPEN, REFUSED);
    }

    @Override
    boolean isDead() {
        return fate == CLAIMED;
    }

    // ---- runner ----

    /** False where it was claimed. */
    boolean start() {
        VarHandle.releaseFence(); // the compiler must not read the control word before what was stored
        return (!ledger.view.isUnderControl() || startUnderControl()) && fate != CLAIMED;
    }

    private boolean startUnderControl() {
        boolean isStarted = FATE.compareAndSet(this, OPEN, STARTED);
        if (isStarted && ledger.view.isStopped()) {
            Thread.currentThread().interrupt();
        }
        return isStarted;
    }

    // ---- any thread ----

    /** Who gets true owns it, its place and its end. */
    boolean claim() {
        return FATE.compareAndSet(this, OPEN, CLAIMED);
    }

    /** Submitter. Whether nobody will ever start it. */
    boolean isRefused() {
        return fate == REFUSED;
    }

    /** What the user has given. */
    @Override
    Class<?> function() {
        return body.getClass();
    }
}
