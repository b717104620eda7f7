// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How late timers are on a machine that has nothing else to do, measured in a forked JVM.
 *
 * <pre>
 *   armed, all of them (kworker: in a handler) --- 200 ms ---&gt; 1,000 deadlines a second, at random
 * </pre>
 *
 * <p>A sample is the time from the deadline to the first line of what is called. The checks: each fires exactly once,
 * none before its deadline.
 */
final class LatenessRound {
    private static final long LEAD = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long POLL = TimeUnit.MILLISECONDS.toNanos(50);

    private final Lane lane;
    private final Cpus cpus;

    LatenessRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    /** A timer for each millisecond. */
    Map<String, Double> run(long millis) {
        TimerLog log = new TimerLog((int) millis);
        TimerItem[] items = new TimerItem[(int) millis];
        long[] offsets = new Random().longs(millis, 0, TimeUnit.MILLISECONDS.toNanos(millis)).toArray();
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (TimerPeer peer = TimerPeer.open(lane, cpus, threads)) {
            Arrays.setAll(items, i -> peer.newItem(log));
            Producers.run(cpus.producers(1), index -> {
                peer.inPlace(() -> arm(peer, items, offsets));
                while (!log.isComplete()) {
                    LockSupport.parkNanos(POLL);
                }
            }, threads::verify);
        }
        log.check(items, 1);
        Map<String, Double> metrics = new LinkedHashMap<>();
        log.lateness().tell(metrics, "lateness");
        return metrics;
    }

    private static void arm(TimerPeer peer, TimerItem[] items, long[] offsets) {
        long start = System.nanoTime() + LEAD;
        for (int i = 0; i < items.length; i++) {
            items[i].deadline = start + offsets[i];
            peer.arm(items[i], items[i].deadline, System.nanoTime());
        }
        if (System.nanoTime() - start > 0) {
            throw new BenchException("this machine is too slow to arm so many timers in time");
        }
    }
}
