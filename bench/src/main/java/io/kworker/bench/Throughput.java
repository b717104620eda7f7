// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.function.Predicate;

/** How many tiny items a second? See {@link ThroughputRound}. */
final class Throughput implements Scenario {
    static final String ONE = "throughput-1p";
    static final String TWO = "throughput-2p";

    private static final int ROUNDS = 7;

    @Override
    public String name() {
        return "throughput";
    }

    @Override
    public String summary() {
        return "tiny handlers on distinct items, one and two producers";
    }

    @Override
    public void run(Context context) {
        try (Tournament tournament =
                new Tournament(context, context.lanes(Contender.executors(), Lane::queuesAcross))) {
            tournament.warmUp(ONE, 10, 40, Lane::queuesAcross);
            measure(context, tournament, ONE, Lane::queuesAcross);
            report(context, tournament, ONE, 1);
            tournament.warmUp(TWO, 2, 50, Lane::queuesAcross);
            measure(context, tournament, TWO, Lane::queuesAcross);
            report(context, tournament, TWO, 2);
        }
    }

    static int rounds(Context context) {
        return context.amount(ROUNDS, 1);
    }

    static void measure(Context context, Tournament tournament, String round, Predicate<Lane> takesPart) {
        tournament.rounds(round, rounds(context), context.amount(50, 15), takesPart);
    }

    /** The best placement of each executor. */
    static void report(Context context, Tournament tournament, String scenario, int producers) {
        int rounds = rounds(context);
        Table table = new Table("%s: items a second, %s; %s".formatted(
                scenario, producers == 1 ? "one producer" : "two producers", Table.medians(rounds)),
                "executor", "ops", "ns/item", "waits", "placement", "else ops");
        for (Contender contender : Contender.values()) {
            tournament.best(contender, "ops", false).ifPresent(lane -> {
                double ops = tournament.median(lane, "ops");
                double waits = tournament.median(lane, "waits");
                context.results().add(scenario, contender.label(), "ops", "items/s", ops);
                context.results().add(scenario, contender.label(), "waits", "1/1000 items", waits);
                table.line(contender.label(), Table.whole(ops), Table.decimal(1e9 / ops), Table.decimal(waits),
                        lane.placement().label(),
                        tournament.others(lane, "ops"));
            });
        }
        int[] cpus = context.cpus().producers(producers);
        if (producers == 2) {
            table.note(cpus[0] == cpus[1] ? "Both producers share CPU " + cpus[0] + ": there are but two CPUs."
                    : "Producers on CPUs " + cpus[0] + " and " + cpus[1] + ".");
        }
        table.note("waits: how often in 1,000 the producer came to an item that had not run yet (window %,d)."
                .formatted(ThroughputRound.WINDOW));
        table.note("Checked: every item ran exactly once each time it was queued.");
        context.print(table);
    }
}
