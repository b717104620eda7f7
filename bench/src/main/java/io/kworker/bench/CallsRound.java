// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Workqueue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What calls on an item cost its caller, measured in a forked JVM: nanoseconds a call, of many in a row.
 *
 * <pre>
 *   producer CPU                                   consumer CPU
 *   +------------------------------------------+   +--------------------------------+
 *   | item.disable(), item.enable()            |   | sleeps                         |
 *   | item.cancel() of 1,000 that wait for the |   | one handler blocks and has the |
 *   |   only slot                              |   |   only slot of its workqueue   |
 *   +------------------------------------------+   +--------------------------------+
 * </pre>
 *
 * <p>The checks: every cancel says that it took an instance back; no such item runs; queued again, each runs once.
 */
final class CallsRound {
    private static final int WAITING = 1_000;
    private static final long SETTLE = TimeUnit.MILLISECONDS.toNanos(2);

    private final Lane lane;
    private final Cpus cpus;
    private final Map<String, Double> metrics = new LinkedHashMap<>();

    CallsRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long pairs) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (KworkerPeer peer = KworkerPeer.of(lane.contender(), lane.placement(), cpus)) {
            Workqueue narrow =
                    lane.contender().flags(peer.another("narrow"), lane.placement()).maxActive(1).build();
            CountItem[] items = CountItem.pool(WAITING);
            Producers.run(cpus.producers(1), index -> {
                disableAndEnable(pairs);
                cancel(peer, narrow, items);
            }, threads::verify);
        }
        return metrics;
    }

    private void disableAndEnable(long pairs) {
        CountItem item = new CountItem();
        long start = System.nanoTime();
        for (long i = 0; i < pairs; i++) {
            item.disable();
            item.enable();
        }
        metrics.put("disable-enable", (double) (System.nanoTime() - start) / pairs);
    }

    private void cancel(KworkerPeer peer, Workqueue narrow, CountItem[] items) {
        Gate gate = new Gate();
        peer.submit(narrow, gate);
        queueAll(peer, narrow, items);
        Pause.until(System.nanoTime() + SETTLE); // the CPU has put them aside, and sleeps
        int cancelled = 0;
        long start = System.nanoTime();
        for (CountItem item : items) {
            if (item.cancel()) {
                cancelled++;
            }
        }
        metrics.put("cancel-waiting", (double) (System.nanoTime() - start) / items.length);
        gate.isOpen.countDown();
        narrow.flush();
        if (cancelled != items.length) {
            throw new BenchException("of " + items.length + " items that waited " + cancelled + " were cancelled");
        }
        check(items, 0);
        queueAll(peer, narrow, items);
        narrow.flush();
        check(items, 1);
    }

    private static void queueAll(KworkerPeer peer, Workqueue queue, CountItem[] items) {
        for (CountItem item : items) {
            peer.submit(queue, item);
        }
    }

    private static void check(CountItem[] items, int runs) {
        for (CountItem item : items) {
            if (item.runs() != runs) {
                throw new BenchException("an item ran " + item.runs() + " times, and should " + runs);
            }
        }
    }

    /** Blocks until it is opened. */
    private static final class Gate extends Item {
        private final CountDownLatch isOpen = new CountDownLatch(1);

        @Override
        public void run() {
            try {
                isOpen.await();
            } catch (InterruptedException e) {
                throw new BenchException("interrupted", e);
            }
        }
    }
}
