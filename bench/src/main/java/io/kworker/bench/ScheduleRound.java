// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Tasks with a delay, measured in a forked JVM.
 *
 * <pre>
 *   producer CPU                                            consumer CPU (or unpinned)
 *   +----------+  schedule(items[i], 10 ms), i = 0, 1, ...  +-------------------------------------+
 *   | producer | ----------------------------------------&gt;  | executor: 10 ms later, items[i].run() |
 *   +----------+  schedule(item, 1 min).cancel(false), ...  +-------------------------------------+
 * </pre>
 *
 * <p>{@code ops}: from the first call until the last task has run, less the delay. {@code cancel-ops}: timeouts that
 * are taken back at once. The checks: each task has run once; every cancel took its task back, and none of those ran.
 */
final class ScheduleRound {
    private static final int DELAY_MILLIS = 10;
    private static final long CANCELS_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int CHUNK = 256;
    private static final long POLL = TimeUnit.MICROSECONDS.toNanos(50);

    private final Lane lane;
    private final Cpus cpus;
    private final CountItem timeout = new CountItem();
    private double ops;
    private double cancelOps;

    ScheduleRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long count) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        CountItem[] items = CountItem.pool((int) count);
        try (ViewPeer peer = ViewPeer.openScheduled(lane, cpus, threads)) {
            Producers.run(cpus.producers(1), index -> {
                ops = schedule(peer.scheduled(), items);
                cancelOps = cancel(peer.scheduled());
            }, threads::verify);
            peer.executor().shutdownNow();
        }
        for (CountItem item : items) {
            if (item.runs() != 1) {
                throw new BenchException("a task was scheduled once and ran " + item.runs() + " times");
            }
        }
        if (timeout.runs() != 0) {
            throw new BenchException("a task ran that was cancelled");
        }
        return Map.of("ops", ops, "cancel-ops", cancelOps);
    }

    private static double schedule(ScheduledExecutorService executor, CountItem[] items) {
        long start = System.nanoTime();
        for (CountItem item : items) {
            executor.schedule(item, DELAY_MILLIS, TimeUnit.MILLISECONDS);
        }
        for (CountItem item : items) {
            while (item.runs() == 0) {
                LockSupport.parkNanos(POLL);
            }
        }
        return items.length * 1e9 / (System.nanoTime() - start - TimeUnit.MILLISECONDS.toNanos(DELAY_MILLIS));
    }

    private double cancel(ScheduledExecutorService executor) {
        long count = 0;
        long start = System.nanoTime();
        long now;
        do {
            for (int i = 0; i < CHUNK; i++) {
                if (!executor.schedule(timeout, 1, TimeUnit.MINUTES).cancel(false)) {
                    throw new BenchException("a task could not be cancelled a minute before its time");
                }
            }
            count += CHUNK;
            now = System.nanoTime();
        } while (now - start < CANCELS_NANOS);
        return count * 1e9 / (now - start);
    }
}
