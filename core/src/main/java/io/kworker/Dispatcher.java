// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * The carrier of a CPU without the carrier scheduler: a platform thread that keeps the books and runs each handler on a
 * virtual thread of the JDK's own scheduler, whose completion comes back by the inbox.
 *
 * <p>It cannot see a handler block, so it asks: while a handler runs, it looks at the state of that thread, and starts
 * the next item once the thread has blocked (G22), has ended, or has kept on for the CPU-intensive threshold (G28).
 */
final class Dispatcher extends Thread implements Engine {
    /** How long it sleeps between two looks at a handler's thread. */
    private static final long LOOK_NANOS = 50_000;

    /** How long it sleeps between two looks at BH handlers that have kept on for long. */
    private static final long LATE_LOOK_NANOS = 1_000_000;

    /** How long it sleeps before it tries again to get a thread. */
    private static final long RETRY_NANOS = 5_000_000;

    private final Cpu cpu;
    private final boolean pin;

    /** S: under the lock of {@link Online}: where it may run. */
    private volatile BitSet mask = new BitSet();

    /** S: by itself, once. */
    private volatile int threadNumber = -1;

    /** M: runs that are not over, for dumps. */
    private final Set<Errand> errands = ConcurrentHashMap.newKeySet();
    private final SpinBudget spinBudget;
    private final @Nullable IdleStrategy idleStrategy;
    private final long threshold;
    private final CountDownLatch settled = new CountDownLatch(1);

    /** S: written before settled. */
    private volatile boolean isPinned;

    /** C: the handler that keeps the next one from starting. */
    private @Nullable Errand running;

    /** C: when it was started, for the threshold. */
    private long runningSince;

    /** C: BH handlers that keep nobody from starting any more, and must not block all the same. */
    private final List<Errand> late = new ArrayList<>();

    /** C: handlers started and not yet reported. */
    private long inFlight;

    /** C: the newest; only for the counts of turns in it. */
    private Run last;

    /** C: an item that has started, and for which there was no thread to be had. */
    private @Nullable Errand stalled;

    Dispatcher(Cpu cpu, boolean pin) {
        super(null, null, "kworker/" + cpu.number, 0, false);
        setDaemon(true);
        this.cpu = cpu;
        spinBudget = new SpinBudget(Math.min(cpu.runtime.settings.spinNanos(), 100_000));
        idleStrategy = cpu.runtime.settings.newIdleStrategy();
        threshold = cpu.runtime.settings.thresholdNanos();
        last = new Errand(cpu, this);
        this.pin = pin;
        if (pin) {
            mask.set(cpu.number);
        }
    }

    @Override
    public Cpu cpu() {
        return cpu;
    }

    @Override
    public boolean isPinned() {
        return isPinned;
    }

    @Override
    public void confine(BitSet cpus) {
        if (isPinned) {
            mask = cpus;
            Os.setAffinity(threadNumber, cpus);
        }
    }

    @Override
    public BitSet affinity() {
        return Os.affinity(threadNumber);
    }

    @Override
    public List<Errand> runs() {
        return List.copyOf(errands);
    }

    @Override
    public void begin() {
        start();
        Threads.await(settled);
    }

    @Override
    public void end() {
        cpu.post(new Stop(cpu));
        Threads.join(this);
    }

    @Override
    public void run() {
        try {
            threadNumber = Os.threadId();
            isPinned = pin && Os.setAffinity(mask);
        } finally {
            settled.countDown();
        }
        int looks = 0;
        for (;;) {
            if (--looks < 0 || cpu.timers.mustLook()) {
                looks = cpu.timers.lookBetweenItems() >> 2; // it takes as long as many an item to start one
            }
            Runnable message = cpu.nextMessage();
            if (message != null) {
                message.run();
            } else if (stalled != null) {
                retry(stalled);
            } else if (mayStart()) {
                Errand errand = newErrand();
                if (cpu.fetch(errand)) {
                    dispatch(errand);
                } else if (cpu.isStopping() && inFlight == 0) {
                    break;
                } else {
                    idle();
                    looks = 0; // a strategy may have slept
                }
            } else if (!startUnbound()) {
                watch();
            }
        }
        cpu.abandon();
    }

    private Errand newErrand() {
        Errand errand = new Errand(cpu, this);
        errand.inheritTurns(last);
        last = errand;
        return errand;
    }

    /** Beside a handler that keeps the next one of its CPU from starting: that of a pod needs nothing of this CPU. */
    private boolean startUnbound() {
        if (!cpu.hasPods() || !cpu.podsHaveWork()) {
            return false;
        }
        Errand errand = newErrand();
        boolean fetched = cpu.fetchOfPods(errand);
        if (fetched) {
            dispatch(errand);
        }
        return fetched;
    }

    private void dispatch(Errand errand) {
        if (idleStrategy != null) {
            idleStrategy.reset();
        }
        inFlight++;
        long now = System.nanoTime();
        cpu.runtime.clock().set(now);
        if (running == null) {
            runningSince = now;
        }
        if (!start(errand)) {
            stalled = errand;
        }
    }

    /** False where no thread is to be had. */
    private boolean start(Errand errand) {
        errands.add(errand);
        try {
            cpu.runtime.settings.beforeThread().run();
            Thread thread = Thread.ofVirtual()
                    .name("kworker/" + cpu.number + ":" + inFlight)
                    .inheritInheritableThreadLocals(false)
                    .unstarted(errand);
            errand.thread = thread;
            if (errand.mayBlockOthers()) {
                running = errand;
            }
            thread.start();
            return true;
        } catch (Throwable t) {
            errands.remove(errand);
            if (running == errand) {
                running = null;
            }
            cpu.runtime.workerNotMade(t);
            return false;
        }
    }

    /** Nothing is lost: the item goes to its rescuer if it has one, else it is tried again; so with those behind it. */
    private void retry(Errand errand) {
        Rescuer rescuer = errand.share().workqueue.rescuer();
        if (rescuer != null) {
            inFlight--;
            stalled = null;
            errand.share().maydays.increment();
            rescuer.take(Rescuer.Rescue.of(errand));
        } else if (start(errand)) {
            stalled = null;
        } else {
            cpu.rescue();
            if (!cpu.hasMessages()) {
                LockSupport.parkNanos(this, RETRY_NANOS); // not by the doorbell: the monitor is to go on, for the pods
            }
        }
    }

    /** G21: nobody runs, as far as we can tell. */
    private boolean mayStart() {
        return running == null;
    }

    /** Waits for the running handler to end, to block or to take too long. */
    private void watch() {
        Errand errand = running;
        assert errand != null;
        boolean blocked = reportIfBlocked(errand);
        watchLate();
        boolean cedes = errand.hasCeded;
        boolean hogs = !blocked && threshold > 0 && System.nanoTime() - runningSince >= threshold;
        if (hogs) {
            cpu.runtime.hogged(errand);
        }
        if (blocked || cedes || hogs) {
            running = null;
            if (!blocked && errand.isAtomic()) {
                late.add(errand);
            }
            return;
        }
        for (int i = 0; i < SpinBudget.TURNS_PER_LOOK; i++) {
            if (cpu.hasMessages()) {
                return;
            }
            Thread.onSpinWait();
        }
        doze(LOOK_NANOS);
    }

    /** Whether a handler has blocked or ended; where it must not block, that is reported. */
    private boolean reportIfBlocked(Errand errand) {
        Thread thread = errand.thread();
        assert thread != null;
        boolean blocked = isBlocked(thread);
        if (blocked && errand.isAtomic() && thread.isAlive()) {
            cpu.runtime.blockedInAtomic(errand);
        }
        return blocked;
    }

    private void watchLate() {
        if (!late.isEmpty()) {
            late.removeIf(this::reportIfBlocked);
        }
    }

    private static boolean isBlocked(Thread thread) {
        return switch (thread.getState()) {
            case BLOCKED, WAITING, TIMED_WAITING, TERMINATED -> true;
            case NEW, RUNNABLE -> false;
        };
    }

    private void idle() {
        watchLate();
        IdleStrategy strategy = idleStrategy;
        if (strategy != null) {
            strategy.idle(0);
            return;
        }
        long start = System.nanoTime();
        while (System.nanoTime() - start < spinBudget.nanos()) {
            for (int i = 0; i < SpinBudget.TURNS_PER_LOOK; i++) {
                if (cpu.hasEntry() || cpu.hasMessages()) {
                    return;
                }
                Thread.onSpinWait();
            }
            long now = System.nanoTime();
            if (cpu.timers.isDue(now) || cpu.timers.hasOperations()) {
                cpu.timers.look(now);
            }
        }
        spinBudget.wasInVain();
        start = System.nanoTime();
        doze(late.isEmpty() ? Long.MAX_VALUE : LATE_LOOK_NANOS);
        cpu.runtime.stirred();
        spinBudget.slept(System.nanoTime() - start);
    }

    private void doze(long nanos) {
        Doorbell doorbell = cpu.doorbell;
        Timers timers = cpu.timers;
        timers.publishSleep();
        doorbell.announce();
        boolean isSettled = timers.settle();
        long until = Math.min(nanos, timers.untilNext(System.nanoTime()));
        if (cpu.hasMessages() || (mayStart() ? cpu.hasWork() : cpu.podsHaveWork()) || !isSettled || until <= 0) {
            doorbell.withdraw();
        } else {
            doorbell.await(until);
        }
    }

    private void returned(Errand errand, @Nullable BoundShare share, int turn) {
        inFlight--;
        errands.remove(errand);
        if (running == errand) {
            running = null;
        }
        if (share != null) {
            share.finished(turn);
        }
    }

    /** One run of a handler on a thread of its own. */
    static final class Errand extends Run implements Runnable {
        private final Dispatcher dispatcher;

        /** S: by the dispatcher, before the thread is started; a dump may come across the errand before that. */
        private volatile @Nullable Thread thread;

        /** S: by the handler's thread. */
        private volatile boolean hasCeded;

        Errand(Cpu cpu, Dispatcher dispatcher) {
            super(cpu);
            this.dispatcher = dispatcher;
        }

        @Override
        @Nullable
        Thread thread() {
            return thread;
        }

        Share share() {
            Share of = share;
            assert of != null;
            return of;
        }

        @Override
        void cede() {
            hasCeded = true;
        }

        @Override
        void pause() {
            Thread.yield(); // the JDK may have no other thread for what we wait for
        }

        /** Whether the next item of the CPU has to wait until this one blocks or ends (G21, G25, G27). */
        boolean mayBlockOthers() {
            return share().isPlain;
        }

        @Override
        public void run() {
            Share of = share();
            becomeCurrent();
            startedAt = cpu.runtime.clock().now();
            Command command = perform(of);
            if (isDescribed()) {
                endDescription();
            }
            finish(command, false);
            if (of instanceof BoundShare bound) {
                cpu.post(new Completion(this, bound, turn));
            } else {
                of.finished(turn);
                cpu.post(new Completion(this, null, 0));
            }
        }
    }

    private record Completion(Errand errand, @Nullable BoundShare share, int turn) implements Delivery {
        @Override
        public void deliver() {
            errand.dispatcher.returned(errand, share, turn);
        }
    }
}
