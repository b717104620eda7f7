// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The heap that a sleeping virtual thread takes, measured in a forked JVM with very many of them.
 *
 * <pre>
 *   vt:       a thread                 executor.execute(sleeper) x 1,000,000  --&gt; the JDK's carriers and timer
 *   kworker:  a handler on every CPU   executor.execute(sleeper) x 500,000    --&gt; carrier and wheel of its CPU
 *                                      (1,000 in a run, then it queues itself again)
 * </pre>
 *
 * <p>The executor is {@code newVirtualThreadPerTaskExecutor} for both: a thread that a handler starts stays on its CPU,
 * and is no handler, of which a workqueue has 2,048 on a CPU at the most. The checks: all are asleep when the heap is
 * measured, all wake up, once.
 */
final class CrowdRound {
    private static final int SLICE = 1_000;
    private static final long SHORTEST = TimeUnit.SECONDS.toMillis(1);
    private static final long SECONDS_OF_MILLION = 30;
    private static final long SETTLE = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long POLL = TimeUnit.MILLISECONDS.toNanos(5);

    private final Lane lane;
    private final Cpus cpus;
    private final AtomicInteger started = new AtomicInteger();
    private final AtomicInteger over = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final Map<String, Double> metrics = new HashMap<>();

    private long sleep;

    CrowdRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long count) {
        sleep = SHORTEST + count * SECONDS_OF_MILLION / 1000;
        try (Peer peer = lane.contender().open(lane.placement(), cpus, new PeerThreads(lane, cpus));
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            long before = Heap.used();
            long cpu = Libc.cpuNanos();
            long start = System.nanoTime();
            if (peer instanceof KworkerPeer kworker) {
                startByHandlers(kworker, executor, (int) count);
            } else {
                for (long i = 0; i < count; i++) {
                    executor.execute(this::sleep);
                }
            }
            await(started, count);
            metrics.put("start-us", (System.nanoTime() - start) / 1e3 / count);
            LockSupport.parkNanos(SETTLE); // the last ones are about to sleep
            long after = Heap.used();
            if (over.get() > 0) {
                throw new BenchException("this machine is too slow to have so many asleep at once");
            }
            metrics.put("bytes-per-sleeper", (double) (after - before) / count);
            await(over, count);
            metrics.put("cpu-us", (Libc.cpuNanos() - cpu) / 1e3 / count);
        }
        if (over.get() != count || started.get() != count || failed.get() != 0) {
            throw new BenchException("of %d sleepers %d started, %d woke up, %d were woken too early".formatted(
                    count, started.get(), over.get(), failed.get()));
        }
        return metrics;
    }

    private void startByHandlers(KworkerPeer peer, ExecutorService executor, int count) {
        int left = count;
        int places = cpus.allowed().size();
        for (int cpu : cpus.allowed()) {
            int share = left / places--;
            left -= share;
            peer.queue().queueOn(cpu, new Starter(peer, executor, share));
        }
    }

    private static void await(AtomicInteger counter, long count) {
        while (counter.get() < count) {
            LockSupport.parkNanos(POLL);
        }
    }

    private void sleep() {
        started.getAndIncrement();
        try {
            Thread.sleep(sleep);
        } catch (InterruptedException e) {
            failed.getAndIncrement();
        }
        over.getAndIncrement();
    }

    /** Starts some, and queues itself again on its CPU. */
    private final class Starter extends Item {
        private final KworkerPeer peer;
        private final ExecutorService executor;
        private int left;

        Starter(KworkerPeer peer, ExecutorService executor, int left) {
            this.peer = peer;
            this.executor = executor;
            this.left = left;
        }

        @Override
        public void run() {
            for (int i = 0; i < SLICE && left > 0; i++, left--) {
                executor.execute(CrowdRound.this::sleep);
            }
            if (left > 0) {
                peer.submit(this);
            }
        }
    }
}
