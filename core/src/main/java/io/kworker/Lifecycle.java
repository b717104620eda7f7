// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;

/** Which workqueues of a runtime are open, and how they are closed, one by one or all together. */
final class Lifecycle {
    /** M: workqueues that are not closed; changed under the lock only. */
    private final List<Workqueue> open = new CopyOnWriteArrayList<>();

    /** L: closings of single workqueues under way; they need the carriers. */
    private int closings;

    /** Written under the lock. */
    private volatile boolean isClosing;

    private final CountDownLatch closed = new CountDownLatch(1);

    boolean isClosing() {
        return isClosing;
    }

    synchronized void add(Workqueue workqueue) {
        if (isClosing) {
            throw new RejectedExecutionException("runtime '" + workqueue.runtime().name()
                    + "' is closed: it makes no workqueue '" + workqueue.name() + "'");
        }
        open.add(workqueue);
    }

    /** Any thread, the monitor too: takes no lock. Workqueues that are not closed. */
    List<Workqueue> open() {
        return List.copyOf(open);
    }

    void close(Workqueue workqueue) {
        synchronized (this) {
            if (!open.contains(workqueue)) {
                return;
            }
            closings++;
        }
        try {
            drain(List.of(workqueue));
        } finally {
            synchronized (this) {
                closings--;
                open.remove(workqueue);
                notifyAll();
            }
        }
    }

    /** Closes all workqueues, then runs {@code stop}. Only the first call does; the others wait for it. */
    void closeAll(Runnable stop) {
        List<Workqueue> all;
        boolean isFirst;
        synchronized (this) {
            isFirst = !isClosing;
            all = List.copyOf(open);
            isClosing = true;
        }
        if (!isFirst) {
            Threads.await(closed);
            return;
        }
        drain(all);
        awaitClosings();
        stop.run();
        closed.countDown();
    }

    private static void drain(List<Workqueue> workqueues) {
        workqueues.forEach(Workqueue::endViews);
        workqueues.forEach(Workqueue::startDraining);
        TimerSweep.sweep(workqueues);
        Rounds.drain(workqueues);
        workqueues.forEach(Workqueue::endDraining);
        Rounds.close(workqueues);
        workqueues.forEach(Workqueue::endTimers);
        TimerSweep.sweep(workqueues); // those that their own handlers have armed meanwhile, of which none runs any more
        workqueues.forEach(Workqueue::dispose);
    }

    private synchronized void awaitClosings() {
        boolean interrupted = false;
        while (closings > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        open.clear();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
