// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What a sleeping handler costs the others on its CPU, measured in a forked JVM.
 *
 * <pre>
 *   producer CPU                    consumer CPU
 *   +----------+ probe, 5 us pause, +--------------------------------------+
 *   | producer | -----------------&gt; | probe: notes the time                |
 *   +----------+ probe, ...         | sleeper: Thread.sleep(10 ms) again   |
 *                                   |   and again (second half only)       |
 *                                   +--------------------------------------+
 * </pre>
 *
 * <p>A sample is the time from before the call that queues the probe to the first line of its handler: {@code idle-*}
 * without the sleeper, {@code sleeper-*} with it.
 */
final class SleeperRound {
    private static final long GAP = TimeUnit.MICROSECONDS.toNanos(5);
    private static final Duration NAP = Duration.ofMillis(10);
    private static final int FIRST_ITEMS = 64;

    private final Lane lane;
    private final Cpus cpus;
    private final ProbeItem probe = new ProbeItem();
    private final Map<String, Double> metrics = new LinkedHashMap<>();

    SleeperRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    /** Half of the time without a sleeper, half with it. */
    Map<String, Double> run(long millis) {
        long half = TimeUnit.MILLISECONDS.toNanos(millis) / 2;
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (Peer peer = lane.contender().open(lane.placement(), cpus, threads)) {
            for (int i = 0; i < FIRST_ITEMS; i++) {
                probe.startDelay(peer);
            }
            Producers.run(cpus.producers(1), index -> {
                note("idle", sample(peer, half));
                Sleeper sleeper = new Sleeper();
                peer.submit(sleeper);
                note("sleeper", sample(peer, half));
                sleeper.end();
            }, threads::verify);
        }
        return metrics;
    }

    private Histogram sample(Peer peer, long nanos) {
        Histogram histogram = new Histogram(1, TimeUnit.MINUTES.toNanos(1), 3);
        long deadline = System.nanoTime() + nanos;
        while (System.nanoTime() - deadline < 0) {
            histogram.recordValue(Math.max(0, probe.startDelay(peer)));
            Pause.until(System.nanoTime() + GAP);
        }
        return histogram;
    }

    private void note(String prefix, Histogram histogram) {
        metrics.put(prefix + "-p50", (double) histogram.getValueAtPercentile(50));
        metrics.put(prefix + "-p99", (double) histogram.getValueAtPercentile(99));
        metrics.put(prefix + "-p99.9", (double) histogram.getValueAtPercentile(99.9));
        metrics.put(prefix + "-max", (double) histogram.getMaxValue());
    }

    /** Sleeps and sleeps until it is told to stop. */
    private static final class Sleeper extends Item {
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile boolean stop;
        private int naps;

        @Override
        public void run() {
            try {
                while (!stop) {
                    Thread.sleep(NAP);
                    naps++;
                }
            } catch (InterruptedException e) {
                naps = 0;
            }
            ended.countDown();
        }

        void end() {
            stop = true;
            try {
                ended.await();
            } catch (InterruptedException e) {
                throw new BenchException("interrupted", e);
            }
            if (naps == 0) {
                throw new BenchException("the sleeping handler did not sleep");
            }
        }
    }
}
