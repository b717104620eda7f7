// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.List;

/** Handlers that sleep, beside virtual threads that do. See {@link NapRound} and {@link CrowdRound}. */
final class Blocking implements Scenario {
    static final String NAME = "blocking";
    static final String NAPS = NAME + "-200k";
    static final String SLEEPERS = NAME + "-1m";

    private static final List<Lane> LANES = List.of(new Lane(Contender.KWORKER, Placement.LOCAL),
            new Lane(Contender.VT, Placement.UNPINNED));
    private static final int NAP_ROUNDS = 7;
    private static final int SLEEPER_ROUNDS = 3;
    private static final String HEAP = "1g";
    private static final String HEAP_OF_SLEEPERS = "4g";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "200,000 handlers that sleep 10 ms; a million sleepers at once";
    }

    @Override
    public void run(Context context) {
        if (context.smoke()) {
            try (Tournament one = new Tournament(context, LANES)) {
                naps(context, one);
                sleepers(context, one);
            }
            return;
        }
        try (Tournament tournament = new Tournament(context, LANES, HEAP)) {
            naps(context, tournament);
        }
        try (Tournament tournament = new Tournament(context, LANES, HEAP_OF_SLEEPERS)) {
            sleepers(context, tournament);
        }
        context.print(TimeTargets.ofBlocking(context.results()));
    }

    private static void naps(Context context, Tournament tournament) {
        int rounds = context.amount(NAP_ROUNDS, 1);
        int count = context.amount(200_000, 2_000);
        tournament.warmUp(NAPS, 3, count, lane -> true);
        tournament.rounds(NAPS, rounds, count, lane -> true);
        Table table = new Table("%s: %,d handlers that sleep 10 ms each; handlers a second, %s".formatted(
                NAPS, count, Table.medians(rounds)), "executor", "ops", "cpu-us");
        report(context, tournament, table, NAPS, List.of("ops", "cpu-us"),
                List.of("handlers/s", "us/handler"));
        table.note("From the first submission, by one thread, to the end of the last one; each executor has done the");
        table.note("same before. cpu-us: us of CPU a handler. kworker: 16 workqueues, each 2,048 handlers at a time");
        table.note("on each CPU. Checked: each ran once.");
        context.print(table);
    }

    private static void sleepers(Context context, Tournament tournament) {
        int rounds = context.amount(SLEEPER_ROUNDS, 1);
        int count = context.amount(1_000_000, 2_000);
        tournament.warmUp(SLEEPERS, 6, 20_000, lane -> true);
        tournament.rounds(SLEEPERS, rounds, count, lane -> true);
        Table table = new Table("%s: %,d virtual threads asleep at once; %s".formatted(
                SLEEPERS, count, Table.medians(rounds)), "executor", "bytes-per-sleeper", "start-us", "cpu-us");
        report(context, tournament, table, SLEEPERS, List.of("bytes-per-sleeper", "start-us", "cpu-us"),
                List.of("B", "us/sleeper", "us/sleeper"));
        table.note("bytes-per-sleeper: heap in use after a full collection while all sleep, less that before.");
        table.note("kworker: started by handlers, each on the CPU of its handler. Checked: all slept, all woke up.");
        context.print(table);
    }

    private static void report(Context context, Tournament tournament, Table table, String scenario,
            List<String> metrics, List<String> units) {
        for (Lane lane : LANES) {
            List<String> cells = new ArrayList<>(List.of(lane.contender().label()));
            for (int i = 0; i < metrics.size(); i++) {
                double value = tournament.median(lane, metrics.get(i));
                context.results().add(scenario, lane.contender().label(), metrics.get(i), units.get(i), value);
                cells.add(units.get(i).startsWith("us") ? Table.decimal(value) : Table.whole(value));
            }
            table.line(cells.toArray(String[]::new));
        }
    }
}
