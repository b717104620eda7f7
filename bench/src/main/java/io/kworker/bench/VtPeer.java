// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A virtual thread per task on the JDK's own scheduler. All carriers are made first, from an unpinned thread: one that
 * the pinned producer woke into being would inherit the producer's CPU.
 */
final class VtPeer implements Peer {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

    private final ExecutorService executor;

    VtPeer(PeerThreads threads) {
        executor = newExecutor(threads);
    }

    static ExecutorService newExecutor(PeerThreads threads) {
        makeCarriers(threads);
        return Executors.newVirtualThreadPerTaskExecutor();
    }

    /** Keeps every carrier busy at once, so that each exists, is where it belongs, and is known. */
    private static void makeCarriers(PeerThreads threads) {
        int expected = Integer.getInteger("jdk.virtualThreadScheduler.parallelism",
                Runtime.getRuntime().availableProcessors());
        AtomicInteger running = new AtomicInteger();
        AtomicBoolean together = new AtomicBoolean(true);
        long deadline = System.nanoTime() + PATIENCE;
        Thread[] all = new Thread[expected];
        for (int i = 0; i < expected; i++) {
            all[i] = Thread.startVirtualThread(() -> {
                threads.settle();
                running.incrementAndGet();
                while (running.get() < expected && System.nanoTime() < deadline) {
                    Thread.onSpinWait();
                }
                if (running.get() < expected) {
                    together.set(false);
                }
            });
        }
        for (Thread thread : all) {
            PeerThreads.join(thread);
        }
        if (!together.get()) {
            throw new BenchException("the default virtual-thread scheduler has fewer than " + expected + " carriers");
        }
    }

    @Override
    public void submit(Item item) {
        executor.execute(item);
    }

    @Override
    public void close() {
        executor.close();
    }
}
