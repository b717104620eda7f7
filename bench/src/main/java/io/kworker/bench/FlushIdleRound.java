// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Workqueue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What it costs to flush and to drain a workqueue that has nothing to do, measured in a forked JVM.
 *
 * <pre>
 *   producer CPU                       each CPU has a carrier
 *   +--------------+
 *   | pinned       |  asleep   nothing has run for 100 us: all carriers sleep
 *   | caller:      |  awake    each other CPU has just run an item of another workqueue, and spins
 *   | queue.flush()|  beside   items of another workqueue of this kind follow each other without end
 *   +--------------+
 * </pre>
 *
 * <p>A sample is one call, the clock included (some 20 ns). The workqueue has been used, and nothing has been queued to
 * it since a flush before the samples. That the carriers sleep is checked by their context switches. With
 * {@code beside} the queue of the CPU is not empty, so the call cannot know at once that nothing in it is its own, and
 * has to wait.
 */
final class FlushIdleRound {
    private static final long GAP = TimeUnit.MICROSECONDS.toNanos(100);
    private static final long SETTLE = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int USES = 64;
    private static final int CHAINS = 4;

    /** Context switches of all carriers in 100 calls: the system may have reasons of its own. */
    private static final int FEW = 10;

    private final Lane lane;
    private final Cpus cpus;
    private final Map<String, Double> metrics = new LinkedHashMap<>();

    FlushIdleRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long count) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (KworkerPeer peer = KworkerPeer.of(lane.contender(), lane.placement(), cpus)) {
            Workqueue other = peer.another("other").build();
            Workqueue alike = lane.contender().flags(peer.another("alike"), lane.placement()).build();
            use(peer);
            Producers.run(cpus.producers(1), index -> {
                Workqueue queue = peer.queue();
                queue.flush();
                asleep("asleep", queue::flush, count);
                asleep("drain", queue::drain, count);
                awake(queue, other, count);
                beside(queue, peer, alike, count / 10);
            }, threads::verify);
        }
        return metrics;
    }

    private static void use(KworkerPeer peer) {
        for (CountItem item : CountItem.pool(USES)) {
            peer.submit(item);
            while (item.runs() == 0) {
                Pause.giveWay();
            }
        }
    }

    private void asleep(String name, Runnable call, long count) {
        Samples samples = new Samples();
        Pause.until(System.nanoTime() + SETTLE);
        long switches = ThreadMasks.switchesOfConfined();
        for (long i = 0; i < count; i++) {
            Pause.until(System.nanoTime() + GAP);
            samples.add(time(call));
        }
        switches = ThreadMasks.switchesOfConfined() - switches;
        if (switches > FEW + count * FEW / 100) {
            throw new BenchException(switches + " context switches of the carriers in " + count + " calls of " + name
                    + ": they do not sleep");
        }
        samples.tell(metrics, name);
    }

    private void awake(Workqueue queue, Workqueue other, long count) {
        Samples samples = new Samples();
        List<Integer> others = cpus.allowed().stream().filter(cpu -> cpu != cpus.producer()).toList();
        List<CountItem> items = new ArrayList<>();
        others.forEach(cpu -> items.add(new CountItem()));
        for (int i = 1; i <= count; i++) {
            for (int k = 0; k < others.size(); k++) {
                other.queueOn(others.get(k), items.get(k));
            }
            for (CountItem item : items) {
                while (item.runs() < i) {
                    Thread.onSpinWait();
                }
            }
            samples.add(time(queue::flush));
        }
        samples.tell(metrics, "awake");
    }

    private void beside(Workqueue queue, KworkerPeer peer, Workqueue alike, long count) {
        Samples samples = new Samples();
        List<Chain> chains = new ArrayList<>();
        for (int i = 0; i < CHAINS; i++) {
            Chain chain = new Chain(peer, alike);
            chains.add(chain);
            peer.submit(alike, chain);
        }
        chains.forEach(Chain::awaitRun);
        for (long i = 0; i < count; i++) {
            samples.add(time(queue::flush));
        }
        chains.forEach(Chain::awaitRun); // it has gone on all the time
        chains.forEach(chain -> chain.isStopped = true);
        alike.flush();
        samples.tell(metrics, "beside");
    }

    private static long time(Runnable call) {
        long start = System.nanoTime();
        call.run();
        return System.nanoTime() - start;
    }

    /** Queues itself again and again. */
    private static final class Chain extends Item {
        private final KworkerPeer peer;
        private final Workqueue queue;
        private volatile boolean isStopped;
        private volatile long runs;

        Chain(KworkerPeer peer, Workqueue queue) {
            this.peer = peer;
            this.queue = queue;
        }

        void awaitRun() {
            long before = runs;
            while (runs == before) {
                Pause.giveWay();
            }
        }

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate")
        public void run() {
            runs++; // one run at a time
            if (!isStopped) {
                peer.submit(queue, this);
            }
        }
    }
}
