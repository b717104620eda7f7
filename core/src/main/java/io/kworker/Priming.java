// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.BitSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What has to happen once in the process before the first thread is pinned: a pinned thread sees one available
 * processor and hands its mask on to the threads it starts, so the JDK's singletons that latch the one or start the
 * other are initialised here, from a thread that may run anywhere.
 */
final class Priming {
    /** Set once, under the class's lock. */
    private static @Nullable Machine machine;

    private Priming() {}

    /**
     * Where the process may run.
     *
     * @param allowed the CPUs of its affinity mask; never empty
     * @param usable the first of them, as many as there are processors available to it, which may be fewer by a quota
     */
    record Machine(BitSet allowed, BitSet usable) {}

    /** Primes the JDK if that has not been done. The result is not to be written. */
    static synchronized Machine machine() {
        Machine result = machine;
        if (result == null) {
            BitSet allowed = Os.processAffinity();
            BitSet usable = new BitSet();
            Thread thread = new Thread(null, () -> usable.or(prime(allowed)), "kworker/prime", 0, false);
            thread.setDaemon(true);
            thread.start();
            Threads.join(thread);
            machine = result = new Machine(allowed.isEmpty() ? usable : allowed, usable);
        }
        return result;
    }

    private static BitSet prime(BitSet process) {
        if (!process.isEmpty()) {
            Os.setAffinity(process);
        }
        int processors = Runtime.getRuntime().availableProcessors();
        ForkJoinPool.commonPool().submit(() -> {}).join();
        ForkJoinPool.commonPool().schedule(() -> {}, 1, TimeUnit.NANOSECONDS); // its timer thread
        new LongAdder().increment();
        new ConcurrentHashMap<>().put("", "");
        new Phaser();
        Threads.join(Thread.ofVirtual().start(Priming::primeVirtual));
        BitSet usable = (BitSet) process.clone();
        if (usable.isEmpty()) {
            usable.set(0, processors);
        }
        while (usable.cardinality() > processors) {
            usable.clear(usable.length() - 1);
        }
        return usable;
    }

    /**
     * The default scheduler, its timer, and the socket pollers, which would else run on the scheduler of their first
     * user.
     */
    private static void primeVirtual() {
        LockSupport.parkNanos(1);
        try {
            Pipe pipe = Pipe.open();
            try (var source = pipe.source();
                    var sink = pipe.sink()) {
                Thread.ofVirtual().start(() -> write(sink));
                source.read(ByteBuffer.allocate(1));
            }
        } catch (IOException e) {
            // no pipe to be had: the pollers are left as they are
        }
    }

    private static void write(Pipe.SinkChannel sink) {
        try {
            LockSupport.parkNanos(1_000_000); // so that the reader has to wait, and the poller to start
            sink.write(ByteBuffer.allocate(1));
        } catch (IOException e) {
            // the reader sees its end closed
        }
    }
}
