// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The timer of an item that anybody may arm, again and again. Who does so from elsewhere leaves what he wants in here,
 * and sends this as a message if none is on its way: an item that is armed and taken back any number of times while its
 * CPU sleeps has one message in the ring, and costs no allocation.
 *
 * <p>Guarantee: the request that was left last is looked at by the owner of a wheel, and in time, or its armer has sent
 * a message of its own.
 *
 * <p>Progress: lock-free for who arms or cancels; of several that arm at once those who come second allocate an
 * {@link Countdown.Arming}. An owner that meets a request which is being written comes again.
 */
final class PostedCountdown extends Countdown {
    /*
     * request   63                        32 31     5  4      3   1  0
     *           +---------------------------+--------+------+-----+---------+
     *           |         generation        |   0    | TURN |  0  | WAITING |
     *           +---------------------------+--------+------+-----+---------+
     *
     * generation   the instance that was armed by a request last
     * TURN         that of the item's state since that was armed for this instance
     * WAITING      it has not been taken to its wheel
     *
     *   TURN as in the state  --arm   (armer, CAS of the state, which changes its TURN)--> TURN not as in the state
     *   TURN not as there     --write (the same, release store)--> WAITING, new generation, TURN as in the state
     *   WAITING               --take  (who has received the message, CAS)--> WAITING cleared
     *
     * While the two differ the request is being written, by who has armed the item. There is one such at a time, so one
     * bit tells:       armer      read the state ; read request: another TURN? then send a message of its own
     *                             CAS the state from what was read ; write
     * If the CAS succeeds, nobody has armed the item since the state was read: so nobody has begun to write since, and
     * whoever had begun before was done when request was read. A later request is that of a later instance.
     *
     * Not torn:        armer      change the state (CAS) ; write what is requested ; write request
     *                  receiver   read request ; read what is requested ; read the state: another TURN? then come again
     *                             CAS request from what was read
     *
     * postedTo  null    --post    (armer, canceller, or owner, CAS)--> timers: in the ring of those, or about to be
     *           timers  --receive (who has taken the message out of the ring, volatile store)--> null
     *
     * Not overlooked:  armer      change the state (CAS) ; read postedTo: not null? then send nothing
     *                  receiver   postedTo = null ; read request and the state: being written? then post again
     *                  canceller  change the state (CAS) ; read postedTo: not null? then send nothing
     *                  receiver   postedTo = null ; read the state
     *
     * Not late:        armer      change the state (CAS) ; read postedTo ; read until when that CPU sleeps: too long?
     *                             then ring
     *                  poster     put it into the ring ; read request and the state: another one, or being written?
     *                             then ring
     *                  carrier    say until when, and asleep = 1 ; look at the ring
     *
     * A message that comes into the ring after the change: the poster sees that, and rings. One that was there before,
     * while the carrier looks: it is received, see above. One that came after that look: the carrier has said until
     * when before the change, so the armer rings where it has to.
     */
    private static final long WAITING = 1;
    private static final long TURN = WorkState.TURN;

    private static final VarHandle REQUEST = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "request", VarHandle.class, PostedCountdown.class, long.class);
    private static final VarHandle POSTED_TO = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "postedTo", VarHandle.class, PostedCountdown.class, Timers.class);

    /** M: see above. */
    private volatile long request;

    /** R(request): when, for what and in which wheel. */
    private long requestedTick;
    private @Nullable Workqueue requestedQueue;
    private @Nullable Timers requestedTimers;

    /** M: see above. */
    private volatile @Nullable Timers postedTo;

    PostedCountdown(Work work, boolean isDeferrable) {
        super(work, isDeferrable);
    }

    private static boolean isBeingWritten(long request, long state) {
        return ((request ^ state) & TURN) != 0;
    }

    private static boolean isWaiting(long request) {
        return (request & WAITING) != 0;
    }

    // ---- any thread ----

    /** Where it is at home where it is wanted, by a request. */
    @Override
    long armAway(Timers at, Workqueue to, Timers wanted, long due, WorkState.Arm which) {
        for (;;) {
            long s = work.state();
            long before = request; // in this order
            if (WorkState.refuses(s, which)) {
                if (work.confirm(s)) {
                    return s;
                }
            } else if (at != wanted || isBeingWritten(before, s) || !isOnItsWay(at)) {
                return super.armAway(at, to, wanted, due, which);
            } else if (work.armByRequest(s)) {
                write(at, to, due, s);
                work.replaced(s);
                return s;
            }
        }
    }

    /** Whether no message goes anywhere else. */
    private boolean isOnItsWay(Timers at) {
        Timers on = postedTo;
        return on == null || on == at;
    }

    /** @param found the state before it was armed */
    private void write(Timers at, Workqueue to, long due, long found) {
        VarHandle.storeStoreFence(); // who reads some of this is to find the state changed
        requestedTick = due;
        if (requestedQueue != to) {
            requestedQueue = to;
        }
        if (requestedTimers != at) {
            requestedTimers = at;
        }
        long written = (long) (WorkState.generation(found) + 1) << 32 | ~found & TURN | WAITING;
        REQUEST.setRelease(this, written);
        long needed = latest(due);
        Timers on = postedTo;
        if (on == null) {
            on = post(at, needed, written);
        }
        if (on != null) {
            on.hurry(on == at ? needed : 0);
        }
    }

    @Override
    void notice(Timers at) {
        if (postedTo == null) {
            post(at, Long.MAX_VALUE, 0);
        }
    }

    /**
     * Sends it as a message, unless one is on its way: returns to where then.
     *
     * @param known the request that is in time by this tick, or 0
     */
    private @Nullable Timers post(Timers to, long tick, long known) {
        Timers on = (Timers) POSTED_TO.compareAndExchange(this, null, to);
        if (on == null) {
            try {
                to.submit(this, tick);
            } catch (Throwable t) { // out of memory: the next one sends a message again
                POSTED_TO.compareAndSet(this, to, null);
                throw t;
            }
            long now = request;
            if (isBeingWritten(now, work.state()) || isWaiting(now) && now != known) {
                to.hurry(0);
            }
        }
        return on;
    }

    // ---- owner ----

    @Override
    public void apply(Timers timers) {
        postedTo = null;
        long now = request;
        Workqueue to = requestedQueue;
        Timers wanted = requestedTimers;
        long due = requestedTick;
        VarHandle.acquireFence();
        if (isBeingWritten(now, work.state())) {
            comeAgain(timers);
            return;
        }
        if (!isWaiting(now)) {
            heed(timers);
            return;
        }
        assert to != null && wanted != null;
        int of = (int) (now >>> 32);
        boolean isHere = wanted == timers && isAtHome(timers);
        Arming goesOn = isHere ? null : new Arming(this, to, wanted, due, of); // before the request is taken
        if (!REQUEST.compareAndSet(this, now, now & ~WAITING)) {
            comeAgain(timers);
        } else if (goesOn == null) {
            arriveHere(timers, of, to, due);
        } else {
            arrive(goesOn, timers);
        }
    }

    private void comeAgain(Timers timers) {
        timers.holdUp();
        post(timers, 0, 0);
    }
}
