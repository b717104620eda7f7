// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** What timers cost. See {@link ArmCancelRound}, {@link MillionRound}, {@link LatenessRound}. */
final class Timers implements Scenario {
    static final String NAME = "timers";
    static final String LOCAL = NAME + "-local";
    static final String FOREIGN = NAME + "-foreign";
    static final String MILLION = NAME + "-million";
    static final String LATENESS = NAME + "-lateness";

    private static final List<Contender> CONTENDERS = List.of(Contender.KWORKER, Contender.KWORKER_BEFORE,
            Contender.STPE, Contender.FJP, Contender.NETTY_WHEEL, Contender.AGRONA_WHEEL);
    private static final int ROUNDS = 7;
    private static final int FEW_ROUNDS = 3;
    private static final int MANY = 1_000_000;
    private static final String HEAP_OF_MANY = "1500m";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "arm and cancel, a million timers at once, lateness";
    }

    @Override
    public void run(Context context) {
        if (context.smoke()) {
            List<Lane> few = context.lanes(CONTENDERS,
                    lane -> lane.contender() == Contender.AGRONA_WHEEL || lane.placement() == Placement.PINNED);
            try (Tournament one = new Tournament(context, few)) { // starting the JVMs takes most of the time
                local(context, one);
                foreign(context, one);
                million(context, one);
                lateness(context, one);
            }
            return;
        }
        try (Tournament tournament = new Tournament(context, context.lanes(CONTENDERS, Timers::isLocal))) {
            local(context, tournament);
        }
        try (Tournament tournament = new Tournament(context, context.lanes(CONTENDERS, Timers::isShared))) {
            foreign(context, tournament);
        }
        Predicate<Lane> firesAcross = lane -> isShared(lane) && lane.crosses();
        try (Tournament tournament =
                new Tournament(context, context.lanes(CONTENDERS, firesAcross), HEAP_OF_MANY)) {
            million(context, tournament);
        }
        try (Tournament tournament = new Tournament(context, context.lanes(CONTENDERS, firesAcross))) {
            lateness(context, tournament);
        }
        context.print(TimeTargets.ofTimers(context.results()));
    }

    /** Its own handler arms kworker's timers, so it does not matter where the producer is. */
    private static boolean isLocal(Lane lane) {
        return !lane.contender().isKworker() || lane.crosses();
    }

    private static boolean isShared(Lane lane) {
        return lane.contender() != Contender.AGRONA_WHEEL;
    }

    private static void local(Context context, Tournament tournament) {
        Table table = armCancel(context, tournament, LOCAL, Timers::isLocal,
                "one thread arms a timer and cancels it, 10,000 others are pending");
        table.note("kworker: a handler on the CPU whose wheel it is. stpe, fjp, netty-wheel take a delay and read the");
        table.note("clock themselves (%s ns here); kworker and agrona-wheel are given the deadline.".formatted(
                Table.decimal(clock())));
        context.print(table);
    }

    private static void foreign(Context context, Tournament tournament) {
        Table table = armCancel(context, tournament, FOREIGN, Timers::isShared,
                "the same from a thread that is no carrier, pinned to CPU " + context.cpus().producer());
        table.note("agrona-wheel is left out: only one thread may use it.");
        context.print(table);
    }

    private static Table armCancel(Context context, Tournament tournament, String round, Predicate<Lane> takesPart,
            String what) {
        int rounds = context.amount(ROUNDS, 1);
        tournament.warmUp(round, 4, 200, takesPart);
        tournament.rounds(round, rounds, context.amount(200, 20), takesPart);
        Table table = new Table("%s: %s; ns, %s".formatted(round, what, Table.medians(rounds)),
                "executor", "arm-cancel", "later", "placement", "else arm-cancel");
        for (Contender contender : CONTENDERS) {
            Optional<Lane> best = tournament.best(contender, "arm-cancel", true);
            if (best.isPresent()) {
                double value = tournament.median(best.get(), "arm-cancel");
                context.results().add(round, contender.label(), "arm-cancel", "ns", value);
                double later = tournament.median(best.get(), "later");
                context.results().add(round, contender.label(), "later", "ns", later);
                table.line(contender.label(), Table.decimal(value), Table.decimal(later),
                        best.get().placement().label(),
                        tournament.others(best.get(), "arm-cancel"));
            }
        }
        table.note("arm-cancel: takes the timer back at once; later: one armed 1,024 calls before, armed again then.");
        table.note("Checked: every cancel took its timer back, none fired.");
        return table;
    }

    private static void million(Context context, Tournament tournament) {
        int rounds = context.amount(FEW_ROUNDS, 1);
        int count = context.amount(MANY, 2_000);
        tournament.warmUp(MILLION, 2, MANY / 10, Timers::isShared);
        tournament.rounds(MILLION, rounds, count, Timers::isShared);
        Table table = table("%s: %,d timers with one deadline".formatted(MILLION, count), context, tournament, rounds,
                MILLION, "fire-cpu", List.of("bytes-per-arm", "heap-per-timer", "arm", "fire-cpu", "last"),
                List.of("B", "B", "ns", "ms", "ms"));
        table.note("bytes-per-arm: allocated; heap-per-timer: in use after a full collection, less the items.");
        table.note("arm: ns, a look at the clock included; fire-cpu: ms of CPU of the process, from the deadline");
        table.note("until the last one fires; last: the delay of that, ms.");
        table.note("agrona-wheel is left out: it has so many places for each tick in every slot.");
        table.note("Checked: each fired exactly once, none before the deadline.");
        context.print(table);
    }

    private static void lateness(Context context, Tournament tournament) {
        int rounds = context.amount(FEW_ROUNDS, 1);
        int millis = context.amount(10_000, 50);
        tournament.warmUp(LATENESS, 1, 1000, Timers::isShared);
        tournament.rounds(LATENESS, rounds, millis, Timers::isShared);
        Table table = table("%s: from the deadline to the call, 1,000 timers a second for %s s; ns".formatted(LATENESS,
                millis / 1e3), context, tournament, rounds, LATENESS, "lateness-p99",
                List.of("lateness-p50", "lateness-p99", "lateness-max"), List.of("ns", "ns", "ns"));
        table.note("A tick of kworker is 131,072 ns, of netty-wheel 1,000,000.");
        table.note("agrona-wheel is left out: it waits for nobody. Checked: each fired exactly once, none was early.");
        context.print(table);
    }

    /** The best placement of each by one metric. */
    private static Table table(String title, Context context, Tournament tournament, int rounds, String scenario,
            String decisive, List<String> metrics, List<String> units) {
        List<String> headings = new ArrayList<>(List.of("executor"));
        headings.addAll(metrics);
        headings.addAll(List.of("placement", "else " + decisive));
        Table table = new Table(title + ", " + Table.medians(rounds), headings.toArray(String[]::new));
        for (Contender contender : CONTENDERS) {
            Optional<Lane> best = tournament.best(contender, decisive, true);
            if (best.isPresent()) {
                List<String> cells = new ArrayList<>(List.of(contender.label()));
                for (int i = 0; i < metrics.size(); i++) {
                    double value = tournament.median(best.get(), metrics.get(i));
                    context.results().add(scenario, contender.label(), metrics.get(i), units.get(i), value);
                    cells.add(units.get(i).equals("ns") ? Table.whole(value) : Table.decimal(value));
                }
                cells.add(best.get().placement().label());
                cells.add(tournament.others(best.get(), decisive));
                table.line(cells.toArray(String[]::new));
            }
        }
        return table;
    }

    /** Nanoseconds that it takes to read the clock. */
    private static double clock() {
        int calls = 1_000_000;
        long last = 0;
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            last = System.nanoTime();
        }
        return (double) (last - start) / calls;
    }
}
