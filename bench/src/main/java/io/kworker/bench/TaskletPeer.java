// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.WorkRuntime;

/** A tasklet for each {@link HandoffItem}, on a runtime of the consumer's CPU alone: that stands for the caller's. */
final class TaskletPeer implements Peer {
    private final WorkRuntime runtime;

    TaskletPeer(Cpus cpus) {
        runtime = WorkRuntime.builder()
                .name("bench")
                .carrierScheduler(WorkRuntime.Mode.ON)
                .pinning(WorkRuntime.Mode.ON)
                .cpus(cpus.consumer())
                .build();
    }

    @Override
    public void submit(Item item) {
        if (!((HandoffItem) item).tasklet(runtime).schedule()) {
            throw new BenchException("scheduling said \"already scheduled\" of a tasklet that has run");
        }
    }

    @Override
    public void close() {
        runtime.close();
    }
}
