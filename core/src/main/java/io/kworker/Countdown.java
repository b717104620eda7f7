// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The timer of an item. Whether the item waits for it is said by the item's state word alone (TIMED, and
 * the generation); the alarm in the wheel follows, at once where its CPU's owner acts, else by the operations ring.
 *
 * <p>Also the notice to the owner of its home that the instance for which it is set may be over.
 */
class Countdown extends Alarm implements Timers.Operation {
    /*
     * home   null --arm (armer, CAS; its maker, store)--> the timers of the CPU it is armed for
     *        A    --Arming for another CPU (owner of A)--> B, when it does not lie in a wheel of A any more
     *        A    --arm, or an Arming for B, where A's CPU has no owner any more (CAS)--> B
     *
     * Who finds that it is not at home with him any more sends the operation after it, so that each arrives.
     *
     * Arming against cancel, so that nothing dead stays in a wheel until its time comes:
     *        owner      generation = g ; read the state: does g still count down? then set the alarm
     *        canceller  change the state (CAS) ; read generation: is it g? then send a notice
     * Both are in the one total order (a fence, or the CAS by which the owner itself arms, comes between), so at least
     * one of the two sees the other. Where the canceller does not see g, the operation that sets it is on its way.
     *
     * Where the CPU has no owner any more the operations are applied by whoever submits them. They do not touch the
     * alarm then: the last owner has taken it out of the wheel, and the next home may set it at any moment.
     *
     * The first arming of an item that only its maker can arm then is no message of its own, but the alarm itself:
     *        isArriving   false --send (armer, before its CAS of the item's state)--> true --arrive (owner)--> false
     * It is the first instance of all: once the item has run, anybody may have it (Work.current), and take it back and
     * queue it. Until it arrives the owner's fields are the armer's: it lies in no wheel, nobody arms the item before
     * this instance has run, and no canceller finds the instance's generation in there, so none sends a notice.
     *
     * Two armings of an item may arrive in the wrong order: the one whose generation is not that of the state is dead.
     */
    private static final VarHandle HOME = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "home", VarHandle.class, Countdown.class, Timers.class);
    private static final VarHandle GENERATION = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "generation", VarHandle.class, Countdown.class, int.class);

    /** I. */
    final Work work;

    /** I: it does not wake a sleeping CPU. */
    private final boolean isDeferrable;

    /** S: see above. */
    private volatile @Nullable Timers home;

    /** S: by the owner of its home: the instance that it is set for, or is about to be. */
    private int generation;

    /** C: where the item is to be queued. */
    private @Nullable Workqueue workqueue;

    /** I: only its maker can arm the item before it has run. */
    private final boolean isMakers;

    /** R(the ring): see above. */
    private boolean isArriving;

    Countdown(Work work, boolean isDeferrable) {
        this(work, isDeferrable, false);
    }

    private Countdown(Work work, boolean isDeferrable, boolean isMakers) {
        this.work = work;
        this.isDeferrable = isDeferrable;
        this.isMakers = isMakers;
    }

    /** For an item that nobody but its maker can arm before it has run. */
    static Countdown ofMaker(Work work) {
        return new Countdown(work, false, true);
    }

    // ---- any thread ----

    /**
     * Arms the item for a tick, unless it is refused.
     *
     * @param cpu whose wheel it is to lie in, and where the item is to be queued then
     * @param caller what the caller is mounted on
     * @return the state found: see {@link WorkState#refuses(long, WorkState.Arm)}
     */
    long arm(Workqueue workqueue, Cpu cpu, long tick, WorkState.Arm which,
            @Nullable Carrier caller) {
        Timers wanted = cpu.timers;
        boolean isFirst = isMakers && home == null && WorkState.generation(work.state()) == 0;
        Timers at = isFirst ? firstHome(wanted) : homeFor(wanted);
        Carrier carrier = at == wanted ? Carrier.holding(caller, cpu) : null;
        if (carrier == null) {
            return isFirst ? sendItself(at, workqueue, tick) : armAway(at, workqueue, wanted, tick, which);
        }
        long found;
        try {
            found = armHere(wanted, workqueue, tick, which);
        } finally {
            carrier.tenure.release();
        }
        if (!WorkState.refuses(found, which)) {
            work.replaced(found);
        }
        return found;
    }

    /** The caller's carrier, if there is one: asked of its home first, where that is cheap. */
    @Nullable
    Carrier caller() {
        Timers at = home;
        Carrier runnerOn = at == null ? null : at.carrierOfRunner();
        return runnerOn == null ? Carrier.current() : runnerOn;
    }

    /** Only its maker can arm it. */
    private Timers firstHome(Timers wanted) {
        HOME.setRelease(this, wanted);
        return wanted;
    }

    private Timers homeFor(Timers wanted) {
        for (;;) {
            Timers at = home;
            if (at != null && (at == wanted || !at.cpu.isAbandoned())) {
                return at;
            }
            HOME.compareAndSet(this, at, wanted);
        }
    }

    /** Owner of its home. */
    long armHere(Timers timers, Workqueue workqueue, long tick, WorkState.Arm which) {
        int before = generation;
        for (;;) {
            long s = work.state();
            if (WorkState.refuses(s, which)) {
                if (work.confirm(s)) {
                    restore(timers, before);
                    return s;
                }
                continue;
            }
            GENERATION.setOpaque(this, WorkState.generation(s) + 1);
            if (work.arm(s)) {
                set(timers, workqueue, tick);
                return s;
            }
        }
    }

    /** Owner of its home: it was not armed anew. Who cancelled the former instance meanwhile may not have seen it. */
    private void restore(Timers timers, int before) {
        if (generation != before) {
            GENERATION.setOpaque(this, before);
            VarHandle.fullFence();
            dropDead(timers);
        }
    }

    /** Owner of its home. */
    private void set(Timers timers, Workqueue workqueue, long tick) {
        if (isSet()) {
            timers.wheel(isDeferrable).remove(this);
        }
        this.workqueue = workqueue;
        timers.set(this, tick, isDeferrable);
    }

    private long sendItself(Timers at, Workqueue to, long due) {
        workqueue = to;
        tick = due;
        isArriving = true;
        long found = work.arm(WorkState.Arm.IDLE);
        if (!WorkState.refuses(found, WorkState.Arm.IDLE)) {
            at.submit(this, due);
        }
        return found;
    }

    /** Not the owner of its home. */
    long armAway(Timers at, Workqueue to, Timers wanted, long due, WorkState.Arm which) {
        Arming arming = new Arming(this, to, wanted, due);
        long found = work.arm(which);
        if (!WorkState.refuses(found, which)) {
            work.replaced(found);
            arming.generation = WorkState.generation(found) + 1;
            arming.send(at);
        }
        return found;
    }

    /** Until when its CPU may sleep. */
    final long latest(long due) {
        return isDeferrable ? Long.MAX_VALUE : due;
    }

    /**
     * Whoever revokes the bias of an alarm: see there. Arms the item as somebody who does not own the wheel, unless it
     * has been armed so already.
     */
    void inherit(Workqueue workqueue, Timers from, long tick, BiasedAlarm alarm) {
        Timers at = homeFor(from);
        Arming arming = new Arming(this, workqueue, from, tick);
        BiasedAlarm.Departure departure = new BiasedAlarm.Departure(alarm);
        for (;;) {
            long s = work.state();
            if (alarm.isRevoked() || WorkState.isPending(s)) {
                alarm.endRevoking();
                return;
            }
            if (work.arm(s)) {
                alarm.endRevoking();
                from.submit(departure, Long.MAX_VALUE);
                arming.generation = WorkState.generation(s) + 1;
                arming.send(at);
                workqueue.inherited(work, WorkState.generation(s) + 1);
                return;
            }
        }
    }

    /** Who has ended the countdown of an instance before its time: the alarm is to leave the wheel. */
    void over(int of) {
        Timers at = home;
        if (at == null || (int) GENERATION.getVolatile(this) != of) {
            return; // what would set it is on its way
        }
        Carrier carrier = Carrier.holding(at.cpu);
        if (carrier == null) {
            notice(at);
            return;
        }
        try {
            if (isSet() && generation == of && home == at) {
                at.wheel(isDeferrable).remove(this);
            }
        } finally {
            carrier.tenure.release();
        }
    }

    /** Its owner is to look whether the instance is over for which it is set. */
    void notice(Timers at) {
        at.submit(this, Long.MAX_VALUE);
    }

    /** The instance is to come earlier if it counts down: at a tick, or at once where that is 0. */
    void shorten(int of, long tick) {
        Timers at = home;
        if (at == null) {
            return;
        }
        Workqueue to = null;
        boolean done = false;
        Carrier carrier = Carrier.holding(at.cpu);
        if (carrier != null) {
            try {
                done = home == at && isSet() && generation == of;
                if (done) {
                    to = workqueue;
                    hasten(at, tick);
                }
            } finally {
                carrier.tenure.release();
            }
        }
        if (!done) {
            at.submit(new Shortening(this, of, tick), tick);
        } else if (tick == 0) {
            expire(at, of, to);
        }
    }

    // ---- owner ----

    @Override
    long warmUp() {
        return work.warmUp();
    }

    @Override
    public void apply(Timers timers) {
        if (isArriving) {
            isArriving = false;
            arriveItself(timers);
        } else {
            heed(timers);
        }
    }

    /** The notice has arrived. */
    final void heed(Timers timers) {
        Timers at = home;
        assert at != null;
        if (at != timers) {
            notice(at);
        } else if (!timers.cpu.isAbandoned()) {
            dropDead(timers);
        }
    }

    /** Owner of its home. The instance is the first one, so where there is none any more it is over. */
    private void arriveItself(Timers timers) {
        long s = work.state();
        Workqueue to = workqueue;
        if (to == null || !WorkState.isTimed(s)) {
            return;
        }
        if (timers.cpu.isAbandoned()) {
            to.takeBack(work, WorkState.generation(s));
        } else {
            arriveHere(timers, WorkState.generation(s), to, tick);
        }
    }

    /** Owner of its home. The alarm of an instance that is over leaves the wheel. */
    private void dropDead(Timers timers) {
        if (isSet() && !work.countsDown(generation)) {
            timers.wheel(isDeferrable).remove(this);
        }
    }

    /** Whether it is at home elsewhere, and the operation on its way there. */
    private boolean isAway(Timers timers, Timers.Operation operation) {
        Timers at = home;
        boolean away = at != timers;
        if (away && at != null) {
            at.submit(operation, 0);
        }
        return away;
    }

    @Override
    void expire(Timers timers) {
        expire(timers, generation, workqueue);
    }

    private void expire(Timers timers, int of, @Nullable Workqueue to) {
        long found = work.expire(of);
        if (found != 0 && to != null) {
            to.expired(work, found, WorkState.generation(found), timers.cpu);
        }
    }

    /** Owner. Whether the item is to go to that workqueue. */
    boolean isFor(Workqueue closing) {
        return workqueue == closing;
    }

    /** Owner, the last one too. Takes back the instance that it is set for, unless that is over. */
    void takeBack() {
        Workqueue to = workqueue;
        if (to != null) {
            to.takeBack(work, generation);
        }
    }

    /** An instance that was armed by somebody who does not own its home. */
    static final class Arming implements Timers.Operation {
        private final Countdown countdown;
        private final Workqueue workqueue;
        private final Timers wanted;
        private final long tick;

        /** R(the ring). */
        private int generation;

        /** R(the ring): it is known to the workqueue. */
        private boolean isSent;

        /** For an instance that is yet to come. */
        Arming(Countdown countdown, Workqueue workqueue, Timers wanted, long tick) {
            this(countdown, workqueue, wanted, tick, 0);
        }

        Arming(Countdown countdown, Workqueue workqueue, Timers wanted, long tick, int generation) {
            this.generation = generation;
            this.countdown = countdown;
            this.workqueue = workqueue;
            this.wanted = wanted;
            this.tick = tick;
        }

        @Override
        public void apply(Timers timers) {
            countdown.arrive(this, timers);
        }

        /** Where it goes by somebody else's wheels, who closes the workqueue is to find it there. */
        private void send(Timers to) {
            if (to != wanted && !isSent) {
                isSent = true;
                workqueue.sent(this);
            }
            to.submit(this, countdown.latest(tick));
        }

        /** It is set, or over. */
        private void end() {
            if (isSent) {
                workqueue.arrived(this);
            }
        }

        /** Takes back the instance, unless it is over. */
        void takeBack() {
            workqueue.takeBack(countdown.work, generation);
        }
    }

    /** Whether it is at home with these timers, and they have an owner. */
    final boolean isAtHome(Timers timers) {
        return home == timers && !timers.cpu.isAbandoned();
    }

    final void arrive(Arming arming, Timers timers) {
        Timers at = home;
        if (at != timers) {
            assert at != null;
            arming.send(at);
        } else if (timers.cpu.isAbandoned()) {
            forward(arming, timers);
        } else if (arming.wanted != timers && work.countsDown(arming.generation)) {
            if (isSet()) {
                timers.wheel(isDeferrable).remove(this);
            }
            home = arming.wanted;
            arming.send(arming.wanted);
        } else {
            arriveHere(timers, arming.generation, arming.workqueue, arming.tick);
            arming.end();
        }
    }

    /** Owner of its home, where it is to stay. An instance that was armed elsewhere is set, unless that is over. */
    final void arriveHere(Timers timers, int of, Workqueue to, long due) {
        if (to.hasEndedTimers()) {
            to.takeBack(work, of);
        } else if (work.countsDown(of)) {
            GENERATION.setOpaque(this, of);
            VarHandle.fullFence();
            if (work.countsDown(of)) {
                set(timers, to, due);
                return;
            }
        }
        dropDead(timers); // that of the instance whose place this one took
    }

    /** Its home has no owner any more: the instance goes where it is wanted, or is taken back if that is here. */
    private void forward(Arming arming, Timers from) {
        if (arming.wanted == from || !work.countsDown(arming.generation)) {
            arming.takeBack();
            arming.end();
        } else {
            HOME.compareAndSet(this, from, arming.wanted);
            arming.send(arming.wanted); // who sends it on if somebody was faster
        }
    }

    /** An instance that is to come earlier. */
    private record Shortening(Countdown countdown, int generation, long tick) implements Timers.Operation {
        @Override
        public void apply(Timers timers) {
            countdown.shortenHere(this, timers);
        }
    }

    private void shortenHere(Shortening shortening, Timers timers) {
        if (isAway(timers, shortening) || !work.countsDown(shortening.generation)) {
            return;
        }
        if (timers.cpu.isAbandoned()) {
            return; // its arming is on its way here, and is taken back, or goes on to where it is wanted
        }
        if (!isSet() || generation != shortening.generation) {
            timers.submit(shortening, 0); // the instance is on its way here
            return;
        }
        hasten(timers, shortening.tick);
        if (shortening.tick == 0) {
            expire(timers);
        }
    }

    /** Owner. Takes it out of the wheel, or sets it for an earlier tick. */
    private void hasten(Timers timers, long to) {
        Wheel wheel = timers.wheel(isDeferrable);
        if (to == 0) {
            wheel.remove(this);
        } else if (to < tick) {
            wheel.remove(this);
            timers.set(this, to, isDeferrable);
        }
    }
}
