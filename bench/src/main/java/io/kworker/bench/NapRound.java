// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Workqueue;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Handlers that sleep for a moment, from the first submission to the end of the last one, measured in a forked JVM.
 *
 * <pre>
 *   a thread:  submit(nap), next nap, ... 200,000    each CPU:  nap: Thread.sleep(10 ms), and counts itself
 * </pre>
 *
 * <p>The same is done twice, and the second time counts: for kworker, whose workers are made once, and go on.
 *
 * <p>kworker has a carrier on every CPU, and the naps are queued to each in turn; so that the limit of a workqueue does
 * not count, to one of {@value #QUEUES}. {@code vt} starts a thread for each. Nobody is pinned but kworker's carriers.
 * The checks: each nap is over once, and none of those that look at the clock, one in {@value #TIMED}, was too short.
 */
final class NapRound {
    private static final int QUEUES = 16;
    private static final int LAPS = 2;

    /** One in so many looks at the clock. */
    private static final int TIMED = 15;
    private static final long NAP = TimeUnit.MILLISECONDS.toNanos(10);

    private final Lane lane;
    private final Cpus cpus;

    NapRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long count) {
        Map<String, Double> metrics = new HashMap<>();
        try (Peer peer = lane.contender().open(lane.placement(), cpus, new PeerThreads(lane, cpus))) {
            Workqueue[] queues = peer instanceof KworkerPeer kworker ? queues(kworker) : new Workqueue[0];
            for (int i = 0; i < LAPS; i++) {
                lap((int) count, peer, queues, metrics);
            }
        }
        return metrics;
    }

    /** The last one counts. */
    private void lap(int count, Peer peer, Workqueue[] queues, Map<String, Double> metrics) {
        CountDownLatch over = new CountDownLatch(count);
        Nap[] naps = new Nap[count];
        Arrays.setAll(naps, i -> new Nap(over, i % TIMED == 0));
        int[] places = cpus.allowed().stream().mapToInt(Integer::intValue).toArray();
        long cpu = Libc.cpuNanos();
        long start = System.nanoTime();
        if (queues.length > 0) {
            for (int i = 0; i < naps.length; i++) {
                int turn = i / places.length;
                queues[turn % queues.length].queueOn(places[i % places.length], naps[i]);
            }
        } else {
            for (Nap nap : naps) {
                peer.submit(nap);
            }
        }
        try {
            over.await();
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
        long nanos = System.nanoTime() - start;
        metrics.put("ops", count * 1e9 / nanos);
        metrics.put("cpu-us", (Libc.cpuNanos() - cpu) / 1e3 / count);
        for (Nap nap : naps) {
            nap.check();
        }
    }

    private static Workqueue[] queues(KworkerPeer peer) {
        Workqueue[] queues = new Workqueue[QUEUES];
        Arrays.setAll(queues, i -> peer.another("naps-" + i).maxActive(Workqueue.MAX_ACTIVE_LIMIT).build());
        return queues;
    }

    private final class Nap extends Item {
        private final CountDownLatch over;
        private final boolean isTimed;
        private int runs;
        private boolean isTooShort;

        Nap(CountDownLatch over, boolean isTimed) {
            this.over = over;
            this.isTimed = isTimed;
        }

        @Override
        public void run() {
            long start = isTimed ? System.nanoTime() : 0;
            try {
                Thread.sleep(NAP / 1_000_000);
            } catch (InterruptedException e) {
                isTooShort = true;
            }
            isTooShort |= isTimed && System.nanoTime() - start < NAP;
            runs++;
            over.countDown();
        }

        void check() {
            if (runs != 1 || isTooShort) {
                throw new BenchException(isTooShort ? "a nap was too short" : "a nap was taken " + runs + " times");
            }
        }
    }
}
