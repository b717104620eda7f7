// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.WorkRuntime;
import io.kworker.Workqueue;
import java.util.concurrent.atomic.AtomicReference;

/** kworker with its default settings; in fallback mode the handlers run on JDK virtual threads. */
final class KworkerPeer implements Peer {
    /** The CPU to queue on, or -1 for the producer's own. */
    private final int cpu;

    private final WorkRuntime runtime;
    private final Workqueue queue;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    private KworkerPeer(int cpu, WorkRuntime runtime) {
        this.cpu = cpu;
        this.runtime = runtime;
        queue = runtime.workqueue("bench").exceptionHandler((work, e) -> failure.compareAndSet(null, e)).build();
    }

    /** One carrier, on a given CPU. */
    static KworkerPeer on(int cpu, WorkRuntime.Mode carrierScheduler) {
        return new KworkerPeer(cpu, WorkRuntime.builder()
                .name("bench")
                .cpus(cpu)
                .carrierScheduler(carrierScheduler)
                .pinning(WorkRuntime.Mode.ON)
                .build());
    }

    /** A carrier on every CPU, and items go to the producer's. */
    static KworkerPeer local() {
        return new KworkerPeer(-1, WorkRuntime.builder().name("bench").pinning(WorkRuntime.Mode.ON).build());
    }

    @Override
    public void submit(Item item) {
        if (!(cpu < 0 ? queue.queue(item) : queue.queueOn(cpu, item))) {
            throw new BenchException("queueing said \"already pending\" of an item that has run");
        }
    }

    @Override
    public void close() {
        queue.close();
        runtime.close();
        if (failure.get() != null) {
            throw new BenchException("a handler failed: " + failure.get(), failure.get());
        }
    }
}
