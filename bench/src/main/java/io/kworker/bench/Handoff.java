// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How long does it take to get one item run on another CPU? See {@link HandoffRound}. */
final class Handoff implements Scenario {
    static final String SPIN = "handoff-spin";
    static final String PARK = "handoff-park";
    static final String PARK_WARM_UP = "handoff-park-warm-up";
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
        try (Tournament tournament = new Tournament(context, context.lanes(Contender.executors(), all -> true))) {
            spin(context, tournament, SPIN);
            warmUpParking(tournament, 5_000, 1); // fewer than elsewhere: a whole run is to end in 90 s
            park(context, tournament, PARK);
        }
    }

    static void spin(Context context, Tournament tournament, String scenario) {
        int rounds = measureSpinning(context, tournament);
        report(context, tournament, scenario, rounds, "consumer spinning");
    }

    /** Returns the number of rounds. */
    static int measureSpinning(Context context, Tournament tournament) {
        int rounds = context.amount(SPIN_ROUNDS, 1);
        warmUpSpinning(tournament);
        tournament.rounds(SPIN, rounds, context.amount(60, 20), Lane::crosses);
        return rounds;
    }

    static void warmUpSpinning(Tournament tournament) {
        tournament.warmUp(SPIN, 6, 60, Lane::crosses);
    }

    /** Until the code of a hand-off to who sleeps is compiled, which takes thousands. */
    static void warmUpParking(Tournament tournament) {
        warmUpParking(tournament, 12_000, 2);
    }

    private static void warmUpParking(Tournament tournament, long items, int again) {
        tournament.warmUp(PARK_WARM_UP, 1, items, Lane::parks);
        tournament.warmUp(PARK_WARM_UP, again, items / 6, Lane::parks); // the end of a runtime deoptimizes
    }

    /** Of lanes that have been warmed up. */
    static void park(Context context, Tournament tournament, String scenario) {
        int rounds = context.amount(PARK_ROUNDS, 1);
        tournament.rounds(PARK, rounds, context.amount(160, 20), Lane::parks);
        report(context, tournament, scenario, rounds, "consumer parked, 1 ms between items");
    }

    private static void report(Context context, Tournament tournament, String scenario, int rounds, String what) {
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
                cells.add(tournament.others(best.get(), "p50"));
                table.line(cells.toArray(String[]::new));
            }
        }
        table.note(
                "Producer pinned to CPU %d, pinned consumers to CPU %d, local ones to the producer's; the best counts."
                        .formatted(context.cpus().producer(), context.cpus().consumer()));
        for (Contender contender : tournament.absent()) {
            table.note(contender.label() + " is left out: its consumer never parks.");
        }
        context.print(table);
    }
}
