// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.List;
import java.util.function.Predicate;

/** What a process costs whose timers are far away. See {@link IdleRound}. */
final class Idle implements Scenario {
    static final String NAME = "idle";
    static final String NO_TIMER = NAME + "-none";
    static final String ONE_TIMER = NAME + "-one";
    static final String MANY_TIMERS = NAME + "-10k";
    static final int MANY = 10_000;

    private static final Lane KWORKER = new Lane(Contender.KWORKER, Placement.LOCAL);
    private static final Lane NOBODY = new Lane(Contender.NONE, Placement.UNPINNED);
    private static final List<Lane> LANES = List.of(KWORKER, new Lane(Contender.STPE, Placement.UNPINNED),
            new Lane(Contender.FJP, Placement.UNPINNED), new Lane(Contender.NETTY_WHEEL, Placement.UNPINNED), NOBODY);
    private static final int ROUNDS = 3;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "CPU time of a process that has no timer, one or 10,000 an hour away";
    }

    @Override
    public void run(Context context) {
        int rounds = context.amount(ROUNDS, 1);
        int millis = context.amount(10_000, 100);
        Table table = new Table("%s: CPU time in %s s; percent of a CPU, %s".formatted(
                NAME, millis / 1e3, Table.medians(rounds)), "executor", NO_TIMER, ONE_TIMER, MANY_TIMERS);
        try (Tournament tournament = new Tournament(context, context.smoke() ? List.of(KWORKER) : LANES)) {
            Predicate<Lane> all = lane -> true;
            tournament.warmUp(MANY_TIMERS, 1, 500, all);
            String[][] cells = new String[LANES.size()][];
            for (int i = 0; i < LANES.size(); i++) {
                cells[i] = new String[] {LANES.get(i).contender().label(), "-", "-", "-"};
            }
            measure(context, tournament, cells, 1, NO_TIMER, lane -> lane == KWORKER || lane == NOBODY, millis);
            measure(context, tournament, cells, 2, ONE_TIMER, lane -> lane != NOBODY, millis);
            measure(context, tournament, cells, 3, MANY_TIMERS, lane -> lane == KWORKER, millis);
            for (String[] line : cells) {
                table.line(line);
            }
        }
        table.note("The whole JVM; none: one without an executor. kworker has a carrier on every CPU.");
        table.note("netty-wheel has a tick of 1 ms. Checked: no timer fired.");
        context.print(table);
        if (!context.smoke()) {
            context.print(TimeTargets.ofIdle(context.results()));
        }
    }

    private static void measure(Context context, Tournament tournament, String[][] cells, int column, String round,
            Predicate<Lane> takesPart, long millis) {
        tournament.rounds(round, context.amount(ROUNDS, 1), millis, takesPart);
        for (Lane lane : tournament.lanes()) {
            double percent = tournament.median(lane, "cpu-percent");
            context.results().add(round, lane.contender().label(), "cpu-percent", "%", percent);
            cells[LANES.indexOf(lane)][column] = "%.3f".formatted(percent);
        }
    }
}
