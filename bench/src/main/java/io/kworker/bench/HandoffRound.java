// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The round trip of one item between a pinned producer and the consumer, measured in a forked JVM.
 *
 * <pre>
 *   producer CPU                          consumer CPU (or unpinned)
 *   +----------+   submit(item)           +------------------------+
 *   | producer | ----------------------&gt;  | executor: item.run()   |
 *   |  spins   | &lt;----------------------  |   reply = reply + 1    |
 *   +----------+   one volatile counter   +------------------------+
 *        |_______ one sample: from before submit to reply seen _____|
 * </pre>
 *
 * <p>{@code handoff-spin} sends the next item at once, so that no consumer falls asleep. {@code handoff-park} spins
 * 1 ms between items, so that every consumer that parks has parked. The check: after the round, the reply counter
 * equals the number of items sent, so none was lost and none ran twice.
 */
final class HandoffRound {
    private static final int ITEMS = 16;
    private static final int CHUNK = 256;
    private static final int FIRST_ITEMS = 64;
    /** Where the count of what was sent lies in its array: as far from others as that of the replies. */
    private static final int SENT = 16;
    private static final long GAP = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long SHORT_GAP = TimeUnit.MICROSECONDS.toNanos(150);

    private final Lane lane;
    private final Cpus cpus;
    private final PaddedCounter reply = new PaddedCounter();
    private final Item[] items = HandoffItem.pool(ITEMS, reply);
    /** In an array of its own: beside {@link #reply} the producer would write where the consumer reads. */
    private final long[] sent = new long[2 * SENT + 1];
    private final Histogram histogram = new Histogram(1, TimeUnit.MINUTES.toNanos(1), 3);

    HandoffRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> spin(long millis) {
        return run(peer -> {
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            do {
                for (int i = 0; i < CHUNK; i++) {
                    histogram.recordValue(roundTrip(peer));
                }
            } while (System.nanoTime() - deadline < 0);
        });
    }

    Map<String, Double> park(long count) {
        return run(count, GAP);
    }

    /** The same with a gap that most consumers still park in, so that their code is compiled in a second. */
    Map<String, Double> parkWarmUp(long count) {
        return run(count, SHORT_GAP);
    }

    private Map<String, Double> run(long count, long gap) {
        return run(peer -> {
            for (long i = 0; i < count; i++) {
                Pause.until(System.nanoTime() + gap);
                histogram.recordValue(roundTrip(peer));
            }
        });
    }

    private interface Body {
        void produce(Peer peer);
    }

    private Map<String, Double> run(Body body) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (Peer peer = lane.contender().open(lane.placement(), cpus, threads)) {
            for (int i = 0; i < FIRST_ITEMS; i++) {
                roundTrip(peer); // from this unpinned thread: whatever threads the executor needs now exist
            }
            Producers.run(cpus.producers(1), index -> body.produce(peer), threads::verify);
        }
        if (reply.get() != sent[SENT]) {
            throw new BenchException(sent[SENT] + " items sent, " + reply.get() + " ran");
        }
        return metrics();
    }

    private long roundTrip(Peer peer) {
        Item item = items[(int) sent[SENT] & ITEMS - 1];
        long expected = ++sent[SENT];
        long start = System.nanoTime();
        peer.submit(item);
        while (reply.get() < expected) {
            Thread.onSpinWait();
        }
        return System.nanoTime() - start;
    }

    private Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        for (String percentile : Handoff.PERCENTILES) {
            double value = percentile.equals("max") ? histogram.getMaxValue()
                    : histogram.getValueAtPercentile(Double.parseDouble(percentile.substring(1)));
            metrics.put(percentile, value);
        }
        metrics.put("samples", (double) histogram.getTotalCount());
        return metrics;
    }
}
