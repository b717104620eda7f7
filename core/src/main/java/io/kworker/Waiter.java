// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Someone waiting until every instance of an item up to a generation is over (run or cancelled). */
abstract class Waiter {
    /** I: the last generation waited for. */
    final int target;

    /** R(WorkState.waiters). */
    @Nullable Waiter next;

    Waiter(int target) {
        this.target = target;
    }

    /**
     * Called once, by the thread that ended the last instance waited for, or by the waiter that found it ended. Never
     * blocks.
     */
    abstract void release();

    /** A thread that parks. */
    static final class Parked extends Waiter {
        private final Thread thread = Thread.currentThread();

        /** S: written once by the releaser. */
        private volatile boolean released;

        Parked(int target) {
            super(target);
        }

        /** Also by others than the releaser, who know that the wait is over. */
        @Override
        void release() {
            released = true;
            LockSupport.unpark(thread);
        }

        boolean isReleased() {
            return released;
        }

        /** Parks until released; an interrupt is kept for later. */
        void await(WaitGraph.@Nullable Wait wait) {
            WaitGraph.await(wait, nanos -> {
                if (released) {
                    return true;
                }
                if (wait == null) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, nanos);
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                return released;
            });
        }
    }

    /** The owner of a share, to whom it matters that the first entry in line may be cancelled. */
    static final class Lookout extends Waiter implements Delivery {
        private final Entry entry;
        private final Share share;

        Lookout(Entry entry) {
            super(entry.generation);
            this.entry = entry;
            share = entry.share();
        }

        /** Whether it is about the instance that this entry stands for now. */
        boolean isFor(Entry other) {
            return entry == other && target == other.generation;
        }

        @Override
        void release() {
            share.call(this);
        }

        @Override
        public void deliver() {
            share.look();
        }
    }

    /** An entry that met its item running: it goes to the front of its pool once the run is over. */
    static final class Handoff extends Waiter implements Delivery {
        private final Entry entry;

        /** S: by the releaser. */
        private volatile boolean isReleased;

        Handoff(Entry entry) {
            super(entry.generation - 1);
            this.entry = entry;
        }

        Entry entry() {
            return entry;
        }

        /** Any thread. Whether the run is not over that is in the way. */
        boolean isWaiting() {
            return !isReleased;
        }

        @Override
        void release() {
            isReleased = true;
            entry.share().handBack(this);
        }

        @Override
        public void deliver() {
            entry.share().pool().handOff(entry);
        }
    }
}
