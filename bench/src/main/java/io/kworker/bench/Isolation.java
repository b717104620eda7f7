// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.List;

/** Does one handler delay the others on its CPU? See {@link SleeperRound} and {@link StuckRound}. */
final class Isolation implements Scenario {
    static final String SLEEP = "isolation-sleep";
    static final String STUCK = "isolation-stuck";

    private static final String NAME = "isolation";
    private static final List<String> METRICS = List.of("idle-p50", "idle-p99", "idle-p99.9", "idle-max",
            "sleeper-p50", "sleeper-p99", "sleeper-p99.9", "sleeper-max",
            "spin-start", "spin-start-max", "file-read-start", "file-read-start-max");
    private static final int ROUNDS = 3;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "start delays behind a handler that sleeps, spins, or blocks in a file read";
    }

    @Override
    public void run(Context context) {
        int rounds = context.amount(ROUNDS, 1);
        List<Lane> lanes = context.lanes(List.of(Contender.KWORKER, Contender.KWORKER_FALLBACK), Lane::crosses);
        Table table = new Table("%s: delay until an item starts; ns, %s".formatted(NAME, Table.medians(rounds)),
                "metric", "kworker", "kworker-fallback");
        try (Tournament tournament = new Tournament(context, lanes)) {
            tournament.warmUp(SLEEP, 2, 200, Lane::isKworkerAcross);
            tournament.rounds(SLEEP, rounds, context.amount(600, 40), Lane::isKworkerAcross);
            tournament.moreRounds(STUCK, rounds, context.amount(4, 1), Lane::isKworkerAcross);
            for (String metric : METRICS) {
                String[] cells = new String[lanes.size() + 1];
                cells[0] = metric;
                for (int i = 0; i < lanes.size(); i++) {
                    double value = tournament.median(lanes.get(i), metric);
                    context.results().add(NAME, lanes.get(i).contender().label(), metric, "ns", value);
                    cells[i + 1] = Table.whole(value);
                }
                table.line(cells);
            }
        }
        table.note("idle: nothing else on the CPU; sleeper: a handler there sleeps 10 ms again and again.");
        table.note("spin, file-read: a handler there does not come back (1 s, or until shortly after the start).");
        context.print(table);
    }
}
