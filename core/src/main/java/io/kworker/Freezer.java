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

    synchronized CompletableFuture<Void> freeze() {
        Freeze current = freeze;
        if (current != null) {
            return current.view();
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
        return begun.view();
    }

    void freeze(Duration timeout) throws TimeoutException {
        long nanos = timeout.compareTo(LONGEST) < 0 ? timeout.toNanos() : LONGEST.toNanos();
        CompletableFuture<Void> future = freeze();
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
                    thaw();
                    throw new TimeoutException(
                            "not frozen after " + timeout + ", and thawed again; still busy: " + still);
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
            Work work = run.work;
            Share share = run.share;
            if (work != null && share != null && share.workqueue.isFreezable()) {
                items.add(work + " (workqueue '" + share.workqueue.name() + "')");
            }
        }
        return items.isEmpty() ? "nothing any more" : String.join(", ", items);
    }
}
