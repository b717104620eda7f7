// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Tasklet;
import io.kworker.WorkRuntime;

/** A tasklet for each item, on a runtime of the consumer's CPU alone: that stands for the caller's. */
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
        Tasklet tasklet = item.tasklet;
        if (tasklet == null) {
            item.tasklet = tasklet = new ItemTasklet(runtime, item);
        }
        if (!tasklet.schedule()) {
            throw new BenchException("scheduling said \"already scheduled\" of a tasklet that has run");
        }
    }

    @Override
    public void close() {
        runtime.close();
    }

    private static final class ItemTasklet extends Tasklet {
        private final Item item;

        ItemTasklet(WorkRuntime runtime, Item item) {
            super(runtime);
            this.item = item;
        }

        @Override
        protected void run() {
            item.run();
        }
    }
}
