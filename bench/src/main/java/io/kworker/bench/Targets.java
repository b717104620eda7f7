// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.OptionalDouble;
import java.util.stream.Stream;

/** What kworker set out to reach, held against what was measured. Figures, not checks: a miss does not fail the run. */
final class Targets {
    private static final String ISOLATION = "isolation";
    private static final double MILLISECOND = 1e6;

    private final Results results;
    private final Verdicts verdicts = new Verdicts("targets");

    Targets(Results results) {
        this.results = results;
    }

    Table table() {
        verdicts.atMost(Handoff.SPIN + " p50", kworker(Handoff.SPIN, "p50") / best(Handoff.SPIN, "p50", "volatile"),
                1.25, "x volatile");
        verdicts.atMost(Handoff.SPIN + " p50", kworker(Handoff.SPIN, "p50") / best(Handoff.SPIN, "p50", "disruptor"),
                1, "x disruptor");
        verdicts.atMost(Handoff.SPIN + " p99.9", kworker(Handoff.SPIN, "p99.9") / best(Handoff.SPIN, "p99.9", "ring"),
                2, "x ring");
        verdicts.atMost(Handoff.PARK + " p50", kworker(Handoff.PARK, "p50") / best(Handoff.PARK, "p50", "tpe"), 1.1,
                "x tpe");
        verdicts.atLeast(Throughput.ONE,
                kworker(Throughput.ONE, "ops") / best(Throughput.ONE, "ops", "tpe", "fjp", "vt"),
                3, "x the best of tpe, fjp, vt");
        verdicts.atLeast(Throughput.ONE, kworker(Throughput.ONE, "ops") / best(Throughput.ONE, "ops", "ring"), 0.5,
                "x ring");
        verdicts.atMost("sleeper-p99", kworker(ISOLATION, "sleeper-p99") / kworker(ISOLATION, "idle-p99"), 1.5,
                "x idle-p99");
        verdicts.atMost("spin-start", kworker(ISOLATION, "spin-start") / MILLISECOND, 25, "ms");
        verdicts.atMost("file-read-start", kworker(ISOLATION, "file-read-start") / MILLISECOND, 25, "ms");
        verdicts.atMost(Alloc.NAME, kworker(Alloc.NAME, "bytes-per-op"), 0.5, "B/op (rounds to 0)");
        return verdicts.table();
    }

    private double kworker(String scenario, String metric) {
        return best(scenario, metric, Contender.KWORKER.label());
    }

    /** The greatest of the executors' values; there is one, but for rates. */
    private double best(String scenario, String metric, String... executors) {
        return Stream.of(executors).map(executor -> results.find(scenario, executor, metric))
                .flatMapToDouble(OptionalDouble::stream).max().orElse(Double.NaN);
    }
}
