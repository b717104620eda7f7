// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

/**
 * The executors as the JDK's interfaces, with their threads started. The JDK's have one thread, and unpinned one for
 * each CPU.
 */
final class ViewPeer implements Peer {
    private final ExecutorService executor;
    private final Runnable afterwards;

    /** @param afterwards what is to be closed after the executor */
    private ViewPeer(ExecutorService executor, Runnable afterwards) {
        this.executor = executor;
        this.afterwards = afterwards;
    }

    static ViewPeer open(Lane lane, Cpus cpus, PeerThreads threads) {
        return open(lane, cpus, threads, threads(lane, cpus));
    }

    /** @param tpeThreads how many {@code tpe} is to have */
    static ViewPeer open(Lane lane, Cpus cpus, PeerThreads threads, int tpeThreads) {
        return switch (lane.contender()) {
            case TPE -> started(TpePeer.newPool(threads, tpeThreads), tpeThreads);
            case FJP -> started(FjpPeer.newPool(threads, threads(lane, cpus)), threads(lane, cpus));
            case VT -> started(VtPeer.newExecutor(threads), 1);
            default -> {
                KworkerPeer kworker = KworkerPeer.of(lane.contender(), lane.placement(), cpus);
                yield new ViewPeer(kworker.queue().asExecutorService(), kworker::close);
            }
        };
    }

    /** With timers. */
    static ViewPeer openScheduled(Lane lane, Cpus cpus, PeerThreads threads) {
        int count = threads(lane, cpus);
        return switch (lane.contender()) {
            case STPE -> started(StpeTimers.newPool(threads, count), count);
            case FJP -> started(FjpTimers.newPool(threads, count), count);
            default -> {
                KworkerPeer kworker = KworkerPeer.of(lane.contender(), lane.placement(), cpus);
                yield new ViewPeer(kworker.queue().asScheduledExecutorService(), kworker::close);
            }
        };
    }

    private static int threads(Lane lane, Cpus cpus) {
        return lane.placement() == Placement.UNPINNED ? cpus.allowed().size() : 1;
    }

    /** Keeps all threads busy at once, so that each exists: one that a pinned producer made would inherit its CPU. */
    private static ViewPeer started(ExecutorService executor, int count) {
        CountDownLatch together = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            executor.execute(() -> {
                together.countDown();
                await(together);
            });
        }
        await(together);
        return new ViewPeer(executor, () -> {});
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
    }

    ExecutorService executor() {
        return executor;
    }

    ScheduledExecutorService scheduled() {
        return (ScheduledExecutorService) executor;
    }

    @Override
    public void submit(Item item) {
        executor.execute(item);
    }

    @Override
    public void close() {
        executor.close();
        afterwards.run();
    }
}
