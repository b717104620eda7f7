// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.List;

/** A CPU of its own with a workqueue on it, and nobody who serves it: the test plays the owner. */
final class HandDriven {
    private static final WorkRuntime RUNTIME = WorkRuntime.builder()
            .name("stress")
            .carrierScheduler(WorkRuntime.Mode.OFF)
            .pinning(WorkRuntime.Mode.OFF)
            .cpus(Priming.machine().usable().nextSetBit(0))
            .engines(Nobody::new)
            .build();

    final Cpu cpu = new Cpu(RUNTIME, 0, 0, 2);
    final Workqueue queue = newQueue();
    private final Run run = new Run(cpu) {
        @Override
        Thread thread() {
            return null;
        }
    };

    /** One more workqueue on this CPU. */
    Workqueue newQueue() {
        return new Workqueue(RUNTIME, RUNTIME.workqueue("stress").settings(), new Cpu[] {cpu});
    }

    /** What that workqueue has on this CPU. */
    static Share share(Workqueue workqueue) {
        return workqueue.allShares().getFirst();
    }

    // ---- owner ----

    /** Starts the next item; false where there is none that could start. */
    boolean start() {
        return cpu.fetch(run);
    }

    /** Runs the handler of the item that has been started, and ends it. */
    void run() {
        run.perform(run.work, run.share);
        run.work.finish();
        run.share.finished(run.turn);
    }

    /** Starts, runs and ends the next item; false where there is none that could start. */
    boolean turn() {
        boolean started = start();
        if (started) {
            run();
        }
        return started;
    }

    /** Takes messages and turns until nothing waits that could be done. */
    void serve() {
        while (cpu.hasWaiting()) {
            Runnable message = cpu.nextMessage();
            if (message != null) {
                message.run();
            } else {
                turn();
            }
        }
    }

    /** No threads, so that the test has the CPU to itself. */
    private record Nobody(Cpu cpu) implements Engine {
        @Override
        public void begin() {}

        @Override
        public void end() {}

        @Override
        public void confine(BitSet mask) {}

        @Override
        public BitSet affinity() {
            return new BitSet();
        }

        @Override
        public List<Run> runs() {
            return List.of();
        }

        @Override
        public boolean isPinned() {
            return false;
        }
    }
}
