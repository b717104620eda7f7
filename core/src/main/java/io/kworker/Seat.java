// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The carriers of one CPU: the one that owns it, those that lost it and have not come back from their handler, and the
 * spare ones.
 */
final class Seat implements Engine {
    private final Cpu cpu;
    private final Crew crew;
    private final CarrierScheduler scheduler;
    private final boolean pin;

    /** I: set when it begins. */
    private @Nullable ThreadFactory threads;

    /** S: under the lock of {@link Online}: where carriers may run; empty where they are not pinned. */
    private volatile BitSet mask = new BitSet();

    /** M: all carriers there are. */
    private final Queue<Carrier> all = new ConcurrentLinkedQueue<>();
    private final CountDownLatch settled = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    /** M: carriers that lost the CPU and have returned. */
    private final ConcurrentLinkedQueue<Carrier> spares = new ConcurrentLinkedQueue<>();

    /** S: by the monitor that takes the CPU, or the owner that gives it away. */
    private volatile Carrier owner;

    /** S: by the monitor: it owns the CPU itself, since there was no carrier to be had for it. */
    private volatile boolean isVacant;

    /** M: set by the carriers, when there is work and no worker for it. */
    private volatile boolean isStarving;

    /** M: whether the CPU's end has come: spare carriers are to end. */
    private volatile boolean isClosing;

    /** S: by the carriers, when they fall asleep. */
    private volatile boolean hasSpareWorkers;

    /** S: whether a carrier could be pinned; all of them are told the same. */
    private volatile boolean isPinned = true;

    /** M: carriers that exist. */
    private final AtomicInteger carriers = new AtomicInteger(1);

    /** S: by the monitor: how often the CPU was taken from a carrier. */
    private volatile long takeOvers;

    Seat(Cpu cpu, boolean pin) {
        this.cpu = cpu;
        this.scheduler = new CarrierScheduler(cpu);
        this.crew = new Crew(this, scheduler);
        this.pin = pin;
        if (pin) {
            mask.set(cpu.number);
        }
        owner = newCarrier();
    }

    private Carrier newCarrier() {
        Carrier carrier = new Carrier(this, crew, "kworker/" + cpu.number);
        all.add(carrier);
        return carrier;
    }

    @Override
    public Cpu cpu() {
        return cpu;
    }

    /** For tests. */
    Crew crew() {
        return crew;
    }

    @Override
    public void begin() {
        threads = scheduler.builder().factory();
        crew.adopt(crew.make());
        owner.summon();
        owner.start();
        Threads.await(settled);
    }

    @Override
    public boolean isPinned() {
        return pin && isPinned;
    }

    @Override
    public void confine(BitSet cpus) {
        if (isPinned()) {
            mask = cpus;
            for (Carrier carrier : all) {
                Os.setAffinity(carrier.threadNumber(), cpus);
            }
        }
    }

    @Override
    public BitSet affinity() {
        return Os.affinity(owner.threadNumber());
    }

    @Override
    public ThreadFactory threads() {
        ThreadFactory factory = threads;
        assert factory != null;
        return factory;
    }

    @Override
    public List<Worker> runs() {
        return crew.members();
    }

    // ---- carriers ----

    /** A carrier's first act. */
    void settle() {
        try {
            BitSet cpus;
            do {
                cpus = mask;
                if (pin && !Os.setAffinity(cpus)) {
                    isPinned = false;
                }
            } while (cpus != mask); // it may have been changed before this thread could be found
        } finally {
            settled.countDown();
        }
    }

    /** A carrier that does not own the CPU any more: to be summoned again, or to end. */
    void retire(Carrier carrier) {
        if (!isClosing()) {
            spares.offer(carrier);
        }
    }

    /** Whether carriers without a CPU are to end. */
    boolean isClosing() {
        return isClosing || cpu.isAbandoned();
    }

    void publishSpareWorkers() {
        boolean spare = crew.hasSpareWorkers();
        if (spare != hasSpareWorkers) {
            hasSpareWorkers = spare;
        }
    }

    /** Carrier that can do nothing more. */
    void publishStarving(boolean starving) {
        if (starving != isStarving) {
            isStarving = starving;
        }
    }

    void stirred() {
        cpu.runtime.stirred();
    }

    // ---- monitor ----

    Carrier owner() {
        return owner;
    }

    boolean hasSpareWorkers() {
        return hasSpareWorkers;
    }

    long takeOvers() {
        return takeOvers;
    }

    boolean isVacant() {
        return isVacant;
    }

    boolean isStarving() {
        return isStarving;
    }

    // ---- relief: monitor, or a worker in foreign code ----

    /** A carrier that has been here before, or null. */
    @Nullable
    Carrier pollSpare() {
        return spares.poll();
    }

    /** A new carrier, started and not summoned, or null where there are too many. May block and throw. */
    @Nullable
    Carrier newRelief() {
        if (carriers.getAndIncrement() >= cpu.runtime.settings.maxCarriers()) {
            carriers.getAndDecrement();
            return null;
        }
        try {
            cpu.runtime.settings.beforeThread().run();
            Carrier relief = newCarrier();
            relief.start();
            return relief;
        } catch (Throwable t) {
            carriers.getAndDecrement();
            throw t;
        }
    }

    /** Whether a carrier can be had that would take the CPU over. */
    boolean hasRelief() {
        return !spares.isEmpty() || carriers.get() < cpu.runtime.settings.maxCarriers();
    }

    /** With the taking over switched off, only one that has come back. */
    private @Nullable Carrier relief() {
        Carrier spare = spares.poll();
        return spare == null && cpu.runtime.settings.thresholdNanos() > 0 ? newRelief() : spare;
    }

    /** Owner of the CPU, that has given it away, or the monitor, that has taken it. */
    void pass(Carrier relief) {
        owner = relief;
        relief.summon();
    }

    /**
     * Monitor. Takes the CPU from its owner, if that still is in the given phase of foreign code, and gives it to
     * another carrier. That one's thread is started before anything is taken, so that a thread which cannot be made
     * costs nobody the CPU; and it is summoned by a flag of its own, since the late carrier may be back before
     * {@code owner} is written.
     */
    void takeOver(long phase, Runnable barrier) {
        Carrier relief = relief();
        if (relief == null) {
            return;
        }
        if (owner.tenure.take(phase, barrier)) {
            takeOvers++;
            pass(relief);
        } else {
            spares.offer(relief);
        }
    }

    /** Monitor. Takes the CPU itself, though it can run nothing on it: it keeps the books, and calls the rescuers. */
    void vacate(long phase, Runnable barrier) {
        if (owner.tenure.take(phase, barrier)) {
            takeOvers++;
            isVacant = true;
        }
    }

    /** Monitor that owns the CPU. Gives it to a carrier if one is to be had, else does what can be done without. */
    void fill() {
        Carrier relief = null;
        try {
            relief = relief();
        } catch (Throwable t) {
            cpu.runtime.workerNotMade(t);
        }
        if (relief == null) {
            cpu.timers.look(System.nanoTime());
            cpu.deliver();
            cpu.rescue();
        } else {
            isVacant = false;
            pass(relief);
        }
    }

    /** Monitor. There is work on the CPU and no worker for it: makes one, or has the rescuers called. */
    void feed() {
        if (!crew.beManager()) {
            return;
        }
        try {
            cpu.post(new Adoption(crew, crew.make()));
            isStarving = false; // the carrier says so again if one was not enough
        } catch (Throwable t) {
            cpu.runtime.workerNotMade(t);
            cpu.post(new Mayday(cpu));
        } finally {
            crew.endManaging();
        }
    }

    private record Adoption(Crew crew, Worker worker) implements Delivery {
        @Override
        public void deliver() {
            crew.adopt(worker);
        }
    }

    private record Mayday(Cpu cpu) implements Delivery {
        @Override
        public void deliver() {
            cpu.rescue();
        }
    }

    /** Looks for workers that have been idle for long. */
    void reviewIdle() {
        cpu.post(new Review(crew));
    }

    private record Review(Crew crew) implements Delivery {
        @Override
        public void deliver() {
            crew.reviewIdle();
        }
    }

    // ---- end ----

    /** The last owner has let go of the CPU. */
    void ended() {
        ended.countDown();
    }

    @Override
    public void end() {
        cpu.post(new Stop(cpu));
        Threads.await(ended);
    }

    /**
     * After {@link #end}, when the monitor has ended. A carrier that a thread of the user's still holds ends when it
     * returns.
     */
    void dismissSpares() {
        Threads.join(owner);
        isClosing = true;
        for (Carrier spare = spares.poll(); spare != null; spare = spares.poll()) {
            LockSupport.unpark(spare);
            Threads.join(spare);
        }
    }
}
