// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.List;
import java.util.function.UnaryOperator;

/** A CPU of its own with a workqueue on it, and nobody who serves it: the test plays the owner. */
final class HandDriven extends Owner {
    private static final WorkRuntime RUNTIME = builder().cpus(Priming.machine().usable().nextSetBit(0)).build();

    final Workqueue queue = newQueue();

    HandDriven() {
        super(new Cpu(RUNTIME, 0, 0, 2));
    }

    /** A runtime without threads, so that the test has the CPUs to itself. */
    static WorkRuntime.Builder builder() {
        return WorkRuntime.builder()
                .name("stress")
                .carrierScheduler(WorkRuntime.Mode.OFF)
                .pinning(WorkRuntime.Mode.OFF)
                .ringCapacity(2)
                .engines(Nobody::new);
    }

    /** An executor of the queue, which knows where its tasks run. */
    View newView() {
        return new View(queue, Bound.none()) {
            @Override
            List<Run> runs() {
                return List.of(context());
            }
        };
    }

    /** One more workqueue on this CPU. */
    Workqueue newQueue() {
        return newQueue(plain -> plain);
    }

    /** The same with flags. */
    Workqueue newQueue(UnaryOperator<Workqueue.Builder> flags) {
        WorkqueueSettings settings = flags.apply(RUNTIME.workqueue("stress")).settings();
        return new Workqueue(RUNTIME, settings, new Cpu[] {cpu});
    }

    /** What that workqueue has on this CPU. */
    static Share share(Workqueue workqueue) {
        return workqueue.allShares().getFirst();
    }

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
