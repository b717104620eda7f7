// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Predicate;
import org.jctools.queues.MessagePassingQueue;
import org.jctools.queues.varhandle.MpscLinkedVarHandleQueue;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The timers of one CPU: its wheels, which belong to the CPU's owner, and the ring by which everybody else reaches
 * them. Handlers that run on the CPU are its owner for a moment by {@link Tenure#hold}.
 *
 * <p>Who looks at the clock, and when: an idle carrier sleeps until the next deadline; a carrier and a worker that have
 * something to do look once in so many items, a number that follows from how long the items take.
 */
final class Timers extends TimersPad {
    /** What somebody else wants of the wheels. */
    interface Operation {
        /** Owner. Never blocks. */
        void apply(Timers timers);
    }

    /** Most operations in the ring; those that find it full pay for an allocation each. */
    private static final int RING = 4096;

    /** Looks at a full ring before an operation goes to the overflow: gives a busy owner a chance to keep up. */
    private static final int PATIENCE = 256;

    /** Revocations that are not looked at, and biases that make up for one more. */
    private static final int FREE_REVOCATIONS = 64;
    private static final int BIASES_PER_REVOCATION = 16;

    /** Leftovers that leave the wheel with a look at the clock. */
    private static final int CLEARED = 16;

    /** Alarms in one turn, and turns with a look at the clock as long as they make no items. */
    private static final int BATCH = 64;
    private static final int TURNS = 16;

    /** Most items between two looks at the clock. */
    private static final int MAX_STRIDE = 64;

    /** I. */
    final Cpu cpu;

    /** I. */
    final Ticks ticks;

    /** I: in which the owner, in the engine, uses alarms that are biased to this CPU. */
    final Section section = new Section();

    /** I. */
    private final Clock clock;

    private final MpscVarHandleArrayQueue<Operation> ring = new MpscVarHandleArrayQueue<>(RING);
    private final MpscLinkedVarHandleQueue<Operation> overflow = new MpscLinkedVarHandleQueue<>();

    /** C: alarms that the CPU wakes for. */
    private final Wheel wheel;

    /** C: alarms that were taken back and have not left that wheel. */
    final Leftovers leftovers;

    /** C: alarms that may wait until the CPU is awake; made with the first of them. */
    private @Nullable Wheel deferrable;

    /** S: by the owner: no alarm is set, so it looks at the clock seldom while it is busy, and here when it is told. */
    private volatile boolean isQuiet = true;

    /** S: by the carrier before it announces its sleep: the tick until which it sleeps. */
    private volatile long sleepsUntil;

    /**
     * S: by the carrier that has been given the CPU, before it mounts anybody: its tenure. A worker that finds itself
     * the runner of that is mounted on the same carrier still: a carrier clears the runner when it has unmounted it,
     * and so before it is given a CPU again.
     */
    private volatile @Nullable Tenure tenure;

    /** S: under the lock of {@link Online}: whether timers are to be armed on this CPU by those that run on it. */
    private volatile boolean isOnline = true;

    /** M: those of which the bias was revoked by somebody else. */
    private volatile long revocations;

    private static final VarHandle REVOCATIONS = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "revocations", VarHandle.class, Timers.class, long.class);

    Timers(Cpu cpu, Ticks ticks) {
        this.cpu = cpu;
        this.ticks = ticks;
        this.clock = cpu.runtime.clock();
        this.wheel = new Wheel(ticks.floor(System.nanoTime()));
        this.leftovers = new Leftovers(wheel);
    }

    // ---- any thread ----

    /**
     * Hands an operation to the owner, and sees to it that it is looked at before a tick has come, or at any time where
     * that is {@code MAX_VALUE}. Never blocks, refuses or throws. Operations are not kept in order.
     */
    void submit(Operation operation, long tick) {
        if (!ring.relaxedOffer(operation)) {
            submitToFullRing(operation);
        }
        if (isQuiet) {
            cpu.raise();
        }
        /*
         * Not lost: submitter  put it into the queue ; read asleep      carrier  asleep = 1 ; look at the queue
         * Where the submitter sees the carrier asleep, it may rely on the tick that the carrier wrote before that.
         */
        if (tick < sleepsUntil || cpu.doorbell.isAsleep() && isFilling()) {
            cpu.doorbell.ring();
        }
        cpu.evacuateIfAbandoned();
    }

    /** The same for an operation that is in the ring already, or about to be put there by somebody who looks back. */
    void hurry(long tick) {
        if (tick < sleepsUntil) {
            cpu.doorbell.ring();
        }
    }

    private void submitToFullRing(Operation operation) {
        cpu.doorbell.ring();
        for (int i = 0; i < PATIENCE; i++) {
            Thread.onSpinWait();
            if (ring.offer(operation)) {
                return;
            }
        }
        overflow.offer(operation);
    }

    /** The caller's carrier, if the caller is the worker that runs handlers; the cheap way to ask for it. */
    @Nullable
    Carrier carrierOfRunner() {
        Tenure owners = tenure; // read once: a caller that has lost its CPU may find the next owner's
        return owners != null && owners.isRunner() ? owners.carrier : null;
    }

    /** Whether the caller is that worker, and so has not been unmounted since it began to run handlers. */
    boolean isRunner() {
        Tenure owners = tenure;
        return owners != null && owners.isRunner();
    }

    /** The tenure of the caller, as its owner for a moment: see {@link Carrier#holding}. Null for everybody else. */
    @Nullable
    Tenure hold() {
        Tenure held = holdByRunner();
        if (held == null) {
            Carrier carrier = Carrier.holding(cpu);
            held = carrier == null ? null : carrier.tenure;
        }
        return held;
    }

    /** The same for the runner alone. Not for the engine: a runner is taken to be in foreign code. */
    @Nullable
    Tenure holdByRunner() {
        Tenure owners = tenure;
        return owners != null && owners.isRunner() ? owners.tryHold() : null;
    }

    /** Under the lock of {@link Online}. */
    void setOnline(boolean online) {
        isOnline = online;
    }

    /**
     * Somebody else, who revokes the bias of an alarm and has marked that. Afterwards nobody uses it who has not seen
     * the mark: who may have been about to at the barrier was the owner then. That is the one found here, or its hold
     * was over before the CPU changed hands.
     */
    void exclude(Runnable barrier) {
        REVOCATIONS.getAndAdd(this, 1L);
        barrier.run();
        section.awaitExit();
        Tenure held = tenure;
        if (held != null) {
            held.awaitRelease();
        }
    }

    /** Whether an operation waits. */
    boolean hasOperations() {
        return !ring.isEmpty() || !overflow.isEmpty();
    }

    /** Operations that nobody is in a hurry for are left in the ring while the CPU sleeps, but not too many of them. */
    private boolean isFilling() {
        return ring.size() > RING / 2;
    }

    // ---- owner ----

    /** Carrier that has just been given the CPU, before it mounts anybody. */
    void ownedBy(Tenure carriers) {
        tenure = carriers;
    }

    /** Owner. The wheel for alarms of a kind. */
    Wheel wheel(boolean isDeferrable) {
        return isDeferrable ? deferrable() : wheel;
    }

    private Wheel deferrable() {
        Wheel lazy = deferrable;
        if (lazy == null) {
            deferrable = lazy = new Wheel(ticks.floor(System.nanoTime()));
        }
        return lazy;
    }

    /** Owner. Whether a timer is to be biased to this CPU; counts it then. */
    boolean adopts() {
        boolean adopts = isBiasWorthwhile();
        if (adopts) {
            biases++;
        }
        return adopts;
    }

    /** A revocation takes as long as some hundred calls without a bias, so most timers must do without one. */
    private boolean isBiasWorthwhile() {
        return revocations <= FREE_REVOCATIONS + biases / BIASES_PER_REVOCATION;
    }

    /** Whether who runs on this CPU arms timers on it. */
    boolean isOnline() {
        return isOnline;
    }

    /** Owner that looks. Whether a tick has come. */
    boolean hasCome(long tick) {
        return tick <= ticks.floor(lookedAt);
    }

    /** Owner. Sets an alarm that is not set. */
    void set(Alarm alarm, long tick, boolean isDeferrable) {
        Wheel to = wheel(isDeferrable);
        if (tick < to.next()) {
            isHasty = true;
        }
        to.set(alarm, tick);
    }

    /** Owner. Applies the operations that wait; false where it has met one that is still being put into the queue. */
    boolean applyOperations() {
        boolean isWhole = apply(ring);
        return apply(overflow) && isWhole;
    }

    private boolean apply(MessagePassingQueue<Operation> queue) {
        for (int left = queue.size(); left > 0; left--) { // no more than that: some of them come back
            Operation operation = queue.relaxedPoll();
            if (operation == null) {
                return false;
            }
            operation.apply(this);
        }
        return true;
    }

    /** Owner, or who acts in its place. An operation comes again, since what it wants is still being written. */
    void holdUp() {
        isHeldUp = true;
    }

    /** Owner. Applies operations and expires what is due, up to a batch. */
    void look(long now) {
        lookedAt = now;
        made = 0;
        leftovers.clear(CLEARED);
        if (hasOperations()) {
            applyOperations();
        }
        long tick = ticks.floor(now);
        expire(wheel, tick);
        if (deferrable != null) {
            expire(deferrable, tick);
        }
    }

    private void expire(Wheel of, long tick) {
        int before = made;
        int turns = TURNS;
        Alarm first;
        do {
            first = of.poll(tick, BATCH);
            warmth += warmUp(first);
            for (Alarm alarm = first; alarm != null;) {
                Alarm next = alarm.after;
                alarm.before = null;
                alarm.after = null;
                made++;
                alarm.expire(this);
                alarm = next;
            }
        } while (first != null && made == before && --turns > 0);
    }

    private static long warmUp(@Nullable Alarm first) {
        long sum = 0;
        for (Alarm alarm = first; alarm != null; alarm = alarm.after) {
            sum += alarm.warmUp();
        }
        return sum;
    }

    /** Owner. The alarm that expires makes no item. */
    void expiresForNothing() {
        made--;
    }

    /**
     * Owner that is about to run items. Looks, if there is anything to look for.
     *
     * @return so many items may go by until the next look: a quarter of a tick, going by the items since the last one;
     *     where more is due, those that this look has made
     */
    int lookBetweenItems() {
        boolean isEarly = mustLook();
        clockAtLook = clock.now();
        isHasty = false;
        if (isQuiet() && !hasOperations()) {
            stride = MAX_STRIDE;
            return stride;
        }
        long now = System.nanoTime();
        long elapsed = Math.max(now - lookedAt, 1);
        look(now);
        long wanted = isDue(now) ? made : isEarly ? 1 : stride * (ticks.length() / 4) / elapsed;
        stride = Math.clamp(wanted, 1, MAX_STRIDE);
        return stride;
    }

    /**
     * Owner. Whether the next look must not wait for so many items: those before it say nothing of the time until an
     * alarm that was set only now, and an item may take longer than those before it, which shows when the monitor moves
     * the clock.
     */
    boolean mustLook() {
        return isHasty || clock.now() != clockAtLook;
    }

    /*
     * Not lost: submitter  put it into the queue ; read isQuiet: true? then raise the flag of the CPU
     *           owner      isQuiet = true ; look at the queue
     */
    private boolean isQuiet() {
        boolean quiet = !hasAny();
        if (quiet != isQuiet) {
            isQuiet = quiet;
        }
        return quiet;
    }

    /** Owner that runs items. Applies operations that the next look at the clock may be too late for. */
    void stir() {
        if (isQuiet && hasOperations()) {
            applyOperations();
        }
    }

    /** Owner, after the flag of its CPU was lowered: whether somebody may have raised it in vain. */
    boolean stirs() {
        return isQuiet && hasOperations();
    }

    private boolean hasAny() {
        return wheel.size() > 0 || deferrable != null && deferrable.size() > 0;
    }

    /** Owner, or the monitor while foreign code runs. Whether an alarm is due. */
    boolean isDue(long now) {
        return hasAny() && ticks.floor(now) >= nextTick();
    }

    private long nextTick() {
        return deferrable == null ? wheel.next() : Math.min(wheel.next(), deferrable.next());
    }

    /** Carrier. Whether some alarms may lie in a wheel for nothing. */
    boolean hasLeftovers() {
        return !leftovers.isEmpty();
    }

    /** Carrier that has nothing to do. Clears some of them away; true where there were any. */
    boolean clearLeftovers() {
        boolean had = !leftovers.isEmpty();
        leftovers.clear(BATCH);
        return had;
    }

    /** Carrier. Nanoseconds until it is to be awake, as it has published; MAX_VALUE if it need not be. */
    long untilNext(long now) {
        long until = sleepsUntil;
        return until == Long.MAX_VALUE ? Long.MAX_VALUE : ticks.until(until, now);
    }

    /** Carrier, before it announces its sleep. */
    void publishSleep() {
        sleepsUntil = wheel.next();
    }

    /**
     * Carrier that has announced its sleep. Applies what was submitted by those who saw it awake; false where it has
     * met one that is still being put into the queue, or written. It may have to be awake earlier then, and never
     * sleeps longer than it has published: others go by that.
     */
    boolean settle() {
        isHeldUp = false;
        boolean settled = applyOperations() && !isHeldUp;
        long next = wheel.next();
        if (next < sleepsUntil) {
            sleepsUntil = next;
        }
        return settled;
    }

    /** Owner, on behalf of somebody who may block. Takes all alarms that the test is true of out of the wheels. */
    void removeIf(Predicate<Alarm> test) {
        applyOperations();
        leftovers.clear(Leftovers.ROOM);
        wheel.removeIf(test);
        if (deferrable != null) {
            deferrable.removeIf(test);
        }
    }

    /** Last owner, or who evacuates after it. Somebody else is to see to an alarm; always true. */
    boolean moveOut(Alarm alarm) {
        if (alarm instanceof Sleep sleep) {
            sleep.moveOut(this);
        } else if (alarm instanceof Countdown countdown) {
            countdown.takeBack();
        } else if (alarm instanceof SoftTimer timer && timer.takeBack(this)) {
            timer.queueOfCallbacks().timerCancelled();
        }
        return true;
    }

    /** Alarms set, weakly consistent. */
    int size() {
        return Math.max(0, wheel.size() - leftovers.count()) + (deferrable == null ? 0 : deferrable.size());
    }
}

/** What the owner writes for each alarm, and at each look at the clock: those who submit read the rest. */
abstract class TimersBooks extends Lead {
    /** C: timers that have been biased to this CPU. */
    long biases;

    /** C: an operation has had to be put back. */
    boolean isHeldUp;

    /** C: the last look at the clock. */
    long lookedAt;

    /** C: what the clock said then. */
    long clockAtLook;

    /** C: alarms that made an item, more or less, with that look. */
    int made;

    /** C: an alarm has been set since that comes before all others. */
    boolean isHasty;

    /** C: items until the next one. */
    int stride = 1;

    /** C: means nothing: what was read to have it near must look as if it were used. */
    long warmth;
}

abstract class TimersPad extends TimersBooks {
    byte b0, b1;
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
