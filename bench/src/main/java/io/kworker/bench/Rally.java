// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Workqueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Two items on one CPU that queue each other without end. Each start is a sample: the nanoseconds since the last. */
final class Rally {
    private static final long POLL = TimeUnit.MICROSECONDS.toNanos(100);

    private final Workqueue queue;
    private final int cpu;
    private final Item ping = new Player();
    private final Item pong = new Player();

    private volatile Samples wanted = new Samples();
    private volatile @Nullable Samples current;
    private volatile boolean isStopped;
    private long last;
    private long queued;
    private long runs;

    Rally(Workqueue queue, int cpu) {
        this.queue = queue;
        this.cpu = cpu;
    }

    void start() {
        queue(ping);
    }

    /** The samples taken while {@code meanwhile} runs. */
    Samples sample(Runnable meanwhile) {
        Samples samples = new Samples();
        replace(samples);
        meanwhile.run();
        replace(new Samples());
        return samples;
    }

    private void replace(Samples samples) {
        wanted = samples;
        while (current != samples) {
            LockSupport.parkNanos(POLL);
        }
    }

    /** Ends it, and checks that each run was asked for. */
    void stop() {
        isStopped = true;
        queue.flush();
        queue.flush(); // the first one may have come before the last queueing
        if (runs != queued || runs == 0) {
            throw new BenchException("queued " + queued + " times, ran " + runs + " times");
        }
    }

    private void queue(Item item) {
        queued++;
        if (!queue.queueOn(cpu, item)) {
            throw new BenchException("queueing said \"already pending\" of an item that has run");
        }
    }

    private final class Player extends Item {
        @Override
        public void run() {
            runs++;
            record();
            if (!isStopped) {
                queue(this == ping ? pong : ping);
            }
        }

        private void record() {
            long now = System.nanoTime();
            long nanos = now - last;
            Samples samples = wanted;
            if (current != samples) {
                current = samples; // the first one began under the samples before
            } else {
                samples.add(nanos);
            }
            last = now;
        }
    }
}
