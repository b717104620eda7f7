// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.WorkRuntime;
import io.kworker.Workqueue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Reads files by {@link ReadRequest}s on a workqueue. A bounded number of them is in flight: the callback of a
 * completed request fills in the next chunk and queues it again.
 */
final class DeferredReader implements AutoCloseable {
    private static final int MAX_ACTIVE = 4;
    private static final int REQUESTS_PER_CPU = 2 * MAX_ACTIVE;
    private static final long PATIENCE_SECONDS = 30;

    private final WorkRuntime runtime;
    private final Workqueue queue;
    private final List<ReadRequest> requests = new ArrayList<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile ReadPlan plan = new ReadPlan(Map.of());
    private volatile CountDownLatch inFlight = new CountDownLatch(0);

    DeferredReader() {
        runtime = WorkRuntime.builder().name("deferred-io").carrierScheduler(WorkRuntime.Mode.ON).build();
        queue = runtime.workqueue("deferred-io").maxActive(MAX_ACTIVE).exceptionHandler((work, e) -> failed(e)).build();
        for (int i = 0; i < REQUESTS_PER_CPU; i++) {
            for (int cpu : runtime.cpus()) {
                requests.add(new ReadRequest(cpu, this::completed));
            }
        }
    }

    /** Reads every file; returns when all have been read. */
    List<FileRead> read(Map<Path, Long> files) {
        plan = new ReadPlan(files);
        inFlight = new CountDownLatch(requests.size());
        requests.forEach(this::completed);
        try {
            long progress = -1;
            while (!inFlight.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                if (plan.progress() == progress) {
                    throw new BenchException("no request completed for " + PATIENCE_SECONDS + " s");
                }
                progress = plan.progress();
            }
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
        if (failure.get() != null) {
            throw new BenchException("a handler failed: " + failure.get(), failure.get());
        }
        return plan.reads();
    }

    /** The callback. */
    private void completed(ReadRequest request) {
        if (!plan.assign(request)) {
            inFlight.countDown();
        } else if (!queue.queueOn(request.cpu(), request)) {
            failed(new BenchException("a completed request counted as pending"));
        }
    }

    private void failed(Throwable e) {
        failure.compareAndSet(null, e);
        inFlight.countDown(); // that request is out of the game; the others go on
    }

    @Override
    public void close() {
        queue.close();
        runtime.close();
    }
}
