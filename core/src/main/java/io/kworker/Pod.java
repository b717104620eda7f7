// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import org.jctools.queues.varhandle.MpscLinkedVarHandleQueue;
import org.jspecify.annotations.Nullable;

/**
 * The pool of unbound work that several CPUs serve, whichever of them has nothing else to do (the kernel's unbound
 * worker_pool; G19, G25). Workqueues of the same CPUs, priority and strictness share it.
 *
 * <p>Its books belong to whoever holds its lock, which is only ever tried, and held for the time it takes to start one
 * item. Where the try fails, the CPU looks again before it sleeps; so does everyone who has something for the pod find
 * somebody who looks, or wake somebody.
 */
final class Pod extends PodPad {
    /*
     * Not lost:   queuer, granter   publish (queue, stirred, returned) ; a CPU watches? ; a CPU sleeps? wake it
     *             CPU               stop watching ; look at the pod        (Cpu.stopWatching)
     *                               doorbell asleep ; look at the pod      (Cpu.hasWork)
     *             holder            hasListed ; unlock
     *
     * A CPU that is seen not to sleep looks at the pod's index before it does; one that is seen to watch looks at the
     * slots, so there is a fence before that is asked. A CPU in a handler looks when the handler is over or blocks, or
     * when the CPU is taken from it.
     */
    private static final VarHandle LOCK = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "lock", VarHandle.class, PodWords.class, int.class);
    private static final VarHandle STARTED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "started", VarHandle.class, PodWords.class, long.class);
    private static final VarHandle STIRRED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "stirred", VarHandle.class, PodWords.class, Share.class);

    /** I. */
    final BitSet mask;

    /** I: the node of its CPUs, or -1 where they are of several. */
    final int node;

    /** I. */
    final boolean isHighpri;

    /** I: the CPUs that may serve it: where they are more than its own, those help when they are idle (A83). */
    final BitSet reach;

    /** S: under the lock of {@link Pods}: the CPUs of the pod that are online, its own first. */
    private volatile Cpu[] servers = {};

    /** M: entries whose item has ended the run that was in their way; their shares are stirred. */
    private final MpscLinkedVarHandleQueue<Entry> returned = new MpscLinkedVarHandleQueue<>();

    Pod(WorkRuntime runtime, BitSet mask, int node, BitSet reach, boolean isHighpri) {
        super(runtime, runtime.settings.ringCapacity());
        this.mask = mask;
        this.node = node;
        this.reach = reach;
        this.isHighpri = isHighpri;
    }

    // ---- any thread ----

    /** Under the lock of {@link Pods}. */
    void serve(Cpu[] cpus) {
        servers = cpus;
    }

    boolean isServedBy(Cpu cpu) {
        for (Cpu server : servers) {
            if (server == cpu) {
                return true;
            }
        }
        return false;
    }

    /** A number that changes whenever the holder gets anywhere. */
    long progress() {
        return queue.consumed() + (long) STARTED.getOpaque(this);
    }

    @Override
    void submit(Entry entry) {
        queue.offer(entry);
        kick();
    }

    /** Sees to it that a share is looked at. */
    void stir(Share share) {
        if (share.beStirred()) {
            Share head;
            do {
                head = stirred;
                share.nextStirred = head;
            } while (!STIRRED.compareAndSet(this, head, share));
        }
        kick();
    }

    void handBack(Entry entry) {
        returned.offer(entry);
        stir(entry.share());
    }

    /** Sees to it that one CPU looks, if one has nothing else to do. */
    void kick() {
        Cpu sleeper = null;
        Cpu[] cpus = servers;
        for (Cpu cpu : cpus) {
            if (cpu.doorbell.isAsleep()) {
                sleeper = cpu;
                break;
            }
        }
        if (sleeper != null) {
            VarHandle.fullFence(); // the entry has to be in its slot before we rely on a watcher, who looks there
            if (!isWatched(cpus)) {
                sleeper.doorbell.ring();
            }
        }
    }

    private static boolean isWatched(Cpu[] cpus) {
        for (Cpu cpu : cpus) {
            if (cpu.isWatching()) {
                return true;
            }
        }
        return false;
    }

    /** Any CPU that serves it. A cheap look: false also where the head of the queue is a hole. */
    boolean stirs() {
        return queue.hasNext() || stirred != null || isListing;
    }

    @Override
    boolean hasWork() {
        return !queue.isEmpty() || stirred != null || isListing;
    }

    @Override
    Cpu cpu() {
        Cpu[] cpus = servers;
        return cpus.length == 0 ? runtime.cpuArray()[0] : cpus[0];
    }

    @Override
    String name() {
        boolean isStrict = reach.equals(mask) && mask.cardinality() < runtime.cpuArray().length;
        return "pod " + mask + (isHighpri ? " highpri" : "") + (isStrict ? " strict" : "");
    }

    @Override
    boolean isDisturbed() {
        return true;
    }

    // ---- holder ----

    /** Worker of a CPU. As {@link Pool#fetch}; false also where somebody else is at it. */
    @Override
    boolean fetch(Run run) {
        if (lock != 0 || !LOCK.compareAndSet(this, 0, 1)) {
            return false;
        }
        boolean fetched;
        try {
            takeIn();
            fetched = super.fetch(run);
            if (fetched) {
                STARTED.setOpaque(this, started + 1);
            }
            boolean listing = hasListed();
            if (listing != isListing) {
                isListing = listing;
            }
        } finally {
            LOCK.setRelease(this, 0);
        }
        if (fetched && stirs()) {
            kick(); // G25: each start sees to the next
        }
        return fetched;
    }

    private void takeIn() {
        if (stirred == null) {
            return;
        }
        Share list = (Share) STIRRED.getAndSet(this, null);
        while (list != null) {
            Share share = list;
            list = share.nextStirred;
            share.nextStirred = null;
            share.endStir(); // from here on it may be stirred again: it is looked at after that
            Pool pool = share.poolNow();
            if (pool == this) {
                share.look();
            } else if (pool instanceof Pod other) { // it has moved since it was stirred
                other.stir(share);
            }
        }
        for (Entry entry = returned.relaxedPoll(); entry != null; entry = returned.relaxedPoll()) {
            handOff(entry);
        }
    }

    /** Monitor: nobody has looked for long. */
    @Override
    void rescue() {
        if (LOCK.compareAndSet(this, 0, 1)) {
            try {
                takeIn();
                super.rescue();
                isListing = hasListed();
            } finally {
                LOCK.setRelease(this, 0);
            }
        }
    }
}

/** Keeps what is written for each item away from what queuers read. */
abstract class PodLead extends Pool {
    byte b0, b1, b2; // these two lines for gaps, as in Lead
    int l;
    long l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, l12, l13, l14;

    PodLead(WorkRuntime runtime, int ringCapacity) {
        super(runtime, ringCapacity);
    }
}

abstract class PodWords extends PodLead {
    /** M: 1 while someone owns the books. */
    volatile int lock;

    /** M: a stack of the shares that are to be looked at, each in one stack at most. */
    volatile @Nullable Share stirred;

    /** S: by the holder: whether something is listed. */
    volatile boolean isListing;

    /** S: by the holder: items started. */
    long started;

    PodWords(WorkRuntime runtime, int ringCapacity) {
        super(runtime, ringCapacity);
    }
}

abstract class PodPad extends PodWords {
    byte c0, c1, c2;
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;

    PodPad(WorkRuntime runtime, int ringCapacity) {
        super(runtime, ringCapacity);
    }
}
