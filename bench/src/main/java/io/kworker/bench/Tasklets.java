// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How long from the scheduling of a tasklet until it has run on another CPU? See {@link HandoffRound}. In several JVMs
 * each: those of the same contender differ by more than the contenders do, and a shared machine by more than that from
 * one minute to the next. So what is compared is measured in the same rounds, and the ratios are what counts.
 */
final class Tasklets implements Scenario {
    static final String NAME = "tasklet";
    private static final String SPIN = NAME + "-handoff";

    private static final int JVMS = 15;
    private static final List<String> PERCENTILES = List.of("p50", "p90", "p99");

    /** In each JVM. */
    private int rounds;

    /** The medians of each JVM. */
    private final Map<Contender, Map<String, List<Double>>> medians = new EnumMap<>(Contender.class);

    /** What a tasklet has to what an item has, in each set of JVMs. */
    private final Map<Contender, List<Double>> ratios = new EnumMap<>(Contender.class);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "hand-off of a tasklet beside that of a work item, consumer spinning";
    }

    @Override
    public void run(Context context) {
        medians.clear();
        ratios.clear();
        int jvms = context.amount(JVMS, 1);
        for (int i = 1; i <= jvms; i++) {
            measure(context);
        }
        report(context, jvms);
        if (!context.smoke()) {
            Verdicts verdicts = new Verdicts("targets of " + NAME);
            for (Contender item : new Contender[] {Contender.HERE, Contender.KWORKER}) {
                verdicts.atMost(SPIN + " p50", Median.of(ratios.get(item)), 1, "x " + item.label());
            }
            context.print(verdicts.table());
        }
    }

    private void measure(Context context) {
        try (Tournament tournament = new Tournament(context,
                context.lanes(Contender.tasklets(), lane -> lane.placement() == Placement.PINNED))) {
            rounds = Handoff.measureSpinning(context, tournament);
            Lane tasklet = tournament.best(Contender.TASKLET, "p50", true).orElseThrow();
            for (Lane lane : tournament.lanes()) {
                for (String percentile : PERCENTILES) {
                    medians.computeIfAbsent(lane.contender(), key -> new HashMap<>())
                            .computeIfAbsent(percentile, key -> new ArrayList<>())
                            .add(tournament.median(lane, percentile));
                }
                if (!lane.equals(tasklet)) {
                    ratios.computeIfAbsent(lane.contender(), key -> new ArrayList<>())
                            .add(tournament.ratio(tasklet, lane, "p50"));
                }
            }
        }
    }

    private void report(Context context, int jvms) {
        Table table = new Table(
                "%s: round trip of one item, consumer spinning; ns, medians of %d JVMs".formatted(SPIN, jvms),
                "executor", "p50", "min", "max", "p90", "p99");
        medians.forEach((contender, ofPercentile) -> {
            List<Double> p50s = ofPercentile.get("p50");
            List<String> cells = new ArrayList<>(List.of(contender.label(), Table.whole(Median.of(p50s)),
                    Table.whole(Collections.min(p50s)), Table.whole(Collections.max(p50s))));
            for (String percentile : PERCENTILES) {
                double value = Median.of(ofPercentile.get(percentile));
                context.results().add(SPIN, contender.label(), percentile, "ns", value);
                if (!percentile.equals("p50")) {
                    cells.add(Table.whole(value));
                }
            }
            table.line(cells.toArray(String[]::new));
        });
        table.note("In each JVM the median of %d rounds; min and max are those of the JVMs.".formatted(
                rounds));
        ratios.forEach((item, of) -> table.note(String.format(Locale.ROOT,
                "%s has %.3f x the p50 of %s, rounds beside each other; %.2f to %.2f, standard error %.3f.",
                Contender.TASKLET.label(), Median.of(of), item.label(), Collections.min(of), Collections.max(of),
                standardError(of))));
        table.note("Producer pinned to CPU %d, consumers to CPU %d.".formatted(
                context.cpus().producer(), context.cpus().consumer()));
        context.print(table);
    }

    /** Of the mean of these; that of their median is some 25 % more. */
    private static double standardError(List<Double> values) {
        double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        double squares = values.stream().mapToDouble(value -> (value - mean) * (value - mean)).sum();
        return Math.sqrt(squares / Math.max(1, values.size() - 1) / values.size());
    }
}
