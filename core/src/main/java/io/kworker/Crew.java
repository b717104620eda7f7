// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The workers of one CPU, idle ones in LIFO order, and the rules by which they are made and culled. Confined to the
 * CPU's owner.
 */
final class Crew {
    /** Idle workers that stay whatever happens (the kernel's number). */
    private static final int KEPT = 2;

    /** One idle worker in so many busy ones is not too many (the kernel's MAX_IDLE_WORKERS_RATIO). */
    private static final int BUSY_PER_IDLE = 4;

    /** Workers culled in one turn, so that a great cull does not hold up the CPU. */
    static final int CULL_BATCH = 64;

    private final Cpu cpu;
    private final Seat seat;
    private final CarrierScheduler scheduler;

    /** I: all workers, for dumps. */
    private final Set<Worker> members = ConcurrentHashMap.newKeySet();

    /** C: adopted workers by their continuation. */
    private final IdentityHashMap<Runnable, Worker> byContinuation = new IdentityHashMap<>();
    private final String name;

    /** C: workers there are. */
    private int size;

    /** C: warmest idle worker. */
    private @Nullable Worker top;

    /** C: the one that has been idle for longest. */
    private @Nullable Worker bottom;

    /** C. */
    private int idle;

    /** C: the fewest idle workers there were since the last look: so many have had nothing to do all that time. */
    private int leastIdle;

    /** C: workers still to be culled of those that the last look found. */
    private int surplus;

    /** M: whether someone makes a worker now. */
    private final AtomicBoolean isManaged = new AtomicBoolean();

    /** Manager: number of the next worker, for its name. */
    private long serial;

    Crew(Seat seat, CarrierScheduler scheduler) {
        this.cpu = seat.cpu();
        this.seat = seat;
        this.scheduler = scheduler;
        this.name = "kworker/" + cpu.number + ":";
    }

    // ---- policy ----

    /** Before a worker runs a handler one more must stand idle, since the handler may block (G29). */
    boolean needsReserve() {
        return top == null;
    }

    /** G30. */
    private static boolean isTooMany(int idle, int busy) {
        return idle > KEPT && (idle - KEPT) * BUSY_PER_IDLE >= busy;
    }

    private int busy() {
        return size - idle;
    }

    // ---- making ----

    /**
     * Manager. A worker whose thread is started but not yet mounted. May block: foreign code to the owner, and never on
     * the bare carrier.
     */
    Worker make() {
        cpu.runtime.settings.beforeThread().run();
        Worker worker = new Worker(cpu, this);
        Thread thread = scheduler.builder().name(name + serial).inheritInheritableThreadLocals(false).unstarted(worker);
        serial++;
        worker.be(thread);
        scheduler.start(worker, thread);
        members.add(worker);
        return worker;
    }

    /** Takes in a worker that {@link #make} made. */
    void adopt(Worker worker) {
        size++;
        byContinuation.put(worker.continuation(), worker);
        push(worker);
    }

    /** A worker that is about to end. */
    void dismiss(Worker worker) {
        size--;
        byContinuation.remove(worker.continuation());
    }

    /** The worker whose continuation this is; null where it is that of a thread which a handler has started. */
    @Nullable
    Worker workerOf(Runnable continuation) {
        return byContinuation.get(continuation);
    }

    /** Worker that ends, as foreign code. */
    void forget(Worker worker) {
        members.remove(worker);
    }

    /** Any thread that may block. All workers there are, weakly consistent. */
    List<Worker> members() {
        return List.copyOf(members);
    }

    Seat seat() {
        return seat;
    }

    int size() {
        return size;
    }

    /** The caller is the one that makes a worker now, until {@link #endManaging}; the others go on without (R40). */
    boolean beManager() {
        return isManaged.compareAndSet(false, true);
    }

    void endManaging() {
        isManaged.set(false);
    }

    // ---- idle workers ----

    void push(Worker worker) {
        Worker below = top;
        worker.below = below;
        if (below == null) {
            bottom = worker;
        } else {
            below.above = worker;
        }
        top = worker;
        idle++;
    }

    @Nullable
    Worker pop() {
        Worker worker = top;
        if (worker != null) {
            top = worker.below;
            worker.below = null;
            if (top == null) {
                bottom = null;
            } else {
                top.above = null;
            }
            leastIdle = Math.min(leastIdle, --idle);
        }
        return worker;
    }

    int idle() {
        return idle;
    }

    /** Whether every worker is idle. */
    boolean isResting() {
        return idle == size;
    }

    // ---- culling ----

    /** Called once per idle lifetime: those that were idle for all of it, and are too many, are to go. */
    void reviewIdle() {
        int busy = busy();
        int left = idle;
        int candidates = Math.min(leastIdle, idle);
        surplus = 0;
        while (surplus < candidates && isTooMany(left, busy)) {
            surplus++;
            left--;
        }
        leastIdle = idle;
    }

    /** Whether a later review may find someone to cull. */
    boolean hasSpareWorkers() {
        return isTooMany(idle, busy());
    }

    boolean hasSurplus() {
        return surplus > 0;
    }

    /** The next to be culled, taken from the cold end; null where none is. */
    @Nullable
    Worker pollSurplus() {
        Worker worker = bottom;
        if (surplus == 0 || worker == null || idle <= KEPT) {
            surplus = 0;
            return null;
        }
        surplus--;
        bottom = worker.above;
        worker.above = null;
        if (bottom == null) {
            top = null;
        } else {
            bottom.below = null;
        }
        leastIdle = Math.min(leastIdle, --idle);
        return worker;
    }
}
