// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.function.Function;

/**
 * Items per second through an executor, measured in a forked JVM.
 *
 * <pre>
 *   producer CPU(s)                                     consumer CPU (or unpinned)
 *   +------------+  submit(items[i]), i = 0, 1, 2, ...  +------------------------+
 *   | producer 0 | ----------------------------------&gt;  | executor: item.run()   |
 *   +------------+                                      |   runs = runs + 1      |
 *   | producer 1 | ----------------------------------&gt;  |                        |
 *   +------------+  other half of the items             +------------------------+
 *         ^______________ items[i].runs: may I reuse it? ___________|
 * </pre>
 *
 * <p>{@value #WINDOW} distinct items go round: the same bounded window for every executor. A producer that comes to an
 * item which has not run yet spins until that one has run and a quarter of its items beyond (counted as {@code waits}):
 * did it go on at once, the two sides would work in lock-step on the same cache line. Two producers get a CPU each
 * where there are three CPUs, else they share one. The check: after the round each item has run exactly as often as it
 * was queued.
 */
final class ThroughputRound {
    static final int WINDOW = 4096;

    private static final int FIRST_ITEMS = 64;
    private static final int SPINS = 256;

    private final Lane lane;
    private final Cpus cpus;
    private final int[] producers;
    private final Change change;
    private final int share;
    private final CountItem[] items = CountItem.pool(WINDOW);
    private final int[] laps;
    private final long[] waits;
    private final LongAccumulator firstStart = new LongAccumulator(Math::min, Long.MAX_VALUE);
    private final LongAccumulator lastEnd = new LongAccumulator(Math::max, Long.MIN_VALUE);

    ThroughputRound(Lane lane, Cpus cpus, int producerCount) {
        this(lane, cpus, producerCount, Change.NOT_LOOKED_FOR);
    }

    ThroughputRound(Lane lane, Cpus cpus, int producerCount, Change change) {
        this.lane = lane;
        this.cpus = cpus;
        this.change = change;
        producers = cpus.producers(producerCount);
        share = WINDOW / producerCount;
        laps = new int[producerCount];
        waits = new long[producerCount];
    }

    Map<String, Double> run(long millis) {
        return run(millis, threads -> lane.contender().open(lane.placement(), cpus, threads));
    }

    /** @param opening makes the executor, given who is to place its threads */
    Map<String, Double> run(long millis, Function<PeerThreads, Peer> opening) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (Peer peer = opening.apply(threads)) {
            firstItems(peer);
            change.during(peer, () -> Producers.run(producers,
                    index -> produce(index, peer, TimeUnit.MILLISECONDS.toNanos(millis)), threads::verify));
        }
        check();
        double count = 0;
        double waited = 0;
        for (int index = 0; index < producers.length; index++) {
            count += (double) laps[index] * share;
            waited += waits[index];
        }
        double seconds = (lastEnd.get() - firstStart.get()) / 1e9;
        return Map.of("ops", count / seconds, "waits", 1000 * waited / count);
    }

    /** From an unpinned thread: whatever threads the executor needs exist afterwards. */
    private static void firstItems(Peer peer) {
        for (CountItem item : CountItem.pool(FIRST_ITEMS)) {
            peer.submit(item);
            while (item.runs() == 0) {
                Pause.giveWay();
            }
        }
    }

    private void produce(int index, Peer peer, long nanos) {
        int from = index * share;
        int to = from + share;
        int lap = 0;
        long waited = 0;
        long start = System.nanoTime();
        do {
            for (int i = from; i < to; i++) {
                CountItem item = items[i];
                if (item.runs() != lap) {
                    waited++;
                    await(item, lap);
                    int ahead = i + share / 4;
                    await(items[ahead < to ? ahead : ahead - share], ahead < to ? lap : lap + 1);
                }
                peer.submit(item);
            }
            lap++;
        } while (System.nanoTime() - start < nanos);
        for (int i = from; i < to; i++) {
            await(items[i], lap);
        }
        lastEnd.accumulate(System.nanoTime());
        firstStart.accumulate(start);
        laps[index] = lap;
        waits[index] = waited;
    }

    private void await(CountItem item, int runs) {
        int spins = 0;
        while (item.runs() < runs) {
            if (producers.length == 1 || ++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                Pause.giveWay(); // the other producer may share this CPU
            }
        }
    }

    private void check() {
        for (int i = 0; i < WINDOW; i++) {
            int queued = laps[i / share];
            if (items[i].runs() != queued) {
                throw new BenchException("item %d was queued %d times and ran %d times".formatted(
                        i, queued, items[i].runs()));
            }
        }
    }
}
