// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.List;

/** What {@link Features} is to show. Figures, not checks: a miss does not fail the run. */
final class FeatureTargets {
    private static final double MICROSECOND = 1e3;

    private final Results results;
    private final Verdicts verdicts = new Verdicts("targets of features");

    FeatureTargets(Results results) {
        this.results = results;
    }

    Table table() {
        handoff(Features.SPIN);
        handoff(Features.PARK);
        before();
        for (Contender kind : List.of(Contender.KWORKER, Contender.UNBOUND)) {
            verdicts.atMost("flush, idle, all asleep p50, " + kind.label(),
                    value(Features.FLUSH_IDLE, kind, "asleep-p50"), 2000, "ns");
            verdicts.atMost("flush, idle, awake p50, " + kind.label(),
                    value(Features.FLUSH_IDLE, kind, "awake-p50"), 2000, "ns");
        }
        for (Contender kind : List.of(Contender.KWORKER, Contender.UNBOUND)) {
            verdicts.atMost("flush, busy, caller near p50, " + kind.label(),
                    value(Features.FLUSH_BUSY, kind, "near-p50") / MICROSECOND, 10, "us");
            verdicts.atMost("flush, busy, caller far p50, " + kind.label(),
                    (value(Features.FLUSH_BUSY, kind, "far-p50") - value(Features.FLUSH_BUSY, kind, "far-latch-p50"))
                            / MICROSECOND,
                    10, "us over a latch"); // to wake a CPU that sleeps costs 20 us and more here, whoever does it
        }
        for (Contender kind : List.of(Contender.HIGHPRI, Contender.BH)) {
            verdicts.atMost("overtaking 100,000 p50, " + kind.label(),
                    value(Features.OVERTAKE, kind, "delay-p50") / OvertakeRound.HANDLER, 2, "handler times");
            verdicts.atMost("overtaking 100,000 max, " + kind.label(),
                    value(Features.OVERTAKE, kind, "started-max"), 2, "handlers");
        }
        dumps();
        return verdicts.table();
    }

    /** The best placement of each counts; beside it the same placement of both. */
    private void handoff(String scenario) {
        verdicts.atMost(scenario + " p50, unbound, best placement",
                value(scenario, Contender.UNBOUND, "p50") / value(scenario, Contender.KWORKER, "p50"),
                1.5, "x bound");
        for (Placement placement : List.of(Placement.PINNED, Placement.LOCAL, Placement.ALL)) {
            String metric = Features.byPlacement("p50", placement);
            verdicts.atMost("  of these " + placement.label(),
                    value(scenario, Contender.UNBOUND, metric) / value(scenario, Contender.KWORKER, metric),
                    1.5, "x bound");
        }
    }

    /** Beside another checkout, if one is given. */
    private void before() {
        for (Before.Figure figure : Before.Figure.values()) {
            verdicts.atMost(figure.label,
                    value(Before.NAME, Contender.KWORKER, figure.name())
                            / value(Before.NAME, Contender.KWORKER_BEFORE, figure.name()),
                    1.05, "x before");
        }
    }

    /**
     * No carrier is stopped for a dump: beside dumps without end it would be stopped nearly all the time, and who comes
     * at any moment would find half a dump, in the middle. Short dumps come often enough for each stop to count among
     * the hand-offs too: 1 dump. Not asked is what the garbage collector decides ({@code any-p99.9}, beside texts too).
     */
    private void dumps() {
        dump("p99.9", "", 0.5);
        dump("any-p50", "", 0.25);
        dump("any-p50", "many-", 0.25);
    }

    private void dump(String metric, String prefix, double bound) {
        double longer = dump(prefix + "dump-" + metric) - dump(prefix + "calm-" + metric);
        verdicts.atMost("hand-off " + metric + " during " + prefix + "dump", longer / dump(prefix + "dump-time"), bound,
                "dumps over calm");
    }

    private double dump(String metric) {
        return value(Features.DUMP, Contender.KWORKER, metric);
    }

    private double value(String scenario, Contender contender, String metric) {
        return results.find(scenario, contender.label(), metric).orElse(Double.NaN);
    }
}
