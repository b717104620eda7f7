// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;

/**
 * The threads of an executor under test: puts each where the lane wants it, and proves afterwards that no thread
 * inherited the producer's CPU.
 */
final class PeerThreads implements ThreadFactory {
    private final Lane lane;
    private final Cpus cpus;
    private final Set<Integer> settled = ConcurrentHashMap.newKeySet();

    PeerThreads(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    @Override
    public Thread newThread(Runnable body) {
        return Thread.ofPlatform().daemon().name("peer").unstarted(() -> {
            settle();
            body.run();
        });
    }

    /** Called by each thread of the executor when it starts. */
    void settle() {
        if (lane.placement() == Placement.PINNED) {
            Libc.pinCurrentThread(cpus.consumer());
        } else if (lane.placement() == Placement.LOCAL) {
            Libc.pinCurrentThread(cpus.producer());
        }
        settled.add(Libc.threadId());
    }

    /** A thread of the executor that has inherited its CPU from a thread that was settled. */
    void adopt(int threadId) {
        settled.add(threadId);
    }

    /**
     * Checks every thread of this JVM.
     *
     * @param producers the CPU of each producer thread, by thread number
     */
    void verify(Map<Integer, Integer> producers) {
        String consumer = Integer.toString(cpus.consumer());
        String producer = Integer.toString(cpus.producer());
        String carrier = lane.crosses() ? consumer : producer;
        String peer = switch (lane.placement()) {
            case PINNED -> consumer;
            case UNPINNED, ALL -> cpus.mask();
            case LOCAL -> producer;
        };
        boolean carrierSeen = false;
        for (ThreadMasks.Entry thread : ThreadMasks.all()) {
            if (producers.containsKey(thread.threadId())) {
                expect(thread, "a producer", Integer.toString(producers.get(thread.threadId())));
            } else if (settled.contains(thread.threadId())) {
                expect(thread, "a thread of the executor", peer);
            } else if (isOwnOfKworker(thread) && isCarrier(thread.mask())) {
                carrierSeen |= thread.mask().equals(carrier);
            } else {
                expect(thread, "a thread of the JVM", cpus.mask());
            }
        }
        if (lane.contender().isKworker() && !carrierSeen) {
            throw new BenchException("no carrier is pinned to CPU " + carrier);
        }
    }

    private boolean isCarrier(String mask) {
        return lane.placement() == Placement.PINNED ? mask.equals(Integer.toString(cpus.consumer()))
                : cpus.allowed().stream().anyMatch(cpu -> mask.equals(Integer.toString(cpu)));
    }

    private boolean isOwnOfKworker(ThreadMasks.Entry thread) {
        return lane.contender().isKworker() && !thread.name().startsWith("ForkJoinPool");
    }

    private void expect(ThreadMasks.Entry thread, String role, String mask) {
        if (!thread.mask().equals(mask)) {
            throw new BenchException("thread \"%s\" (%d), %s, may run on CPU %s, and should on %s".formatted(
                    thread.name(), thread.threadId(), role, thread.mask(), mask));
        }
    }

    static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
    }
}
