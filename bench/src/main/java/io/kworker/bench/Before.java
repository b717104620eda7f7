// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The hot path of this kworker beside that of another checkout, in several JVMs each: what one JVM makes of the same
 * classes differs from what the next one does by more than what is looked for here. Rounds alternate; what counts is
 * the median of the JVMs' medians.
 */
final class Before implements Scenario {
    static final String NAME = "before";

    private static final int JVMS = 5;
    private static final int ROUNDS = 11;
    private static final List<Contender> BOTH = List.of(Contender.KWORKER, Contender.KWORKER_BEFORE);

    /** What is compared: where lower is better. */
    enum Figure {
        SPIN("hand-off, spinning, p50", Handoff.SPIN, "p50", Placement.PINNED),
        PARK("hand-off, parked, p50", Handoff.PARK, "p50", Placement.PINNED),
        PARK_LOCAL("hand-off, parked, p50, local", Handoff.PARK, "p50", Placement.LOCAL),
        ITEM("throughput, an item", Throughput.ONE, "ops", Placement.PINNED);

        final String label;
        private final String round;
        private final String metric;
        private final Placement placement;

        Figure(String label, String round, String metric, Placement placement) {
            this.label = label;
            this.round = round;
            this.metric = metric;
            this.placement = placement;
        }

        double of(Tournament tournament, Contender contender) {
            double median = tournament.median(new Lane(contender, placement), metric);
            return this == ITEM ? 1e9 / median : median;
        }
    }

    private final Map<Figure, Map<Contender, List<Double>>> medians = new EnumMap<>(Figure.class);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "the hot path beside that of another checkout, five JVMs each";
    }

    @Override
    public void run(Context context) {
        if (context.before() != null) {
            medians.clear();
            for (int i = 1; i <= context.amount(JVMS, 1); i++) {
                measure(context);
            }
            report(context);
        } else if (!context.smoke()) {
            throw new BenchException("what it is to be compared with is missing: --before CP");
        }
    }

    private void measure(Context context) {
        try (Tournament tournament = new Tournament(context, Lane.of(BOTH, lane -> true))) {
            Handoff.warmUpSpinning(tournament);
            take(tournament, Handoff.SPIN, 60, Lane::crosses);
            Handoff.warmUpParking(tournament);
            take(tournament, Handoff.PARK, 60, Lane::parks);
        }
        try (Tournament tournament = new Tournament(context, Lane.of(BOTH, Lane::queuesAcross))) {
            tournament.warmUp(Throughput.ONE, 8, 40, Lane::queuesAcross);
            take(tournament, Throughput.ONE, 50, Lane::queuesAcross);
        }
    }

    private void take(Tournament tournament, String round, long amount, Predicate<Lane> takesPart) {
        tournament.rounds(round, ROUNDS, amount, takesPart);
        for (Figure figure : Figure.values()) {
            if (figure.round.equals(round)) {
                for (Contender contender : BOTH) {
                    medians.computeIfAbsent(figure, key -> new EnumMap<>(Contender.class))
                            .computeIfAbsent(contender, key -> new ArrayList<>())
                            .add(figure.of(tournament, contender));
                }
            }
        }
    }

    private void report(Context context) {
        Table table = new Table("%s: this kworker and that of another checkout; ns, medians of %d JVMs".formatted(
                NAME, context.amount(JVMS, 1)), "", "now", "min", "max", "before", "min", "max", "ratio");
        medians.forEach((figure, ofBoth) -> {
            List<String> cells = new ArrayList<>(List.of(figure.label));
            for (Contender contender : BOTH) {
                List<Double> values = ofBoth.get(contender);
                context.results().add(NAME, contender.label(), figure.name(), "ns", Median.of(values));
                cells.add(Table.decimal(Median.of(values)));
                cells.add(Table.decimal(Collections.min(values)));
                cells.add(Table.decimal(Collections.max(values)));
            }
            cells.add(Table.decimal(Median.of(ofBoth.get(Contender.KWORKER))
                    / Median.of(ofBoth.get(Contender.KWORKER_BEFORE))));
            table.line(cells.toArray(String[]::new));
        });
        table.note("In each JVM the median of %d rounds; rounds of both alternate.".formatted(ROUNDS));
        context.print(table);
    }
}
