// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The alarm of a {@link SoftTimer}, as long as only handlers of one CPU arm it and take it back: it is biased to that
 * CPU, its owner does so by plain loads and stores in a {@link Tenure#hold}, and expires it in a {@link Section}; the
 * item behind the timer is not touched before that. Whoever else calls revokes the bias first. From then on the alarm
 * lies idle, and the timer is what its item and that one's {@link Countdown} are.
 *
 * <p>Guarantee: a call is one step for all others, whoever they are: either in a hold or section, in which no revoker
 * looks, or by the item's state word after the revocation. Nothing that was armed is lost or comes twice when it is
 * revoked.
 *
 * <p>Progress: the owner is wait-free; who revokes waits until it has seen the owner in none. Of several revokers any
 * one does for all.
 */
abstract class BiasedAlarm extends Alarm {
    /*
     * mode   FRESH    --adopt  (owner of the CPU on which it is first armed, CAS)--> BIASED
     *        FRESH    --revoke (anybody else, CAS)--> GENERAL
     *        BIASED   --revoke (anybody, CAS)--> REVOKING
     *        REVOKING --revoke (anybody, CAS or volatile store, once its instance is the item's)--> GENERAL
     *
     * due    IDLE     not armed
     *        tick     armed (0 and more)
     *        QUEUED   has expired: the item was queued, and its state word says what has become of it
     *
     *        IDLE, tick, QUEUED --arm    (owner of home)--> tick; an item that is queued is taken back
     *        tick, QUEUED       --cancel (owner of home)--> IDLE; likewise
     *        tick               --expire (owner of home, after it has made the item pending)--> QUEUED
     *
     * due is written in holds and sections of the owner only, which has seen BIASED in that one. The item's state word
     * is not touched by anybody before GENERAL, save for the run of what has expired: no call is in both worlds.
     *
     * Revoker:   CAS to REVOKING ; exclude the owner ; read due, which stays as it is from here on
     *            a tick: read the state word ; read mode, still REVOKING ; CAS the word to TIMED ; GENERAL ; send
     *
     * Not armed twice: several may come so far. While mode is REVOKING nobody has armed, cancelled or expired anything
     * by the word but a revoker who has not stored GENERAL. So a word that was read before REVOKING was read is that
     * of the time before all that, or says PENDING, and then the work is done; the CAS fails if it has changed since.
     * The message that sets the new alarm is sent after GENERAL, so that it cannot expire before. Who dies in between
     * (out of memory) has not changed the word.
     * Not lost: GENERAL comes after the CAS, so who finds GENERAL finds the instance in the word.
     *
     * A revoker that owns the CPU for a moment after its CAS (Tenure) needs no barrier: those before that moment are
     * over, and whoever owns the CPU later sees the mode.
     *
     * The alarm stays in its slot when it is taken back or armed for later: see Leftovers, and expire. When it has been
     * revoked, a message to the owner has it leave.
     */
    static final int FRESH = 0;
    static final int BIASED = 1;
    static final int REVOKING = 2;
    static final int GENERAL = 3;

    static final long IDLE = -1;
    static final long QUEUED = -2;

    /** What a call of the owner has found. */
    enum Found {
        /** Nothing was done: it is not biased. */
        GENERAL,
        /** It was not pending. */
        IDLE,
        /** It was. */
        PENDING
    }

    private static final VarHandle MODE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "mode", VarHandle.class, BiasedAlarm.class, int.class);
    private static final VarHandle HOME = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "home", VarHandle.class, BiasedAlarm.class, Timers.class);
    private static final VarHandle DUE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "due", VarHandle.class, BiasedAlarm.class, long.class);

    /** M: see above. */
    private volatile int mode;

    /** M: set once; means nothing before BIASED. */
    private volatile @Nullable Timers home;

    /** S: see above. */
    private long due = IDLE;

    /** C: it is among the {@link Leftovers}. */
    boolean isListed;

    /** @param mayBeBiased false for one that goes by the state word from the start */
    BiasedAlarm(boolean mayBeBiased) {
        mode = mayBeBiased ? FRESH : GENERAL;
    }

    // ---- what is behind it ----

    /** Owner, after it was armed for nothing, or any thread: whether the item is queued. */
    abstract boolean isQueued();

    /** Owner. Takes the queued item back; true where it was still queued. */
    abstract boolean unqueue();

    /** Owner. Makes the item pending; the state found. */
    abstract long queue();

    /** Owner, after {@link #queue}, outside the section. The item goes into its queue. */
    abstract void queued(Timers timers, long found);

    /** Revoker. The item is armed for that tick unless {@link #isRevoked}, and {@link #endRevoking} called. */
    abstract void inherit(Timers from, long tick);

    // ---- any thread ----

    /** The timers that it is biased to, or, if it is fresh, those of the caller's CPU; null where it is neither. */
    final @Nullable Timers biasedTo(WorkRuntime runtime) {
        int m = mode;
        if (m == BIASED) {
            return home;
        }
        Carrier carrier = m == FRESH ? Carrier.current() : null;
        return carrier != null && carrier.cpu().runtime == runtime ? carrier.cpu().timers : null;
    }

    /** Whether nobody has armed it so far. */
    final boolean isFresh() {
        return mode == FRESH;
    }

    /** Whether it is armed and biased: a snapshot. */
    final boolean isArmed() {
        int m = mode;
        return (m == BIASED || m == REVOKING) && (long) DUE.getAcquire(this) >= 0;
    }

    /** Afterwards the timer goes by the state word of its item. */
    final void revoke() {
        if (mode != GENERAL && !MODE.compareAndSet(this, FRESH, GENERAL)) {
            MODE.compareAndSet(this, BIASED, REVOKING);
            if (mode == REVOKING) {
                settle();
            }
        }
    }

    private void settle() {
        Timers from = home;
        assert from != null;
        Carrier carrier = Carrier.holding(from.cpu);
        if (carrier != null) {
            carrier.tenure.release();
        } else {
            from.exclude(Os::membarrier);
        }
        long last = due;
        if (last >= 0) {
            inherit(from, last);
        } else {
            endRevoking();
        }
    }

    /** Revoker, that has read the state word. Whether somebody else was faster. */
    final boolean isRevoked() {
        return mode == GENERAL;
    }

    /** Revoker: the instance that was armed is the item's, if there was one. */
    final void endRevoking() {
        mode = GENERAL;
    }

    // ---- handler on its home: the usual cases, small enough to be compiled into callers ----

    /*
     * They call nothing but small methods, and whatever else there is to do begins anew with a hold of its own: so they
     * do not grow by what else the compiler has seen, which is much where many timers have been armed for the first
     * time.
     */

    /** Arms it where nothing more is to be done for that: it stays in its slot, of which the time comes no later. */
    final Found armInPlace(long tick) {
        Timers at = home;
        Tenure held = at == null ? null : at.holdByRunner();
        if (at == null || held == null) {
            return Found.GENERAL;
        }
        try {
            long before = due;
            boolean stays = mode == BIASED && isListed && tick >= this.tick && after != null && before != QUEUED
                    && at.isOnline();
            if (!stays) {
                return Found.GENERAL;
            }
            DUE.setOpaque(this, tick);
            return before == IDLE ? Found.IDLE : Found.PENDING;
        } finally {
            held.release();
        }
    }

    /** Takes it back where nothing more is to be done for that. */
    final Found cancelInPlace() {
        Timers at = home;
        Tenure held = at == null ? null : at.holdByRunner();
        if (held == null) {
            return Found.GENERAL;
        }
        try {
            long before = due;
            boolean stays = isListed && before != QUEUED && mode == BIASED;
            if (!stays) {
                return Found.GENERAL;
            }
            DUE.setOpaque(this, IDLE);
            return before == IDLE ? Found.IDLE : Found.PENDING;
        } finally {
            held.release();
        }
    }

    // ---- owner of its home, in a hold ----

    /** Arms it, whether it is armed or not; or only if it is; or only if it is not armed for an earlier time. */
    final Found arm(Timers at, long tick, WorkState.Arm which, boolean onlySooner) {
        if (!at.isOnline() || !isBiased(at)) {
            return Found.GENERAL;
        }
        long before = due;
        boolean wasPending = before >= 0 || before == QUEUED && isQueued();
        if (wasPending ? !onlySooner || tick < before : which == WorkState.Arm.ANY) {
            set(at, tick);
            if (before == QUEUED) { // in this order, so that a snapshot finds it pending
                wasPending = unqueue();
                if (!wasPending && which != WorkState.Arm.ANY) {
                    clear(at);
                }
            }
        }
        return wasPending ? Found.PENDING : Found.IDLE;
    }

    /** Takes it back. */
    final Found cancel(Timers at) {
        return isBiased(at) ? clear(at) ? Found.PENDING : Found.IDLE : Found.GENERAL;
    }

    private boolean clear(Timers at) {
        long before = due;
        if (before == IDLE) {
            return false;
        }
        DUE.setOpaque(this, IDLE);
        if (before == QUEUED) {
            return unqueue();
        }
        if (!isListed) {
            at.leftovers.add(this);
        }
        return true;
    }

    /** In a hold. Another CPU may have been faster since the caller looked for its home. */
    private boolean isBiased(Timers at) {
        int m = mode;
        return m == BIASED ? home == at : m == FRESH && adopt(at);
    }

    private boolean adopt(Timers at) {
        return at.adopts() && (HOME.compareAndSet(this, null, at) || home == at)
                && MODE.compareAndSet(this, FRESH, BIASED);
    }

    private void set(Timers at, long tick) {
        if (!isSet()) {
            at.set(this, tick, false);
        } else if (tick < this.tick || !isListed) {
            move(at, tick);
        }
        DUE.setOpaque(this, tick);
    }

    /** It lies in a slot: a later one has time, an earlier one has not. */
    private void move(Timers at, long tick) {
        if (tick < this.tick) {
            DUE.setOpaque(this, IDLE); // should there be no memory for the other slot
            at.wheel(false).remove(this);
            at.set(this, tick, false);
        } else if (tick > this.tick) {
            at.leftovers.add(this);
        }
    }

    @Override
    final void expire(Timers timers) {
        long entered = timers.section.enter();
        long found;
        try {
            if (mode != BIASED || due < 0) {
                timers.expiresForNothing();
                return;
            }
            if (!timers.hasCome(due)) { // it has been armed for later since it was set
                timers.expiresForNothing();
                timers.set(this, due, false);
                return;
            }
            found = queue();
            DUE.setRelease(this, QUEUED); // in this order, so that a snapshot finds it pending
        } finally {
            timers.section.exit(entered);
        }
        queued(timers, found);
    }

    /** Whoever closes, or the last owner: it is taken out of the wheel. True where it was armed and is not any more. */
    final boolean takeBack(Timers timers) {
        long entered = timers.section.enter();
        try {
            boolean wasArmed = mode == BIASED && due >= 0;
            if (wasArmed) {
                DUE.setOpaque(this, IDLE);
            }
            return wasArmed;
        } finally {
            timers.section.exit(entered);
        }
    }

    /** Owner. It leaves the slot in which it lies for nothing: the wheel, or for the slot of its time. */
    final void tidy(Wheel wheel) {
        if (isLeftover()) {
            wheel.remove(this);
        } else if (isSet() && due > tick) {
            wheel.putOff(this, due);
        }
    }

    /** Whether it lies in the wheel for nothing; also for anybody, as a snapshot. */
    final boolean isLeftover() {
        return isSet() && !(mode == BIASED && due >= 0);
    }

    /** It is revoked: the alarm leaves the wheel. */
    record Departure(BiasedAlarm alarm) implements Timers.Operation {
        @Override
        public void apply(Timers timers) {
            if (!timers.cpu.isAbandoned() && alarm.isSet()) { // else it has left it with all others
                timers.wheel(false).remove(alarm);
            }
        }
    }
}
