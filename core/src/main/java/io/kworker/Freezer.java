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
    private final WorkRuntime runtime;

    /** S: under the lock. */
    private volatile boolean isFrozen;

    /** L: the freeze in force. */
    private @Nullable CompletableFuture<Void> freeze;

    /** L: its limiters that are still busy. */
    private CountDownLatch busy = new CountDownLatch(0);

    Freezer(WorkRuntime runtime) {
        this.runtime = runtime;
    }

    boolean isFrozen() {
        return isFrozen;
    }

    synchronized CompletableFuture<Void> freeze() {
        CompletableFuture<Void> current = freeze;
        if (current != null) {
            return current.copy();
        }
        isFrozen = true; // a workqueue made from here on is made frozen
        List<Limiter> limiters = new ArrayList<>();
        freezables().forEach(workqueue -> limiters.addAll(workqueue.limiters()));
        CountDownLatch latch = new CountDownLatch(limiters.size());
        limiters.forEach(limiter -> limiter.hold(latch));
        CompletableFuture<Void> future = new CompletableFuture<>();
        Thread waiter = new Thread(null, () -> {
            Threads.await(latch);
            future.complete(null); // here and not on a carrier: what depends on it is the user's code
        }, "kworker/freezer", 0, false);
        waiter.setDaemon(true);
        waiter.start();
        freeze = future;
        busy = latch;
        return future.copy();
    }

    void freeze(Duration timeout) throws TimeoutException {
        CompletableFuture<Void> future = freeze();
        boolean interrupted = false;
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            for (;;) {
                try {
                    future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("thawed by another thread", e.getCause());
                } catch (TimeoutException e) {
                    String still = busyItems();
                    thaw();
                    throw new TimeoutException("not frozen after " + timeout + ", and thawed again; still busy: " + still);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    synchronized void thaw() {
        CompletableFuture<Void> current = freeze;
        if (current == null) {
            return;
        }
        freeze = null;
        isFrozen = false;
        current.cancel(false); // if it was not complete yet
        freezables().forEach(workqueue -> workqueue.limiters().forEach(Limiter::limitChanged));
        while (busy.getCount() > 0) {
            busy.countDown();
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
