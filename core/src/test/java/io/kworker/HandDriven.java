// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Assertions;

/**
 * An engine that does nothing by itself: the test owns the CPU, and takes, ends and delivers one thing after another.
 */
final class HandDriven implements Engine {
    private final Cpu cpu;

    private HandDriven(Cpu cpu) {
        this.cpu = cpu;
    }

    /** A runtime on one CPU that only {@link #of} drives. */
    static WorkRuntime runtime() {
        return WorkRuntime.builder()
                .name("by hand")
                .carrierScheduler(WorkRuntime.Mode.OFF)
                .cpus(RuntimeExtension.firstCpu())
                .ringCapacity(2)
                .engines(HandDriven::new)
                .build();
    }

    /** A runtime on a machine that is not there. */
    static WorkRuntime runtime(Topology machine) {
        return WorkRuntime.builder()
                .name("by hand")
                .carrierScheduler(WorkRuntime.Mode.OFF)
                .topology(machine)
                .ringCapacity(2)
                .engines(HandDriven::new)
                .build();
    }

    static HandDriven of(WorkRuntime runtime) {
        return of(runtime, 0);
    }

    static HandDriven of(WorkRuntime runtime, int index) {
        return (HandDriven) runtime.engines().get(index);
    }

    /** An item that was started. */
    static final class Started extends Run {
        private Started(Cpu cpu) {
            super(cpu);
        }

        @Override
        Thread thread() {
            return null;
        }

        Work item() {
            Work item = work();
            assert item != null;
            return item;
        }

        /** Runs the handler and ends the item. */
        void runAndEnd() {
            perform(share);
            end();
        }

        /** Ends the item as if the handler had run. */
        void end() {
            finish(null, true);
            share.finished(turn);
        }
    }

    /** Delivers all messages, and takes the next item that may start; null where there is none. */
    Started next() {
        deliver();
        Started started = new Started(cpu);
        return cpu.fetch(started) ? started : null;
    }

    void deliver() {
        for (Runnable message = cpu.nextMessage(); message != null; message = cpu.nextMessage()) {
            message.run();
        }
    }

    /** Starts all that may start; the items in order. */
    List<Work> startAll(List<Started> active) {
        List<Work> items = new ArrayList<>();
        for (Started started = next(); started != null; started = next()) {
            active.add(started);
            items.add(started.item());
        }
        return items;
    }

    /** Runs all that is queued, one after another; the items in the order of their runs. */
    List<Work> runAll() {
        List<Work> items = new ArrayList<>();
        for (Started started = next(); started != null; started = next()) {
            items.add(started.item());
            started.runAndEnd();
        }
        return items;
    }

    /** Drives the CPU until the other thread is done. */
    void runUntilDone(TestThreads.Started thread) {
        Await.until("the thread is done", () -> {
            runAll();
            return thread.isDone();
        });
        thread.join();
    }

    /** Closes the runtime and checks that nothing is left. */
    void close() {
        close(cpu.runtime);
    }

    /** The same of a runtime on several CPUs. */
    static void close(WorkRuntime runtime) {
        TestThreads.Started closing = TestThreads.start(runtime::close);
        Await.until("the runtime is closed", () -> {
            runtime.engines().forEach(engine -> ((HandDriven) engine).runAll());
            return closing.isDone();
        });
        closing.join();
        for (Engine engine : runtime.engines()) {
            ((HandDriven) engine).deliver();
            Cpu cpu = engine.cpu();
            assertTrue(cpu.queue.isEmpty());
            Assertions.assertFalse(cpu.hasWork() || cpu.hasMessages());
            assertTrue(cpu.isStopping());
        }
    }

    @Override
    public Cpu cpu() {
        return cpu;
    }

    @Override
    public void begin() {}

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
    public void end() {
        cpu.post(new Stop(cpu));
    }

    @Override
    public boolean isPinned() {
        return false;
    }
}
