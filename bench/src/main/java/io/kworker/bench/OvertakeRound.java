// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Workqueue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How many of 100,000 normal items that wait on a CPU start before an urgent one that comes after them? Measured in a
 * forked JVM.
 *
 * <pre>
 *   producer CPU                        consumer CPU
 *   +----------+  110,000 normal items  +-------------------------------------+
 *   | producer | ---------------------&gt; | each counts itself as started and   |
 *   |          |  at some moment: one   |   computes for 10 us                |
 *   |          |  urgent item, again    | the urgent one: notes that count    |
 *   |          | ---------------------&gt; |   and the time                      |
 *   +----------+  and again             +-------------------------------------+
 * </pre>
 *
 * <p>{@code started} is how many normal items start between the return of the call that queues the urgent item and the
 * first line of that one's handler; {@code delay} is the time from before that call to there. The latter may be the
 * doing of the system, which takes the CPU away from either side now and then. Each time 100,000 normal items are still
 * waiting. Afterwards those that are left compute no more, and the checks are: each normal
 * item has run once, the urgent one as often as it was queued.
 */
final class OvertakeRound {
    static final long HANDLER = TimeUnit.MICROSECONDS.toNanos(10);

    private static final int WAITING = 100_000;
    private static final int ITEMS = WAITING + 10_000;
    private static final long GAP = TimeUnit.MICROSECONDS.toNanos(400);

    /** Gaps differ, so that an urgent item may come at any time of a handler. */
    private static final long GAP_STEP = 1_237;

    private final Lane lane;
    private final Cpus cpus;
    private final PaddedCounter started = new PaddedCounter();
    private final Samples overtakers = new Samples();
    private final Samples delays = new Samples();
    private long queued;
    private volatile boolean isOver;

    OvertakeRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long times) {
        Normal[] items = new Normal[ITEMS];
        for (int i = 0; i < ITEMS; i++) {
            items[i] = new Normal();
        }
        Urgent urgent = new Urgent();
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (KworkerPeer peer = KworkerPeer.of(lane.contender(), lane.placement(), cpus)) {
            Workqueue normal = peer.another("normal").build();
            Producers.run(cpus.producers(1), index -> {
                for (Normal item : items) {
                    peer.submit(normal, item);
                }
                do {
                    Pause.until(System.nanoTime() + GAP + ++queued * GAP_STEP % HANDLER);
                } while (overtake(peer, urgent) && queued < times);
                isOver = true;
            }, threads::verify);
            normal.flush();
        }
        check(items, urgent);
        if (delays.count() == 0) {
            throw new BenchException("fewer than 100,000 items were left waiting from the first moment");
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        overtakers.tell(metrics, "started");
        delays.tell(metrics, "delay");
        return metrics;
    }

    /** False where too few items were left waiting. */
    private boolean overtake(KworkerPeer peer, Urgent urgent) {
        int run = urgent.runs + 1;
        long start = System.nanoTime();
        peer.submit(urgent);
        long before = started.get();
        while (urgent.runs < run) {
            Thread.onSpinWait();
        }
        if (ITEMS - urgent.startedBefore < WAITING) {
            return false;
        }
        overtakers.add(Math.max(0, urgent.startedBefore - before)); // less than 0: it was there before the look
        delays.add(urgent.startedAt - start);
        return true;
    }

    private void check(Normal[] items, Urgent urgent) {
        for (Normal item : items) {
            if (item.runs != 1) {
                throw new BenchException("a normal item ran " + item.runs + " times");
            }
        }
        if (urgent.runs != queued) {
            throw new BenchException("the urgent item was queued " + queued + " times and ran " + urgent.runs);
        }
    }

    private final class Normal extends Item {
        private int runs;

        @Override
        public void run() {
            started.increment();
            runs++;
            if (!isOver) {
                Pause.until(System.nanoTime() + HANDLER);
            }
        }
    }

    private final class Urgent extends Item {
        private long startedAt;
        private long startedBefore;
        private volatile int runs;

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate")
        public void run() {
            startedBefore = started.get();
            startedAt = System.nanoTime();
            runs++; // in flight once at most
        }
    }
}
