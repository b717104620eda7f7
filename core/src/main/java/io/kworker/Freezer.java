// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Stops the freezable workqueues of a runtime, and lets them go on (G72). */
final class Freezer {
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private final WorkRuntime runtime;

    /** S: under the lock. */
    private volatile boolean isFrozen;

    /** L: the freeze in force. */
    private @Nullable Freeze freeze;

    Freezer(WorkRuntime runtime) {
        this.runtime = runtime;
    }

    boolean isFrozen() {
        return isFrozen;
    }

    CompletableFuture<Void> freeze() {
        return join().view();
    }

    /** The freeze in force, or a new one. */
    private synchronized Freeze join() {
        Freeze current = freeze;
        if (current != null) {
            current.callers++;
            return current;
        }
        isFrozen = true; // a workqueue made from here on is made frozen
        List<Limiter> limiters = new ArrayList<>();
        freezables().forEach(workqueue -> limiters.addAll(workqueue.limiters()));
        Freeze begun = new Freeze(limiters.size());
        freeze = begun;
        limiters.forEach(limiter -> limiter.hold(begun.busy));
        try {
            Thread waiter = new Thread(null, begun, "kworker/freezer", 0, false);
            waiter.setDaemon(true);
            waiter.start();
        } catch (Throwable t) {
            thaw();
            throw t;
        }
        return begun;
    }

    /** One caller of a freeze has given up; true where there is no other one, and it has been ended. */
    private synchronized boolean leave(Freeze left) {
        left.callers--;
        if (freeze != left || left.callers > 0) {
            return false;
        }
        thaw();
        return true;
    }

    void freeze(Duration timeout) throws TimeoutException {
        long nanos = timeout.compareTo(LONGEST) < 0 ? timeout.toNanos() : LONGEST.toNanos();
        Freeze joined = join();
        CompletableFuture<Void> future = joined.view();
        boolean interrupted = false;
        long deadline = System.nanoTime() + nanos;
        try {
            for (;;) {
                try {
                    future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException(e.getCause()); // it only ever completes or is cancelled
                } catch (TimeoutException e) {
                    String still = busyItems();
                    String state = leave(joined) ? "thawed again" : "left so, as others freeze it too";
                    throw new TimeoutException(
                            "not frozen after " + timeout + ", and " + state + "; still busy: " + still);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    synchronized void thaw() {
        Freeze current = freeze;
        if (current == null) {
            return;
        }
        freeze = null;
        isFrozen = false;
        current.end();
        freezables().forEach(workqueue -> workqueue.limiters().forEach(Limiter::limitChanged));
    }

    /** One freeze; what it runs as waits for its completion, since what depends on that is the user's code. */
    private static final class Freeze implements Runnable {
        /** Limiters that are still busy. */
        final CountDownLatch busy;

        /** L: calls that have begun or joined it. */
        private int callers = 1;

        private final CompletableFuture<Void> future = new CompletableFuture<>();

        /** R(busy): the thaw came first. */
        private volatile boolean isCancelled;

        Freeze(int limiters) {
            busy = new CountDownLatch(limiters);
        }

        /** For one caller, who may do with it as he likes. */
        CompletableFuture<Void> view() {
            CompletableFuture<Void> view = new CompletableFuture<>();
            future.whenComplete((nothing, thrown) -> {
                if (thrown == null) {
                    view.complete(null);
                } else {
                    view.cancel(false);
                }
            });
            return view;
        }

        void end() {
            isCancelled = busy.getCount() > 0;
            while (busy.getCount() > 0) {
                busy.countDown();
            }
        }

        @Override
        public void run() {
            Threads.await(busy);
            if (isCancelled) {
                future.cancel(false);
            } else {
                future.complete(null);
            }
        }
    }

    private List<Workqueue> freezables() {
        return runtime.workqueues().stream().filter(Workqueue::isFreezable).toList();
    }

    /** For people. What runs that has to end before the freeze is complete. */
    String busyItems() {
        List<String> items = new ArrayList<>();
        for (Run run : runtime.runs()) {
            Work work = run.work();
            Share share = run.share;
            if (work != null && share != null && share.workqueue.isFreezable()) {
                items.add(work + " (workqueue '" + share.workqueue.name() + "')");
            }
        }
        return items.isEmpty() ? "nothing any more" : String.join(", ", items);
    }
}
