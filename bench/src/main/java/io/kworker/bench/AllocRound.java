// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Collection;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** {@link QueueBenchmark} under JMH with its GC profiler, called in a forked JVM, which forks another. */
final class AllocRound {
    private static final String ALLOCATED = "gc.alloc.rate.norm";
    private static final int ITERATIONS = 4;

    private AllocRound() {
    }

    /** Warms up for {@code millis}, then measures for as long. */
    static Map<String, Double> run(long millis) {
        System.setProperty("jmh.ignoreLock", "true");
        TimeValue time = TimeValue.milliseconds(millis / ITERATIONS);
        try {
            Collection<RunResult> results = new Runner(new OptionsBuilder()
                    .include(QueueBenchmark.class.getSimpleName())
                    .forks(1)
                    .warmupIterations(ITERATIONS)
                    .warmupTime(time)
                    .measurementIterations(ITERATIONS)
                    .measurementTime(time)
                    .addProfiler(GCProfiler.class)
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build()).run();
            RunResult result = results.iterator().next();
            return Map.of("ns-per-op", result.getPrimaryResult().getScore(),
                    "bytes-per-op", result.getSecondaryResults().get(ALLOCATED).getScore());
        } catch (RunnerException e) {
            throw new BenchException("JMH failed: " + e.getMessage(), e);
        }
    }
}
