// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** How long does it take to get one item run on another CPU? See {@link HandoffRound}. */
final class Handoff implements Scenario {
    static final String SPIN = "handoff-spin";
    static final String PARK = "handoff-park";
    static final List<String> PERCENTILES = List.of("p50", "p90", "p99", "p99.9", "p99.99", "max");

    private static final int SPIN_ROUNDS = 7;
    private static final int PARK_ROUNDS = 5;

    @Override
    public String name() {
        return "handoff";
    }

    @Override
    public String summary() {
        return "round trip of one item between two CPUs, consumer spinning and parked";
    }

    @Override
    public void run(Context context) {
        int spinRounds = context.amount(SPIN_ROUNDS, 1);
        int parkRounds = context.amount(PARK_ROUNDS, 1);
        try (Tournament tournament = new Tournament(context, Lane.of(all -> true))) {
            tournament.warmUp(SPIN, 6, 60, Lane::crosses);
            tournament.rounds(SPIN, spinRounds, context.amount(60, 20), Lane::crosses);
            report(context, tournament, SPIN, spinRounds, "consumer spinning", all -> true);
            tournament.warmUp(PARK, 1, 100, Lane::parks);
            tournament.rounds(PARK, parkRounds, context.amount(160, 20), Lane::parks);
            report(context, tournament, PARK, parkRounds, "consumer parked, 1 ms between items", Contender::parks);
        }
    }

    private static void report(Context context, Tournament tournament, String scenario, int rounds,
            String what, Predicate<Contender> takesPart) {
        Table table = new Table("%s: round trip of one item, %s; ns, %s".formatted(
                scenario, what, Table.medians(rounds)),
                "executor", "p50", "p90", "p99", "p99.9", "p99.99", "max", "samples", "placement", "else p50");
        for (Contender contender : Contender.values()) {
            Optional<Lane> best = tournament.best(contender, "p50", true);
            if (best.isPresent()) {
                List<String> cells = new ArrayList<>(List.of(contender.label()));
                for (String percentile : PERCENTILES) {
                    double value = tournament.median(best.get(), percentile);
                    context.results().add(scenario, contender.label(), percentile, "ns", value);
                    cells.add(Table.whole(value));
                }
                cells.add(Table.whole(tournament.median(best.get(), "samples")));
                cells.add(best.get().placement().label());
                cells.add(tournament.other(best.get()).map(lane -> Table.whole(tournament.median(lane, "p50")))
                        .orElse("-"));
                table.line(cells.toArray(String[]::new));
            }
        }
        table.note(
                "Producer pinned to CPU %d, pinned consumers to CPU %d, local ones to the producer's; the best counts."
                        .formatted(context.cpus().producer(), context.cpus().consumer()));
        for (Contender contender : Contender.values()) {
            if (!takesPart.test(contender)) {
                table.note(contender.label() + " is left out: its consumer never parks.");
            }
        }
        context.print(table);
    }
}
