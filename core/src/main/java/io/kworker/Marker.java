// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An entry that runs nothing: it goes through the ring of a CPU behind what was queued before it, and reports when its
 * share is idle.
 */
final class Marker extends Entry {
    /** I. */
    private final Round round;

    /** I: whether entries behind this marker are turned away. */
    final boolean closes;

    private Marker(Share share, Round round, boolean closes) {
        this.share = share;
        this.round = round;
        this.closes = closes;
    }

    @Override
    @Nullable
    Work work() {
        return null;
    }

    /** Owner of the CPU. */
    void pass(long started) {
        round.pass(started);
    }

    /** One marker for each share of some workqueues, and a thread that waits for all of them. */
    static final class Round {
        private final Thread waiter = Thread.currentThread();
        private final LongAdder started = new LongAdder();
        private final AtomicInteger left;

        private Round(int markers) {
            left = new AtomicInteger(markers);
        }

        private void pass(long count) {
            started.add(count);
            if (left.decrementAndGet() == 0) {
                LockSupport.unpark(waiter);
            }
        }

        /**
         * Sends the markers and waits until each share has been idle once since. Not interruptible; an interrupt is
         * kept for later.
         *
         * @return how many instances these shares had started, in all, at those moments
         */
        static long run(Iterable<Workqueue> workqueues, boolean closes) {
            int markers = 0;
            for (Workqueue workqueue : workqueues) {
                markers += workqueue.shares.length;
            }
            Round round = new Round(markers);
            for (Workqueue workqueue : workqueues) {
                for (Share share : workqueue.shares) {
                    share.cpu.submit(new Marker(share, round, closes));
                }
            }
            boolean interrupted = false;
            while (round.left.get() > 0) {
                LockSupport.park(round);
                interrupted |= Thread.interrupted();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return round.started.sum();
        }

        /**
         * Waits until nothing of these workqueues is queued, waiting or running, while running items may still queue.
         * Two rounds in a row with the same count prove it: every share was idle in the first, and started nothing
         * until the second, so there was a moment, the end of the first, at which all were idle together; and what an
         * item had queued before lay in a ring ahead of the markers of the second.
         */
        static void drain(Iterable<Workqueue> workqueues) {
            long before = run(workqueues, false);
            for (long now = run(workqueues, false); now != before; now = run(workqueues, false)) {
                before = now;
            }
        }
    }
}
