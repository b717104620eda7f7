// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Work;
import io.kworker.WorkRuntime;
import io.kworker.Workqueue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One reused {@link Work}: queue it, wait until it has run. For {@code -prof gc}: how much does that allocate?
 *
 * <pre>
 *   producer CPU                              consumer CPU
 *   JMH thread --- queueOn(cpu, work) ---&gt; carrier: work.run(): runs = runs + 1
 *        ^____________ spins on runs _______________|
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {"--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"})
public class QueueBenchmark {
    private final PaddedCounter runs = new PaddedCounter();
    private final Work work = new HandoffItem(runs);
    private WorkRuntime runtime;
    private Workqueue queue;
    private int cpu;
    private long queued;

    /** For JMH. */
    public QueueBenchmark() {
    }

    /** Starts a runtime on one CPU, and takes the JMH thread to another. */
    @Setup
    public void start() {
        Cpus cpus = Cpus.ofProcess();
        cpu = cpus.consumer();
        runtime = WorkRuntime.builder().name("jmh").cpus(cpu).carrierScheduler(WorkRuntime.Mode.ON).build();
        queue = runtime.workqueue("jmh").build();
        Libc.pinCurrentThread(cpus.producer());
    }

    /** Queue, run, finish. */
    @Benchmark
    public void queueRunFinish() {
        while (!queue.queueOn(cpu, work)) {
            Thread.onSpinWait();
        }
        queued++;
        while (runs.get() < queued) {
            Thread.onSpinWait();
        }
    }

    /** Ends the runtime, and checks that every run was asked for. */
    @TearDown
    public void stop() {
        queue.close();
        runtime.close();
        if (runs.get() != queued) {
            throw new BenchException("queued " + queued + " times, ran " + runs.get() + " times");
        }
    }
}
