// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * What it costs to arm a timer and to take it back, measured in a forked JVM: nanoseconds for both.
 *
 * <pre>
 *   local, kworker:  consumer CPU  a handler: timer.mod(deadline), timer.delete(), next timer
 *   local, peers:    producer CPU  a thread: schedule(item, delay).cancel(), next item
 *   foreign:         producer CPU  a thread: the same calls, kworker's too; the wheel, or the timer's thread, is where
 *                                  the placement says
 * </pre>
 *
 * <p>{@code arm-cancel}: the timer that has just been armed; {@code later}: one that was armed {@value #ITEMS} calls
 * before, and is armed again then.
 *
 * <p>{@value #OTHERS} other timers are pending all the time. All deadlines are spread over nine minutes, from a minute
 * after the start on, in the same order for everybody; who takes a delay is given the distance from the start. The
 * checks: each cancel says that its timer was pending; no timer fires.
 */
final class ArmCancelRound {
    private static final int OTHERS = 10_000;
    private static final int ITEMS = 1024;
    private static final int BATCH = 8192;
    private static final int MOMENTS = 1 << 13;
    private static final long NEAREST = TimeUnit.MINUTES.toNanos(1);
    private static final long FARTHEST = TimeUnit.MINUTES.toNanos(10);

    private final Lane lane;
    private final Cpus cpus;
    private final long[] distances = new Random(1).longs(MOMENTS, NEAREST, FARTHEST).toArray();
    private final TimerLog log = new TimerLog(-1);
    private final TimerItem[] items = new TimerItem[ITEMS];
    private final TimerItem[] others = new TimerItem[OTHERS];

    private long base;
    private long nanos;

    ArmCancelRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> local(long millis) {
        return run(millis, true);
    }

    Map<String, Double> foreign(long millis) {
        return run(millis, false);
    }

    private Map<String, Double> run(long millis, boolean isLocal) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (TimerPeer peer = TimerPeer.open(lane, cpus, threads)) {
            make(peer, items);
            make(peer, others);
            Producers.run(cpus.producers(1), index -> {
                base = System.nanoTime();
                peer.inPlace(() -> armAll(peer, others));
                metrics.put("arm-cancel", measure(peer, isLocal, millis / 2, () -> atOnce(peer)));
                peer.inPlace(() -> armAll(peer, items));
                metrics.put("later", measure(peer, isLocal, millis / 2, () -> later(peer)));
            }, threads::verify);
        }
        log.check(items, 0);
        log.check(others, 0);
        return metrics;
    }

    /** Nanoseconds for a pair of calls. */
    private double measure(TimerPeer peer, boolean isLocal, long millis, Runnable batch) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        int batches = 0;
        nanos = 0;
        do {
            if (isLocal) {
                peer.inPlace(batch);
            } else {
                batch.run();
            }
            batches++;
        } while (System.nanoTime() - end < 0);
        return (double) nanos / batches / BATCH;
    }

    private void make(TimerPeer peer, TimerItem[] into) {
        for (int i = 0; i < into.length; i++) {
            into[i] = peer.newItem(log);
        }
    }

    private void armAll(TimerPeer peer, TimerItem[] all) {
        Random random = new Random(2);
        for (TimerItem item : all) {
            peer.arm(item, base + random.nextLong(NEAREST, FARTHEST), base);
        }
    }

    private void atOnce(TimerPeer peer) {
        long from = base;
        int cancelled = 0;
        long start = System.nanoTime();
        for (int i = 0; i < BATCH; i++) {
            if (peer.armAndCancel(items[i & ITEMS - 1], from + distances[i & MOMENTS - 1], from)) {
                cancelled++;
            }
        }
        nanos += System.nanoTime() - start;
        check(cancelled);
    }

    private void later(TimerPeer peer) {
        long from = base;
        int cancelled = 0;
        long start = System.nanoTime();
        for (int i = 0; i < BATCH; i++) {
            TimerItem item = items[i & ITEMS - 1];
            if (peer.cancel(item)) {
                cancelled++;
            }
            peer.arm(item, from + distances[i & MOMENTS - 1], from);
        }
        nanos += System.nanoTime() - start;
        check(cancelled);
    }

    private static void check(int cancelled) {
        if (cancelled != BATCH) {
            throw new BenchException("of " + BATCH + " timers that were armed " + cancelled + " were cancelled");
        }
    }
}
