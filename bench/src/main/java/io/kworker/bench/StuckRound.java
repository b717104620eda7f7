// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How soon the next item starts on a CPU whose handler does not come back, measured in a forked JVM.
 *
 * <pre>
 *   producer CPU                       consumer CPU
 *   +----------+  1. a stuck handler   +---------------------------------------------+
 *   | producer | --------------------&gt; | spins, or sits in FileInputStream.read of   |
 *   |          |  2. it has started    |   an empty FIFO: its thread cannot leave    |
 *   |          |  3. probe             |                                             |
 *   |          | --------------------&gt; | probe: starts when another thread takes the |
 *   +----------+                       |   CPU over                                  |
 *                                      +---------------------------------------------+
 * </pre>
 *
 * <p>The handler is stuck for a second, or until a while after the probe has started: a runtime that cannot help shows
 * a second. {@code spin-start} and {@code file-read-start} are medians, {@code -max} the worst.
 */
final class StuckRound {
    private static final long STUCK = TimeUnit.SECONDS.toNanos(1);
    private static final long STUCK_ON = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long SETTLE = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long POLL = TimeUnit.MICROSECONDS.toNanos(50);

    private final Lane lane;
    private final Cpus cpus;
    private final ProbeItem probe = new ProbeItem();

    StuckRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long times) {
        List<Double> spin = new ArrayList<>();
        List<Double> fileRead = new ArrayList<>();
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (Fifo fifo = new Fifo(); Peer peer = lane.contender().open(lane.placement(), cpus, threads)) {
            probe.startDelay(peer);
            Producers.run(cpus.producers(1), index -> {
                for (long i = 0; i < times; i++) {
                    spin.add(startBehind(peer, new Spinning()));
                    fileRead.add(startBehind(peer, new ReadingFile(fifo)));
                }
            }, threads::verify);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Map.of("spin-start", Median.of(spin), "spin-start-max", Collections.max(spin),
                "file-read-start", Median.of(fileRead), "file-read-start-max", Collections.max(fileRead));
    }

    private double startBehind(Peer peer, Stuck stuck) {
        peer.submit(stuck);
        while (!stuck.entered) {
            Thread.onSpinWait();
        }
        int expected = probe.runs() + 1;
        long start = System.nanoTime();
        peer.submit(probe);
        boolean released = false;
        while (probe.runs() < expected) {
            LockSupport.parkNanos(POLL); // the rescuers need a CPU too
            if (!released && System.nanoTime() - start > STUCK) {
                stuck.release();
                released = true;
            }
        }
        if (!released) {
            LockSupport.parkNanos(STUCK_ON);
            stuck.release();
        }
        while (!stuck.ended) {
            LockSupport.parkNanos(POLL);
        }
        LockSupport.parkNanos(SETTLE);
        return probe.startedAt() - start;
    }

    /** A handler that does not give its thread back. */
    private abstract static class Stuck extends Item {
        volatile boolean entered;
        volatile boolean ended;

        @Override
        public final void run() {
            entered = true;
            block();
            ended = true;
        }

        abstract void block();

        abstract void release();
    }

    private static final class Spinning extends Stuck {
        private volatile boolean released;

        @Override
        void block() {
            while (!released) {
                Thread.onSpinWait();
            }
        }

        @Override
        void release() {
            released = true;
        }
    }

    private static final class ReadingFile extends Stuck {
        private final Fifo fifo;

        ReadingFile(Fifo fifo) {
            this.fifo = fifo;
        }

        @Override
        void block() {
            fifo.read();
        }

        @Override
        void release() {
            fifo.write();
        }
    }

    /** A file that has nothing to read until something is written. */
    private static final class Fifo implements AutoCloseable {
        private final Path folder = Files.createTempDirectory("kworker-bench");
        private final Path path = folder.resolve("fifo");
        private final RandomAccessFile writer;

        Fifo() throws IOException {
            Libc.makeFifo(path);
            writer = new RandomAccessFile(path.toFile(), "rw"); // for both ways: neither open nor the reader's blocks
        }

        void read() {
            try (FileInputStream in = new FileInputStream(path.toFile())) {
                if (in.read() != 1) {
                    throw new BenchException("the FIFO gave something else than what was written");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void write() {
            try {
                writer.write(1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            writer.close();
            Files.delete(path);
            Files.delete(folder);
        }
    }
}
