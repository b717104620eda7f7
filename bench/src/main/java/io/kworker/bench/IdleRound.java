// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * CPU time of a JVM that waits for timers which are an hour away, or for nothing, measured in it.
 *
 * <pre>
 *   runtime started, timers armed --- 1 s ---&gt; CPU time of the process --- 10 s of sleep ---&gt; the same
 * </pre>
 *
 * <p>What the JVM itself needs is in it ({@code none}: a JVM with no executor at all), and ten awakenings of the thread
 * that watches the round. The check: no timer fires.
 */
final class IdleRound {
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);
    private static final long APART = TimeUnit.MILLISECONDS.toNanos(100);

    private final Lane lane;
    private final Cpus cpus;
    private final int count;

    IdleRound(Lane lane, Cpus cpus, int count) {
        this.lane = lane;
        this.cpus = cpus;
        this.count = count;
    }

    Map<String, Double> run(long millis) {
        if (lane.contender() == Contender.NONE) {
            return Map.of("cpu-percent", measure(millis));
        }
        TimerLog log = new TimerLog(-1);
        TimerItem[] items = new TimerItem[count];
        double percent;
        try (TimerPeer peer = TimerPeer.open(lane, cpus, new PeerThreads(lane, cpus))) {
            Arrays.setAll(items, i -> peer.newItem(log));
            peer.inPlace(() -> arm(peer, items));
            percent = measure(millis);
        }
        log.check(items, 0);
        return Map.of("cpu-percent", percent);
    }

    private static void arm(TimerPeer peer, TimerItem[] items) {
        long now = System.nanoTime();
        for (int i = 0; i < items.length; i++) {
            peer.arm(items[i], now + HOUR + i * APART, now);
        }
    }

    private static double measure(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis / 10);
            long start = System.nanoTime();
            long cpu = Libc.cpuNanos();
            TimeUnit.MILLISECONDS.sleep(millis);
            return 100.0 * (Libc.cpuNanos() - cpu) / (System.nanoTime() - start);
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
    }
}
