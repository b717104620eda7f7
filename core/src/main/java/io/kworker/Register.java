// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a view that were submitted from one CPU and are not over, and how many there have been. Entering a task
 * costs one CAS and no allocation, ending it one addition; what is over is swept out later.
 */
final class Register extends RegisterPad {
    /*
     * A stack, linked through the tasks. The number of the first one says how many were entered. A task that is over
     * stays, empty, until a sweep: at most half of the list, or 64, is such. The first one is never taken out, so that
     * the list is whole at any time and the number is not lost.
     *
     *   older    submitter (before its CAS of head), then whoever holds the lock
     *   head     submitters, CAS
     *   ended    whoever ends a task, add
     *
     * Balanced (a view that was shut down is empty): ended is read first, then head. Both only grow, and ended follows
     * head, so where they are the same nothing was under way in between. A submitter that enters a task after the
     * shutdown sees that, since it looks at the state after its CAS, and ends it without running it.
     */
    private static final VarHandle HEAD = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "head", VarHandle.class, RegisterHead.class, Task.class);
    private static final VarHandle ENDED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "ended", VarHandle.class, RegisterFields.class, long.class);

    /** A sweep is thought of once for so many ends. */
    private static final int SWEEP = 64;

    private final ReentrantLock lock = new ReentrantLock();

    // ---- submitter ----

    void enter(Task task) {
        Task first;
        do {
            first = head;
            task.older = first;
            task.number = first == null ? 1 : first.number + 1;
        } while (!HEAD.compareAndSet(this, first, task));
    }

    // ---- whoever ends a task ----

    void end() {
        long over = (long) ENDED.getAndAdd(this, 1L) + 1;
        if (over % SWEEP == 0 && over - swept >= Math.max(SWEEP, entered() - over) && lock.tryLock()) {
            try {
                sweep();
            } finally {
                lock.unlock();
            }
        }
    }

    /** L. */
    private void sweep() {
        Task kept = head;
        long out = 0;
        while (kept != null) {
            Task task = kept.older;
            while (task != null && task.isOver()) {
                Task after = task.older;
                task.older = null; // an old one must not keep young ones in memory
                task = after;
                out++;
            }
            if (kept.older != task) {
                kept.older = task;
            }
            kept = task;
        }
        swept += out;
    }

    // ---- any thread ----

    /** What was entered, and not swept out; the newest first. The visitor must not end any. */
    void forEach(Consumer<Task> visitor) {
        lock.lock();
        try {
            for (Task task = head; task != null; task = task.older) {
                if (!task.isOver()) {
                    visitor.accept(task);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    long entered() {
        Task first = head;
        return first == null ? 0 : first.number;
    }

    long ended() {
        return ended;
    }

    /** Whether everything entered was over at some moment of the call. */
    boolean isBalanced() {
        long over = ended;
        return entered() == over;
    }

    /** Tasks in memory, over or not: for tests. */
    long size() {
        return entered() - swept;
    }
}

abstract class RegisterHead extends Lead {
    /** M: the newest task. */
    volatile @Nullable Task head;
}

/** Who enters tasks and who ends them are on different CPUs often. */
abstract class RegisterGap extends RegisterHead {
    long g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14;
}

abstract class RegisterFields extends RegisterGap {
    /** M: tasks over. */
    volatile long ended;

    /** S: under the lock: tasks taken out of the list. */
    volatile long swept;
}

abstract class RegisterPad extends RegisterFields {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
