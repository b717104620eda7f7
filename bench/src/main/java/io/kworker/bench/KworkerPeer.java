// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.WorkRuntime;
import io.kworker.Workqueue;
import java.util.concurrent.atomic.AtomicReference;

/** kworker with its default settings; in fallback mode the handlers run on JDK virtual threads. */
final class KworkerPeer implements Peer {
    /** To queue on the producer's own CPU. */
    private static final int OWN = -1;

    private final int cpu;
    private final WorkRuntime runtime;
    private final Workqueue queue;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    private KworkerPeer(Contender kind, Placement placement, int cpu, WorkRuntime runtime) {
        this.cpu = cpu;
        this.runtime = runtime;
        if (kind == Contender.BESIDE_UNBOUND) {
            runtime.workqueue("beside").unbound().build();
        }
        queue = build("bench", kind, placement);
    }

    /** A workqueue of that kind, and the carriers of that placement. */
    static KworkerPeer of(Contender kind, Placement placement, Cpus cpus) {
        WorkRuntime.Builder runtime = WorkRuntime.builder()
                .name("bench")
                .carrierScheduler(kind == Contender.KWORKER_FALLBACK ? WorkRuntime.Mode.OFF : WorkRuntime.Mode.ON)
                .pinning(WorkRuntime.Mode.ON);
        if (placement == Placement.PINNED) {
            runtime.cpus(cpus.consumer());
        }
        boolean isOwn = kind == Contender.HERE || placement == Placement.LOCAL
                || placement == Placement.ALL && kind.isUnbound();
        return new KworkerPeer(kind, placement, isOwn ? OWN : cpus.consumer(), runtime.build());
    }

    WorkRuntime runtime() {
        return runtime;
    }

    Workqueue queue() {
        return queue;
    }

    /** One more workqueue; whatever its handlers throw fails the run. */
    Workqueue.Builder another(String name) {
        return runtime.workqueue(name).exceptionHandler((work, e) -> failure.compareAndSet(null, e));
    }

    private Workqueue build(String name, Contender kind, Placement placement) {
        return kind.flags(another(name), placement).build();
    }

    @Override
    public void submit(Item item) {
        submit(queue, item);
    }

    void submit(Workqueue to, Item item) {
        if (!(cpu == OWN ? to.queue(item) : to.queueOn(cpu, item))) {
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
