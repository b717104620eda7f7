// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Runs a body on pinned threads that start together. */
final class Producers {
    private Producers() {
    }

    /**
     * Runs {@code body} once per CPU of {@code cpus}, and {@code whileAlive} (given the CPU of each thread number) when
     * all have done it and none has ended yet. To be called from an unpinned thread.
     */
    static void run(int[] cpus, IntConsumer body, Consumer<Map<Integer, Integer>> whileAlive) {
        Map<Integer, Integer> placed = new ConcurrentHashMap<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicInteger ready = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(cpus.length);
        CountDownLatch release = new CountDownLatch(1);
        Thread[] threads = new Thread[cpus.length];
        for (int i = 0; i < cpus.length; i++) {
            int index = i;
            threads[i] = Thread.ofPlatform().daemon().name("producer-" + i).start(() -> {
                try {
                    Libc.pinCurrentThread(cpus[index]);
                    placed.put(Libc.threadId(), cpus[index]);
                    ready.incrementAndGet();
                    while (ready.get() < cpus.length) {
                        Pause.giveWay();
                    }
                    body.accept(index);
                } catch (Throwable t) {
                    failure.compareAndSet(null, t);
                } finally {
                    done.countDown();
                    await(release);
                }
            });
        }
        try {
            await(done);
            if (failure.get() == null) {
                whileAlive.accept(placed);
            }
        } finally {
            release.countDown();
        }
        for (Thread thread : threads) {
            PeerThreads.join(thread);
        }
        if (failure.get() != null) {
            throw new BenchException("a producer failed: " + failure.get(), failure.get());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
    }
}
