// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Workqueue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What {@code runtime.dump()} does to the CPU that it tells of, and what it costs. Measured in a forked JVM.
 *
 * <pre>
 *   producer CPU                                consumer CPU
 *   +------------------------------------+      +-----------------------------------------+
 *   | calm:  sleeps                      |      | two items queue each other without end: |
 *   | texts: makes texts without kworker |      |   how long from start to start?         |
 *   | dump:  runtime.dump(), in a loop   |      | (and, second half: 10,000 handlers that |
 *   |                                    |      |  sleep, 10,000 items that wait)         |
 *   +------------------------------------+      +-----------------------------------------+
 * </pre>
 *
 * <p>{@code texts} shows what a busy neighbour does that allocates as a dump does. {@code many-} is the half with the
 * sleepers. The checks: every item has run once in the end, the two as often as they were queued.
 */
final class DumpRound {
    private static final int MANY = 10_000;
    private static final int QUEUES = 5;
    private static final int TURNS = 2;
    private static final int DUMPS_OF_MANY = 5;
    private static final int WORDS = 500;

    private final Lane lane;
    private final Cpus cpus;
    private final long slice;
    private final Map<String, Double> metrics = new LinkedHashMap<>();
    private volatile int length;

    /** @param millis how long each of the three goes on, in each half */
    DumpRound(Lane lane, Cpus cpus, long millis) {
        this.lane = lane;
        this.cpus = cpus;
        this.slice = TimeUnit.MILLISECONDS.toNanos(millis) / TURNS;
    }

    Map<String, Double> run() {
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (KworkerPeer peer = KworkerPeer.of(lane.contender(), lane.placement(), cpus)) {
            Producers.run(cpus.producers(1), index -> {
                rally("", peer);
                Crowd crowd = new Crowd(peer);
                Samples dumps = new Samples();
                for (int i = 0; i < DUMPS_OF_MANY; i++) {
                    dumps.add(dump(peer));
                }
                metrics.put("many-time", dumps.percentile(50));
                metrics.put("many-length", (double) length);
                rally("many-", peer);
                crowd.end();
            }, threads::verify);
        }
        return metrics;
    }

    private void rally(String prefix, KworkerPeer peer) {
        Rally rally = new Rally(peer.queue(), cpus.consumer());
        Samples dumps = new Samples();
        Map<String, Runnable> neighbours = new LinkedHashMap<>();
        neighbours.put("calm", () -> LockSupport.parkNanos(slice));
        neighbours.put("texts", () -> repeat(this::text));
        neighbours.put("dump", () -> repeat(() -> dumps.add(dump(peer))));
        rally.start();
        rally.sample(neighbours.get("calm"));
        for (Map.Entry<String, Runnable> neighbour : neighbours.entrySet()) {
            Samples samples = new Samples();
            for (int i = 0; i < TURNS; i++) {
                samples.add(rally.sample(neighbour.getValue()));
            }
            tell(prefix + neighbour.getKey() + "-", samples);
        }
        rally.stop();
        metrics.put(prefix + "dump-time", dumps.percentile(50));
    }

    private void tell(String prefix, Samples samples) {
        Samples atAnyMoment = samples.atAnyMoment();
        metrics.put(prefix + "p50", samples.percentile(50));
        metrics.put(prefix + "p99", samples.percentile(99));
        metrics.put(prefix + "p99.9", samples.percentile(99.9));
        metrics.put(prefix + "max", samples.percentile(100));
        metrics.put(prefix + "any-p50", atAnyMoment.percentile(50));
        metrics.put(prefix + "any-p99", atAnyMoment.percentile(99));
        metrics.put(prefix + "any-p99.9", atAnyMoment.percentile(99.9));
        metrics.put(prefix + "starts", (double) samples.count());
    }

    private void repeat(Runnable body) {
        long start = System.nanoTime();
        do {
            body.run();
        } while (System.nanoTime() - start < slice);
    }

    private long dump(KworkerPeer peer) {
        long start = System.nanoTime();
        String text = peer.runtime().dump();
        long nanos = System.nanoTime() - start;
        length = text.length();
        return nanos;
    }

    private void text() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < WORDS; i++) {
            text.append("kworker/").append(i).append(' ');
        }
        length = text.toString().length();
    }

    /** Handlers that sleep, and items that wait behind one of them. */
    private static final class Crowd {
        private final CountDownLatch allAsleep = new CountDownLatch(MANY);
        private final CountDownLatch morning = new CountDownLatch(1);
        private final List<Workqueue> queues = new ArrayList<>();
        private final CountItem[] waiting = CountItem.pool(MANY);
        private final PaddedCounter slept = new PaddedCounter();

        Crowd(KworkerPeer peer) {
            for (int i = 0; i < QUEUES; i++) {
                Workqueue queue = peer.another("sleepers-" + i).maxActive(Workqueue.MAX_ACTIVE_LIMIT).build();
                queues.add(queue);
                for (int k = 0; k < MANY / QUEUES; k++) {
                    peer.submit(queue, new Sleeper());
                }
            }
            Workqueue narrow = peer.another("narrow").maxActive(1).build();
            queues.add(narrow);
            peer.submit(narrow, new Sleeper());
            for (CountItem item : waiting) {
                peer.submit(narrow, item);
            }
            await(allAsleep);
        }

        void end() {
            morning.countDown();
            queues.forEach(Workqueue::flush);
            for (CountItem item : waiting) {
                if (item.runs() != 1) {
                    throw new BenchException("an item that waited ran " + item.runs() + " times");
                }
            }
            if (slept.get() != MANY + 1) {
                throw new BenchException(slept.get() + " handlers slept to the end, and should " + (MANY + 1));
            }
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new BenchException("interrupted", e);
            }
        }

        private final class Sleeper extends Item {
            @Override
            public void run() {
                allAsleep.countDown();
                await(morning);
                slept.increment(); // one CPU, and no wait in between
            }
        }
    }
}
