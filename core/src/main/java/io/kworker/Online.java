// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which CPUs of a runtime are online (J12, G77, G78). A CPU that goes offline keeps its queues, its workers and its
 * carriers: the carriers are allowed to run on the CPUs that are left, as unbound as in the kernel; nothing is moved
 * and nothing is lost. What is queued with no CPU given goes to one that is online.
 */
final class Online {
    private final WorkRuntime runtime;

    private final ReentrantLock lock = new ReentrantLock();

    /** S: under the lock; never changed once it is here. */
    private volatile BitSet online = new BitSet();

    /** L: CPUs that the system has taken from our carriers. */
    private final BitSet taken = new BitSet();

    Online(WorkRuntime runtime) {
        this.runtime = runtime;
    }

    /** All are. */
    void begin() {
        BitSet all = new BitSet();
        for (Cpu cpu : runtime.cpuArray()) {
            all.set(cpu.number);
        }
        online = all;
    }

    /** A copy. */
    BitSet get() {
        return (BitSet) online.clone();
    }

    void offline(Cpu cpu) {
        lock.lock();
        try {
            offlineLocked(cpu);
        } finally {
            lock.unlock();
        }
    }

    private void offlineLocked(Cpu cpu) {
        BitSet now = get();
        now.clear(cpu.number);
        if (now.isEmpty()) {
            throw new IllegalStateException("CPU " + cpu.number + " is the last one online of " + runtime);
        }
        if (online.get(cpu.number)) {
            publish(now);
            runtime.engine(cpu).confine(now);
        }
    }

    void online(Cpu cpu) {
        lock.lock();
        try {
            onlineLocked(cpu);
        } finally {
            lock.unlock();
        }
    }

    private void onlineLocked(Cpu cpu) {
        taken.clear(cpu.number);
        if (!online.get(cpu.number)) {
            BitSet now = get();
            now.set(cpu.number);
            runtime.engine(cpu).confine(only(cpu));
            publish(now);
            for (Workqueue workqueue : runtime.workqueues()) {
                for (Share share : workqueue.allShares()) {
                    if (share instanceof BoundShare bound && bound.cpu == cpu) {
                        share.repatriated.add(share.activeNow() + share.waitingNow());
                    }
                }
            }
        }
    }

    private static BitSet only(Cpu cpu) {
        BitSet only = new BitSet();
        only.set(cpu.number);
        return only;
    }

    private void publish(BitSet now) {
        online = now;
        runtime.route(now);
        for (Cpu other : runtime.cpuArray()) {
            if (!now.get(other.number) && !taken.get(other.number)) {
                runtime.engine(other).confine(now); // those that are offline already may use what is left
            } // what the system has taken it gives back only to who has not been confined since
        }
        runtime.pods().assign();
        runtime.workqueues().forEach(Workqueue::assign);
    }

    /**
     * Monitor. The system may have taken CPUs from the process, or given them back: it shows in the masks of the
     * carriers, which we alone set otherwise.
     */
    void check() {
        if (!lock.tryLock()) {
            return; // a handler may hold it, whose CPU only the monitor can take back; it will look again
        }
        try {
            checkLocked();
        } finally {
            lock.unlock();
        }
    }

    private void checkLocked() {
        for (Cpu cpu : runtime.cpuArray()) {
            Engine engine = runtime.engine(cpu);
            BitSet mask = engine.isPinned() ? engine.affinity() : new BitSet();
            if (mask.isEmpty()) {
                continue;
            }
            boolean isOnline = online.get(cpu.number);
            if (isOnline && !mask.get(cpu.number) && online.cardinality() > 1) {
                taken.set(cpu.number);
                BitSet now = get();
                now.clear(cpu.number);
                publish(now);
            } else if (!isOnline && taken.get(cpu.number) && mask.get(cpu.number)) {
                onlineLocked(cpu);
            }
        }
    }
}
