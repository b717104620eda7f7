// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * A carrier: a platform thread, pinned to its CPU, on which that CPU's workers are mounted.
 *
 * <p>The bare carrier takes no lock, starts no thread, logs nothing and runs no user code (save the user's idle
 * strategy): a lock shared with one of its own workers would hang the CPU for ever. It mounts whoever has been woken,
 * resumes an idle worker where there is work and nobody runs, and sleeps.
 */
final class Carrier extends Thread {
    /** Continuations mounted in a row while queued work waits: then the queue has a turn, so that nothing starves. */
    private static final int BUDGET = 64;

    /** For so long a CPU sleeps at first where timers lie in its wheel for nothing: then they leave that. */
    private static final long TIDY_NANOS = 10_000_000;

    /** I. */
    final Tenure tenure = new Tenure(this);

    private final Seat seat;
    private final Cpu cpu;
    private final Crew crew;
    private final SpinBudget spinBudget;
    private final Spacer spacer = new Spacer(this);

    /** C. */
    private @Nullable IdleStrategy idleStrategy;

    /** C: the strategy has been idling since there was last something to do. */
    private boolean isStrategyIdle;

    /** S: by the carrier, once. */
    private volatile int threadNumber = -1;

    /** S: set by whoever gives it the CPU, cleared by the carrier. */
    private volatile boolean isSummoned;

    /** C: left by a worker that found itself a stranger; posted once it is unmounted. */
    Worker.@Nullable Homecoming stray;

    /** C: the worker mounted now, or last; null where that is a thread which a handler has started. */
    private @Nullable Worker mounted;

    /** C: the share of the item whose handler has just blocked. */
    private @Nullable Share blocked;

    /** C: the carrier wakes a worker for itself; its continuation is to come here and not into the inbox. */
    private boolean isResuming;

    /** C. */
    private @Nullable Runnable resumed;

    /** C: the worker whose sleep the carrier ends now. */
    private @Nullable Worker waking;

    /** C. */
    private int budget = BUDGET;

    /** C: continuations until the next look at the clock. */
    private int looks;

    Carrier(Seat seat, Crew crew, String name) {
        super(null, null, name, 0, false);
        this.seat = seat;
        this.cpu = seat.cpu();
        this.crew = crew;
        this.spinBudget = new SpinBudget(cpu.runtime.settings.spinNanos());
        this.idleStrategy = cpu.runtime.settings.newIdleStrategy();
        setDaemon(true);
    }

    /**
     * The carrier that the calling thread, a virtual one in foreign code or the carrier itself, is mounted on, if that
     * is the owner of a CPU. The caller is the owner then, until it gives the carrier's tenure back, and must not block
     * before that. Null for everybody else.
     */
    static @Nullable Carrier holding(Cpu cpu) {
        Carrier runnerOn = cpu.timers.carrierOfRunner();
        return holding(runnerOn == null ? current() : runnerOn, cpu);
    }

    /** The same for a caller that has asked for its carrier already. */
    static @Nullable Carrier holding(@Nullable Carrier carrier, Cpu cpu) {
        if (carrier == null || carrier.cpu != cpu || !carrier.tenure.mayHold()) {
            return null; // also where a user's idle strategy arms timers
        }
        return carrier.tenure.tryHold() == null ? null : carrier;
    }

    /** The carrier that the calling thread is mounted on at this moment, or is. */
    static @Nullable Carrier current() {
        Thread thread = Thread.currentThread();
        if (!thread.isVirtual()) {
            return thread instanceof Carrier carrier ? carrier : null;
        }
        return CarrierScheduler.currentCarrier();
    }

    Cpu cpu() {
        return cpu;
    }

    /** The system's number of this thread; -1 before it runs. */
    int threadNumber() {
        return threadNumber;
    }

    @Override
    public void start() {
        spacer.start();
        try {
            super.start();
        } catch (Throwable t) {
            spacer.end();
            throw t;
        }
    }

    @Override
    public void run() {
        try {
            serve();
        } finally {
            spacer.end();
        }
    }

    private void serve() {
        threadNumber = Os.threadId();
        seat.settle();
        while (awaitTurn()) {
            own();
            seat.retire(this);
        }
    }

    /** Monitor, or whoever starts the first carrier: the CPU is this carrier's. */
    void summon() {
        isSummoned = true;
        LockSupport.unpark(this);
    }

    /** Waits until the CPU is this carrier's; false where it is to end. */
    private boolean awaitTurn() {
        while (!isSummoned) {
            if (seat.isClosing()) {
                return false;
            }
            LockSupport.park(seat);
            Thread.interrupted();
        }
        isSummoned = false;
        return true;
    }

    /**
     * Serves the CPU until it is taken away, or has ended. The frame of this method is as old as that, and was compiled
     * as it was then; so it does next to nothing.
     */
    private void own() {
        cpu.timers.ownedBy(tenure);
        boolean goesOn;
        do {
            goesOn = turn();
        } while (goesOn);
    }

    /** Does what comes first; false where the CPU was lost over it, or has ended. */
    private boolean turn() {
        if (--looks < 0 || cpu.timers.mustLook()) {
            looks = cpu.timers.lookBetweenItems() >> 2; // a continuation takes longer than a short item
        }
        Runnable message = budget > 0 || !othersWait() ? cpu.nextMessage() : null;
        if (message instanceof Delivery) {
            message.run();
            return true;
        }
        if (message != null) {
            budget = Math.max(0, budget - 1);
            Worker worker = message instanceof Worker woken ? woken : crew.workerOf(message);
            return mount(worker == null ? message : worker.continuation(), worker);
        }
        if (crew.hasSurplus()) {
            return cull();
        }
        budget = BUDGET;
        if (cpu.hasWork() && crew.idle() > 0) {
            seat.publishStarving(false);
            return wakeWorker();
        }
        if (cpu.isStopping() && crew.isResting()) {
            return end();
        }
        idle();
        return true;
    }

    /** Nothing is left to do for good: the workers end, then the CPU. */
    private boolean end() {
        if (crew.size() > 0) {
            return dismiss(crew.pop());
        }
        cpu.abandon();
        seat.ended();
        return false;
    }

    /** Whether there is something to do that threads which always can run must not hold up for ever. */
    private boolean othersWait() {
        return cpu.hasWork() || cpu.isStopping();
    }

    /** There is something to do. */
    private void endIdling() {
        IdleStrategy strategy = idleStrategy;
        if (isStrategyIdle && strategy != null) {
            strategy.reset();
        }
        isStrategyIdle = false;
    }

    private boolean wakeWorker() {
        Worker worker = crew.pop();
        assert worker != null;
        if (blocked != null) {
            blocked.cmWakeups++;
        }
        worker.hasFetched = false;
        boolean owner = resume(worker, false);
        if (owner && !worker.hasFetched && !cpu.hasMessages()) {
            Thread.yield(); // the head of the ring is a hole: let its producer run, which may want this CPU
        }
        return owner;
    }

    private boolean cull() {
        for (int i = 0; i < Crew.CULL_BATCH; i++) {
            Worker worker = crew.pollSurplus();
            if (worker == null) {
                break;
            }
            if (!dismiss(worker)) {
                return false;
            }
        }
        return true;
    }

    private boolean dismiss(@Nullable Worker worker) {
        assert worker != null;
        return resume(worker, true);
    }

    private boolean resume(Worker worker, boolean dismiss) {
        isResuming = true;
        Runnable continuation = worker.resume(dismiss);
        isResuming = false;
        if (continuation == null) {
            continuation = resumed;
            resumed = null;
        }
        // null: somebody else woke the thread, and its continuation comes by the inbox
        return continuation == null || mount(continuation, worker);
    }

    /** Ends the sleep of a worker. */
    void wake(Worker sleeper, Runnable wakeUp) {
        waking = sleeper;
        try {
            wakeUp.run();
        } finally {
            waking = null;
        }
    }

    /** The scheduler's, on this very thread: whether it keeps a continuation of its CPU to itself. */
    boolean takes(Runnable continuation) {
        if (isResuming) {
            resumed = continuation;
            return true;
        }
        if (!tenure.isEngine() || cpu.isAbandoned()) {
            return false;
        }
        Worker woken = waking;
        cpu.setAside(woken != null && woken.continuation == continuation ? woken : continuation);
        return true;
    }

    /** Runs a continuation until its thread blocks or ends. False where the CPU was lost meanwhile. */
    private boolean mount(Runnable continuation, @Nullable Worker worker) {
        if (isStrategyIdle) {
            endIdling();
        }
        mounted = worker;
        blocked = null;
        tenure.leave();
        try {
            continuation.run();
        } catch (Throwable t) {
            cpu.runtime.carrierFault(t);
        }
        tenure.endRunner();
        if (!tenure.enter()) {
            if (stray == null && worker != null && worker.isAtomic()) { // it has not ended, so it has blocked
                cpu.runtime.blockedInAtomic(worker);
            }
            surrender();
            return false;
        }
        if (worker != null && worker.isBusy()) {
            hasBlocked(worker);
        }
        return true;
    }

    /** A handler has blocked. */
    private void hasBlocked(Worker worker) {
        Share share = worker.share;
        blocked = share;
        if (share != null && share.workqueue.isBh()) {
            cpu.runtime.blockedInAtomic(worker);
        }
    }

    /** The monitor, in a foreign phase of this carrier that it has seen: the worker mounted, if it is one. */
    @Nullable
    Worker mounted() {
        return mounted;
    }

    private void surrender() {
        Worker.Homecoming homecoming = stray;
        stray = null;
        tenure.reset();
        if (homecoming != null) {
            cpu.post(homecoming);
        }
    }

    /** Mounted worker. Looks for an entry for a while; false where none has come, or a message has come first. */
    boolean spin() {
        long budget = spinBudget.nanos();
        if (budget == 0) {
            return false;
        }
        if (!cpu.hasPods()) {
            return spin(budget);
        }
        cpu.watch();
        boolean found = spin(budget);
        cpu.stopWatching(found);
        return found;
    }

    private boolean spin(long budget) {
        long start = 0;
        for (int i = 1;; i++) {
            if (cpu.hasEntry()) {
                return true;
            }
            if (cpu.hasMessages()) {
                return false;
            }
            if (i % SpinBudget.TURNS_PER_LOOK == 0) {
                long now = System.nanoTime();
                if (cpu.timers.isDue(now) || cpu.timers.hasOperations()) {
                    cpu.timers.look(now);
                }
                if (start == 0) {
                    start = now;
                } else if (now - start >= budget) {
                    spinBudget.wasInVain();
                    return false;
                }
            }
            Thread.onSpinWait();
        }
    }

    private void idle() {
        IdleStrategy strategy = idleStrategy;
        if (strategy != null) {
            seat.publishStarving(crew.idle() == 0 && cpu.hasWork());
            looks = 0;
            isStrategyIdle = true;
            cpu.timers.clearLeftovers();
            try {
                strategy.idle(0);
            } catch (Throwable t) {
                idleStrategy = null; // from here on as if none had been given
                cpu.runtime.carrierFault(t);
            }
            return;
        }
        Doorbell doorbell = cpu.doorbell;
        Timers timers = cpu.timers;
        seat.publishSpareWorkers();
        looks = 0;
        timers.publishSleep();
        doorbell.announce();
        boolean isSettled = timers.settle();
        boolean hasWork = cpu.hasWork();
        seat.publishStarving(hasWork && crew.idle() == 0);
        long asleepAt = System.nanoTime();
        long until = timers.untilNext(asleepAt);
        if (cpu.hasMessages() || hasWork && crew.idle() > 0 || !isSettled || until <= 0) {
            doorbell.withdraw();
            seat.stirred(); // the monitor may have seen us asleep
            if (!isSettled) {
                Thread.yield(); // let its submitter run, which may want this CPU
            }
            return;
        }
        if (!doorbell.await(timers.hasLeftovers() ? Math.min(until, TIDY_NANOS) : until)) {
            tidy();
        }
        long now = System.nanoTime();
        cpu.runtime.clock().set(now);
        spinBudget.slept(now - asleepAt);
        seat.stirred();
    }

    /** The CPU has had nothing to do for a while. */
    private void tidy() {
        boolean goesOn;
        do {
            goesOn = cpu.timers.clearLeftovers();
        } while (goesOn && !cpu.hasMessages() && !cpu.hasWork());
    }
}
