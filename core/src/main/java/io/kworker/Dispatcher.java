// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
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

    private final Cpu cpu;
    private final @Nullable BitSet mask;
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

    /** C: handlers started and not yet reported. */
    private long inFlight;

    Dispatcher(Cpu cpu, boolean pin) {
        super(null, null, "kworker/" + cpu.number, 0, false);
        setDaemon(true);
        this.cpu = cpu;
        spinBudget = new SpinBudget(Math.min(cpu.runtime.settings.spinNanos(), 100_000));
        idleStrategy = cpu.runtime.settings.newIdleStrategy();
        threshold = cpu.runtime.settings.thresholdNanos();
        if (pin) {
            mask = new BitSet();
            mask.set(cpu.number);
        } else {
            mask = null;
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
            isPinned = mask != null && Os.setAffinity(mask);
        } finally {
            settled.countDown();
        }
        for (;;) {
            Runnable message = cpu.nextMessage();
            if (message != null) {
                message.run();
            } else if (mayStart()) {
                Errand errand = new Errand(cpu, this);
                if (cpu.fetch(errand)) {
                    dispatch(errand);
                } else if (cpu.isStopping() && inFlight == 0) {
                    break;
                } else {
                    idle();
                }
            } else {
                watch();
            }
        }
        cpu.abandon();
    }

    private void dispatch(Errand errand) {
        if (idleStrategy != null) {
            idleStrategy.reset();
        }
        inFlight++;
        running = errand;
        runningSince = System.nanoTime();
        try {
            errand.thread = Thread.ofVirtual()
                    .name("kworker/" + cpu.number + ":" + inFlight)
                    .inheritInheritableThreadLocals(false)
                    .start(errand);
        } catch (Throwable t) { // no thread to be had: nothing is lost, the handler runs here
            cpu.runtime.workerNotMade(t);
            errand.thread = this;
            errand.run();
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
        if (isBlocked(errand.thread()) || threshold > 0 && System.nanoTime() - runningSince >= threshold) {
            running = null;
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

    private static boolean isBlocked(Thread thread) {
        return switch (thread.getState()) {
            case BLOCKED, WAITING, TIMED_WAITING, TERMINATED -> true;
            case NEW, RUNNABLE -> false;
        };
    }

    private void idle() {
        IdleStrategy strategy = idleStrategy;
        if (strategy != null) {
            strategy.idle(0);
            return;
        }
        long start = System.nanoTime();
        while (System.nanoTime() - start < spinBudget.nanos()) {
            for (int i = 0; i < SpinBudget.TURNS_PER_LOOK; i++) {
                if (cpu.stirs()) {
                    return;
                }
                Thread.onSpinWait();
            }
        }
        spinBudget.wasInVain();
        start = System.nanoTime();
        doze(Long.MAX_VALUE);
        spinBudget.slept(System.nanoTime() - start);
    }

    private void doze(long nanos) {
        Doorbell doorbell = cpu.doorbell;
        doorbell.announce();
        if (cpu.hasMessages() || mayStart() && cpu.hasWork()) {
            doorbell.withdraw();
        } else if (nanos == Long.MAX_VALUE) {
            doorbell.await();
        } else {
            doorbell.await(nanos);
        }
    }

    private void returned(Errand errand, Share share) {
        inFlight--;
        if (running == errand) {
            running = null;
        }
        cpu.finished(share);
    }

    /** One run of a handler on a thread of its own. */
    private static final class Errand extends Run implements Runnable {
        private final Dispatcher dispatcher;

        /** C. */
        private @Nullable Thread thread;

        Errand(Cpu cpu, Dispatcher dispatcher) {
            super(cpu);
            this.dispatcher = dispatcher;
        }

        Thread thread() {
            Thread t = thread;
            assert t != null;
            return t;
        }

        @Override
        public void run() {
            Work item = work;
            Share of = share;
            assert item != null && of != null;
            becomeCurrent();
            perform(item, of);
            work = null;
            item.finish();
            cpu.post(new Completion(this, of));
        }
    }

    private record Completion(Errand errand, Share share) implements Delivery {
        @Override
        public void deliver() {
            errand.dispatcher.returned(errand, share);
        }
    }
}
