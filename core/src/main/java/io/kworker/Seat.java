// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.varhandle.MpscLinkedVarHandleQueue;
import org.jspecify.annotations.Nullable;

/**
 * The carriers of one CPU: the one that owns it, those that lost it and have not come back from their handler, and the
 * spare ones. Only the monitor puts a new owner in place.
 */
final class Seat implements Engine {
    private final Cpu cpu;
    private final Crew crew;
    private final @Nullable BitSet mask;
    private final CountDownLatch settled = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    /** M: carriers that lost the CPU and have returned; the monitor takes them. */
    private final MpscLinkedVarHandleQueue<Carrier> spares = new MpscLinkedVarHandleQueue<>();

    /** S: by the monitor. */
    private volatile Carrier owner;

    /** M: whether the CPU's end has come: spare carriers are to end. */
    private volatile boolean isClosing;

    /** S: by the carriers, when they fall asleep. */
    private volatile boolean hasSpareWorkers;

    /** S: whether a carrier could be pinned; all of them are told the same. */
    private volatile boolean isPinned = true;

    /** Monitor: carriers that exist. */
    private int carriers = 1;

    /** S: by the monitor: how often the CPU was taken from a carrier. */
    private volatile long takeOvers;

    Seat(Cpu cpu, boolean pin) {
        this.cpu = cpu;
        this.crew = new Crew(cpu, new CarrierScheduler(cpu));
        if (pin) {
            mask = new BitSet();
            mask.set(cpu.number);
        } else {
            mask = null;
        }
        owner = newCarrier();
    }

    private Carrier newCarrier() {
        return new Carrier(this, crew, "kworker/" + cpu.number);
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
        crew.adopt(crew.make());
        owner.summon();
        owner.start();
        Threads.await(settled);
    }

    @Override
    public boolean isPinned() {
        return mask != null && isPinned;
    }

    // ---- carriers ----

    /** A carrier's first act. */
    void settle() {
        try {
            if (mask != null && !Os.setAffinity(mask)) {
                isPinned = false;
            }
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

    void stirred() {
        cpu.runtime.monitor().stirred();
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

    /** Whether a carrier can be had that would take the CPU over. */
    boolean hasRelief() {
        return !spares.isEmpty() || carriers < cpu.runtime.settings.maxCarriers();
    }

    /**
     * Takes the CPU from its owner, if that still is in the given phase of foreign code, and gives it to another
     * carrier. That one's thread is started before anything is taken, so that a thread which cannot be made costs
     * nobody the CPU; and it is summoned by a flag of its own, since the late carrier may be back before
     * {@code owner} is written.
     */
    void takeOver(long phase, Runnable barrier) {
        Carrier relief = spares.poll();
        if (relief == null) {
            relief = newCarrier();
            relief.start();
            carriers++;
        }
        if (owner.tenure.take(phase, barrier)) {
            takeOvers++;
            owner = relief;
            relief.summon();
        } else {
            spares.offer(relief);
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
