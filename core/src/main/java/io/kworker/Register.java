// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a view that were submitted from one CPU and are not over, and how many there have been. Entering a task
 * costs one addition and a page for so many of them, ending it one addition; pages of which all are over are swept out
 * later, without a look at a task.
 *
 * <p>Progress: lock-free for who enters and who ends.
 */
final class Register extends RegisterPad {
    /*
     * A list of pages, the oldest first; all but the last one are full. Those that are swept out point to themselves:
     * an old one must not keep young ones in memory.
     *
     *   tail         submitters, and who sweeps: the last page, or one before it
     *   Page.taken   submitters, add
     *   Page.next    submitters (CAS, of null), then whoever holds the lock
     *   a slot       VACANT --submitter--> the task --whoever ends it--> null
     *   ended        whoever ends a task, add
     *
     * Balanced (a view that was shut down is empty): ended is read first, then what was entered, from a tail that has
     * no next one to it. Both only grow, and ended follows, so where they are the same nothing was under way in
     * between. A submitter that enters a task after the shutdown sees that, since it looks at the state after its
     * addition, and ends it without running it.
     */
    private static final VarHandle TAIL = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "tail", VarHandle.class, RegisterTail.class, Page.class);
    private static final VarHandle ENDED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "ended", VarHandle.class, RegisterFields.class, long.class);

    /** A sweep is thought of once for so many ends. */
    private static final int SWEEP = 64;

    private final ReentrantLock lock = new ReentrantLock();

    /** L. */
    private Page oldest = new Page(this, 0);

    Register() {
        tail = oldest;
    }

    private Page last() {
        Page page = tail;
        assert page != null;
        return page;
    }

    // ---- submitter ----

    /** Throws only where there is no memory, and it is not entered then. */
    void enter(Task task) {
        Page page = last();
        int slot = page.take();
        while (slot < 0) {
            page = after(page);
            slot = page.take();
        }
        task.page = page;
        task.slot = (byte) slot;
        page.put(slot, task);
    }

    private Page after(Page full) {
        Page next = full.nextOrNew();
        if (next == full) { // it was swept out meanwhile
            return last();
        }
        TAIL.compareAndSet(this, full, next);
        return next;
    }

    // ---- whoever ends a task ----

    void end() {
        long over = (long) ENDED.getAndAdd(this, 1L) + 1;
        if (over % SWEEP == 0 && isWorthwhile(over, entered() - over) && lock.tryLock()) {
            try {
                sweep(over);
            } finally {
                lock.unlock();
            }
        }
    }

    /** As many have ended as there is to look at; or so few are alive that half of the pages, at least, are over. */
    private boolean isWorthwhile(long over, long alive) {
        return over - looked >= Math.max(Math.max(SWEEP, left), alive)
                || over + alive - swept >= 2 * Page.SIZE * (alive + 1);
    }

    /** L. So many are over by now, or more. */
    private void sweep(long over) {
        long gaps = 0;
        Page before = null;
        Page page = oldest;
        for (Page next = page.next(); next != null; next = page.next()) {
            TAIL.compareAndSet(this, page, next);
            int vacant = page.over();
            if (vacant < Page.SIZE) {
                gaps += vacant;
                before = page;
            } else {
                if (before == null) {
                    oldest = next;
                } else {
                    before.setNext(next);
                }
                page.setNext(page);
                swept += Page.SIZE;
            }
            page = next;
        }
        left = gaps;
        looked = over;
    }

    // ---- any thread ----

    /** What was entered, and is not over; the oldest first. The visitor must not end any. */
    void forEach(Consumer<Task> visitor) {
        lock.lock();
        try {
            for (Page page = oldest; page != null; page = page.next()) {
                page.forEach(visitor);
            }
        } finally {
            lock.unlock();
        }
    }

    long entered() {
        Page page = last();
        for (Page next = page.next(); next != null; next = page.next()) {
            page = next == page ? last() : next;
        }
        return page.entered();
    }

    long ended() {
        return ended;
    }

    /** Whether everything entered was over at some moment of the call. */
    boolean isBalanced() {
        long over = ended;
        return entered() == over;
    }

    /** Slots in memory, of tasks over or not: for tests. */
    long size() {
        return entered() - swept;
    }

    /** Slots for tasks. */
    static final class Page extends PagePad {
        static final int SIZE = 64;

        /** In a slot that was taken and is to get its task. */
        private static final Object VACANT = "vacant";

        private static final Object[] BLANK = new Object[SIZE];

        static {
            Arrays.fill(BLANK, VACANT);
        }

        private static final VarHandle TAKEN = ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), "taken", VarHandle.class, PageTaken.class, int.class);
        private static final VarHandle NEXT = ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), "next", VarHandle.class, Page.class, Page.class);
        private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

        /** I. */
        private final Register register;

        /** I: tasks in the pages before. */
        private final long first;

        /** M: see above. */
        private final @Nullable Object[] slots = BLANK.clone();

        /** M: see above. */
        private volatile @Nullable Page next;

        private Page(Register register, long first) {
            this.register = register;
            this.first = first;
        }

        /** Submitter. A slot, or less than 0 where there is none any more. */
        private int take() {
            int slot = (int) TAKEN.getAndAdd(this, 1);
            return slot < SIZE ? slot : -1;
        }

        /** Submitter. Whoever looks at the registers after the submitter's next fence sees the task. */
        private void put(int slot, Task task) {
            SLOT.setRelease(slots, slot, task);
        }

        /** Whoever ends the task. */
        void end(int slot) {
            SLOT.setRelease(slots, slot, null);
            register.end();
        }

        /** Whether all tasks of its register are over. */
        boolean isBalanced() {
            return register.isBalanced();
        }

        private @Nullable Page next() {
            return next;
        }

        /** Who sweeps. */
        private void setNext(Page to) {
            next = to;
        }

        /** Submitter that has found it full. */
        private Page nextOrNew() {
            Page known = next;
            if (known == null) {
                Page made = new Page(register, first + SIZE);
                known = (Page) NEXT.compareAndExchange(this, null, made);
                return known == null ? made : known;
            }
            return known;
        }

        /** Of one that is full: tasks over. */
        private int over() {
            int count = 0;
            for (int i = 0; i < SIZE; i++) {
                if (SLOT.getAcquire(slots, i) == null) {
                    count++;
                }
            }
            return count;
        }

        private void forEach(Consumer<Task> visitor) {
            for (int i = 0; i < SIZE; i++) {
                if (SLOT.getVolatile(slots, i) instanceof Task task && !task.isOver()) {
                    visitor.accept(task);
                }
            }
        }

        private long entered() {
            return first + Math.min(taken, SIZE);
        }
    }
}

abstract class PageTaken extends Lead {
    /** M: slots taken, or more than there are. */
    volatile int taken;
}

/** Who ends a task reads the rest of its page. */
abstract class PagePad extends PageTaken {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}

abstract class RegisterTail extends Lead {
    /** M: the last page, or one before it. */
    volatile Register.@Nullable Page tail;
}

/** Who enters tasks and who ends them are on different CPUs often. */
abstract class RegisterGap extends RegisterTail {
    long g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14;
}

abstract class RegisterFields extends RegisterGap {
    /** M: tasks over. */
    volatile long ended;

    /** S: under the lock: tasks in pages that were swept out. */
    volatile long swept;

    /** S: under the lock: tasks over at the last sweep, and how many of those it left in memory. */
    volatile long looked;
    volatile long left;
}

abstract class RegisterPad extends RegisterFields {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
