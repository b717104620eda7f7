// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Very many timers with one deadline, measured in a forked JVM.
 *
 * <pre>
 *   kworker: handlers on the consumer CPU        all fire there
 *   peers:   the producer               arm      the timer's thread, where the placement says
 *            ------------------------- 1,000,000 -----------------&gt; deadline ------&gt; the last one has fired
 *            bytes allocated; heap in use, before and after         CPU time of the process
 * </pre>
 *
 * <p>The items that are called exist before. The checks: all are armed before the deadline; each fires exactly once,
 * none before the deadline.
 */
final class MillionRound {
    private static final int SLICE = 10_000;
    private static final long LEAD = TimeUnit.MILLISECONDS.toNanos(300);
    private static final long LEAD_EACH = TimeUnit.MICROSECONDS.toNanos(5);
    private static final long POLL = TimeUnit.MILLISECONDS.toNanos(2);

    private final Lane lane;
    private final Cpus cpus;
    private final Map<String, Double> metrics = new LinkedHashMap<>();

    private long allocated;
    private long nanos;

    MillionRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long count) {
        TimerLog log = new TimerLog((int) count);
        TimerItem[] items = new TimerItem[(int) count];
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (TimerPeer peer = TimerPeer.open(lane, cpus, threads)) {
            for (int i = 0; i < items.length; i++) {
                items[i] = peer.newItem(log);
            }
            Producers.run(cpus.producers(1), index -> {
                long before = Heap.used();
                long deadline = System.nanoTime() + LEAD + count * LEAD_EACH;
                for (int from = 0; from < items.length; from += SLICE) {
                    int first = from;
                    peer.inPlace(() -> arm(peer, items, first, deadline));
                }
                long after = Heap.used();
                metrics.put("heap-per-timer", (double) (after - before) / count);
                awaitAll(log, deadline);
            }, threads::verify);
        }
        log.check(items, 1);
        metrics.put("arm", (double) nanos / count);
        metrics.put("bytes-per-arm", (double) allocated / count);
        metrics.put("last", log.lateness().percentile(100) / 1e6);
        return metrics;
    }

    private void arm(TimerPeer peer, TimerItem[] items, int from, long deadline) {
        int to = Math.min(from + SLICE, items.length);
        long before = Heap.allocated();
        long start = System.nanoTime();
        for (int i = from; i < to; i++) {
            TimerItem item = items[i];
            item.deadline = deadline;
            peer.arm(item, deadline, System.nanoTime());
        }
        nanos += System.nanoTime() - start;
        allocated += Heap.allocated() - before;
    }

    private void awaitAll(TimerLog log, long deadline) {
        if (System.nanoTime() - deadline > -POLL) {
            throw new BenchException("this machine is too slow to arm so many timers in time");
        }
        for (long left; (left = deadline - System.nanoTime()) > 0;) {
            LockSupport.parkNanos(left);
        }
        long cpu = Libc.cpuNanos();
        while (!log.isComplete()) {
            LockSupport.parkNanos(POLL);
        }
        metrics.put("fire-cpu", (log.cpuNanos() - cpu) / 1e6);
    }
}
