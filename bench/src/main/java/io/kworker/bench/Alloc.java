// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.List;

/** Does queueing a reused item allocate? See {@link QueueBenchmark}. */
final class Alloc implements Scenario {
    static final String NAME = "alloc";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "bytes allocated by queue + run + finish of a reused item (JMH -prof gc)";
    }

    @Override
    public void run(Context context) {
        Lane lane = new Lane(Contender.KWORKER, Placement.PINNED);
        Table table = new Table(NAME + ": queue + run + finish of one reused item (JMH -prof gc)",
                "executor", "B/op", "ns/op");
        try (Tournament tournament = new Tournament(context, List.of(lane))) {
            tournament.rounds(NAME, 1, context.amount(1600, 100), Lane::isKworkerAcross);
            double bytes = tournament.median(lane, "bytes-per-op");
            context.results().add(NAME, lane.contender().label(), "bytes-per-op", "B/op", bytes);
            table.line(lane.contender().label(), Table.decimal(bytes),
                    Table.decimal(tournament.median(lane, "ns-per-op")));
        }
        context.print(table);
    }
}
