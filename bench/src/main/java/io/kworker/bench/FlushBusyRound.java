// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How long after the end of the handler that it waits for does a flush return? Measured in a forked JVM.
 *
 * <pre>
 *   producer CPU, then consumer CPU        consumer CPU
 *   +--------------------------+ submit    +-------------------------------------------+
 *   | caller: queue.flush()    | --------&gt; | handler: sleeps until the caller is parked, |
 *   |   parks                  |           |   computes for 50 us,                     |
 *   |   returns, notes the time| &lt;-------- |   notes the time as the last thing it does|
 *   +--------------------------+           +-------------------------------------------+
 * </pre>
 *
 * <p>A sample is the time from the handler's note to the caller's. {@code far}: the caller is on another CPU, which
 * sleeps meanwhile and has to be woken; {@code near}: on the same one. {@code far-latch} and {@code near-latch} are the
 * same with a bare thread and a latch in place of handler and flush: the price of waking a thread here. The check: when
 * the flush returns, the handler has run.
 */
final class FlushBusyRound {
    private static final long NAP = TimeUnit.MICROSECONDS.toNanos(100);
    private static final long COMPUTE = TimeUnit.MICROSECONDS.toNanos(50);

    private final Lane lane;
    private final Cpus cpus;
    private final Map<String, Double> metrics = new LinkedHashMap<>();

    FlushBusyRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long count) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (KworkerPeer peer = KworkerPeer.of(lane.contender(), lane.placement(), cpus)) {
            new Flushed(Thread.currentThread()).take(peer, 0); // whatever threads that needs now exist
            Producers.run(cpus.producers(1), index -> flush("far", peer, count), threads::verify);
            Producers.run(new int[] {cpus.consumer()}, index -> flush("near", peer, count), threads::verify);
        }
        try (Waker waker = new Waker(cpus.consumer())) {
            Producers.run(cpus.producers(1), index -> await("far-latch", waker, count), placed -> {});
            Producers.run(new int[] {cpus.consumer()}, index -> await("near-latch", waker, count), placed -> {});
        }
        return metrics;
    }

    private void flush(String name, KworkerPeer peer, long count) {
        Samples samples = new Samples();
        Flushed item = new Flushed(Thread.currentThread());
        for (int i = 0; i < count; i++) {
            samples.add(item.take(peer, i));
        }
        samples.tell(metrics, name);
    }

    private void await(String name, Waker waker, long count) {
        Samples samples = new Samples();
        for (long i = 0; i < count; i++) {
            samples.add(waker.take());
        }
        samples.tell(metrics, name);
    }

    /** What a handler does that somebody waits for; returns the time at its end. */
    private static long computeOnceParked(Thread caller) {
        do {
            LockSupport.parkNanos(NAP);
        } while (caller.getState() != Thread.State.WAITING);
        Pause.until(System.nanoTime() + COMPUTE);
        return System.nanoTime();
    }

    private static final class Flushed extends Item {
        private final Thread caller;
        private int runs;
        private long endedAt;

        Flushed(Thread caller) {
            this.caller = caller;
        }

        @Override
        public void run() {
            runs++;
            endedAt = computeOnceParked(caller);
        }

        long take(KworkerPeer peer, int before) {
            peer.submit(this);
            peer.queue().flush();
            long now = System.nanoTime();
            if (runs != before + 1) {
                throw new BenchException("flush returned, and of " + (before + 1) + " runs there were " + runs);
            }
            return now - endedAt;
        }
    }

    /** A thread that does the same without kworker. */
    private static final class Waker implements AutoCloseable {
        private final Semaphore turns = new Semaphore(0);
        private final Thread thread;
        private volatile @Nullable Thread caller;
        private volatile CountDownLatch latch = new CountDownLatch(1);
        private long endedAt;

        Waker(int cpu) {
            thread = Thread.ofPlatform().daemon().name("waker").start(() -> {
                Libc.pinCurrentThread(cpu);
                for (turns.acquireUninterruptibly(); caller != null; turns.acquireUninterruptibly()) {
                    endedAt = computeOnceParked(caller);
                    latch.countDown();
                }
            });
        }

        long take() {
            CountDownLatch mine = new CountDownLatch(1);
            latch = mine;
            caller = Thread.currentThread();
            turns.release();
            try {
                mine.await();
            } catch (InterruptedException e) {
                throw new BenchException("interrupted", e);
            }
            return System.nanoTime() - endedAt;
        }

        @Override
        public void close() {
            caller = null;
            turns.release();
            PeerThreads.join(thread);
        }
    }
}
