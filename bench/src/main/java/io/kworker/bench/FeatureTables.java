// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/** Runs the rounds of {@link Features} that are not of other scenarios too, and prints what came of them. */
final class FeatureTables {
    private static final List<String> SPREAD = List.of("p50", "p99", "max");

    private final Context context;
    private final Tournament tournament;
    private final int rounds;

    FeatureTables(Context context, Tournament tournament, int rounds) {
        this.context = context;
        this.tournament = tournament;
        this.rounds = rounds;
    }

    void flushIdle(List<Lane> lanes) {
        tournament.warmUp(Features.FLUSH_IDLE, 3, 1000, lanes::contains);
        tournament.rounds(Features.FLUSH_IDLE, rounds, context.amount(2000, 100), lanes::contains);
        Table table = spread(Features.FLUSH_IDLE, "a call on a workqueue that has nothing to do", lanes,
                "asleep", "awake", "beside", "drain");
        table.note("asleep: flush(), all carriers sleep; awake: the other CPUs spin; drain: drain(), all sleep.");
        table.note("beside: flush() while items of another workqueue follow each other without end.");
        context.print(table);
    }

    void flushBusy(List<Lane> lanes) {
        tournament.warmUp(Features.FLUSH_BUSY, 3, 1_500, lanes::contains);
        tournament.rounds(Features.FLUSH_BUSY, rounds, context.amount(200, 20), lanes::contains);
        Table table = spread(Features.FLUSH_BUSY, "end of the handler to return of flush(), caller parked", lanes,
                "far", "near", "far-latch", "near-latch");
        table.note("far: the caller on another CPU, asleep meanwhile; near: on the handler's.");
        table.note("latch: a bare thread and a CountDownLatch in place of handler and flush: the price of a wake-up.");
        context.print(table);
    }

    void calls(List<Lane> lanes) {
        tournament.warmUp(Features.CALLS, 3, 50_000, lanes::contains);
        tournament.rounds(Features.CALLS, rounds, context.amount(100_000, 1_000), lanes::contains);
        Table table = table(Features.CALLS, "calls on an item; ns a call", lanes);
        for (String metric : List.of("disable-enable", "cancel-waiting")) {
            line(table, Features.CALLS, metric, "ns", lanes, tournament::median);
        }
        table.note("disable-enable: the pair, on an idle item; cancel-waiting: of an item that waits for a slot.");
        context.print(table);
    }

    void overtake(List<Lane> lanes) {
        tournament.warmUp(Features.OVERTAKE, 2, 60, lanes::contains);
        tournament.rounds(Features.OVERTAKE, rounds, context.amount(60, 10), lanes::contains);
        Table table = table(Features.OVERTAKE, "an urgent item behind 100,000 normal ones of 10 us each", lanes);
        for (String what : List.of("started", "delay")) {
            String unit = what.equals("delay") ? "ns" : "items";
            line(table, Features.OVERTAKE, what + "-p50", unit, lanes, tournament::median);
            line(table, Features.OVERTAKE, what + "-p99", unit, lanes, tournament::median);
            line(table, Features.OVERTAKE, what + "-max", unit, lanes, tournament::worst);
        }
        table.note("started: normal items that start after the call that queued it and before it; max: of all rounds.");
        context.print(table);
    }

    void dump(Lane lane) {
        List<String> spread = List.of("p50", "p99", "p99.9", "max", "any-p50", "any-p99", "any-p99.9", "starts");
        tournament.warmUp(Features.DUMP, 1, 60, lane::equals);
        tournament.rounds(Features.DUMP, rounds, context.amount(160, 20), lane::equals);
        String executor = lane.contender().label();
        Table table = new Table("%s: from start to start of two items that queue each other; ns, %s".formatted(
                Features.DUMP, Table.medians(rounds)), "meanwhile",
                "p50", "p99", "p99.9", "max", "any-p50", "any-p99", "any-p99.9", "starts");
        for (String name : List.of("calm", "texts", "dump", "many-calm", "many-texts", "many-dump")) {
            List<String> cells = new ArrayList<>(List.of(name));
            for (String metric : spread) {
                double value = tournament.median(lane, name + "-" + metric);
                context.results().add(Features.DUMP, executor, name + "-" + metric, metric.equals("starts") ? "" : "ns",
                        value);
                cells.add(Table.whole(value));
            }
            table.line(cells.toArray(String[]::new));
        }
        for (String name : List.of("dump-time", "many-time", "many-dump-time")) {
            context.results().add(Features.DUMP, executor, name, "ns", tournament.median(lane, name));
        }
        table.note("calm: sleeps; texts: makes texts; dump: calls runtime.dump(), each in a loop on another CPU.");
        table.note("any: what somebody finds who comes at any moment (corrected for coordinated omission).");
        table.note("many: with 10,000 handlers asleep and 10,000 items waiting.");
        table.note("One dump: %s us; with many %s us (%s characters), beside the hand-offs %s us.".formatted(
                micros(lane, "dump-time"), micros(lane, "many-time"),
                Table.whole(tournament.median(lane, "many-length")), micros(lane, "many-dump-time")));
        context.print(table);
    }

    private String micros(Lane lane, String metric) {
        return Table.whole(tournament.median(lane, metric) / 1e3);
    }

    /** Throughput while something changes. */
    static void change(Context context, Tournament tournament, List<Lane> lanes) {
        int rounds = Throughput.rounds(context);
        FeatureTables tables = new FeatureTables(context, tournament, rounds);
        Table table = tables.table(Features.CHANGE, "items a second, one producer, a change every ms", lanes);
        List<Change> changes = List.of(Change.NOTHING, Change.MAX_ACTIVE, Change.ATTRIBUTES);
        for (Change change : changes) {
            List<Lane> takePart = change == Change.ATTRIBUTES
                    ? lanes.stream().filter(lane -> lane.contender().isUnbound()).toList() : lanes;
            Throughput.measure(context, tournament, change.round(), takePart::contains);
            String metric = change.name().toLowerCase(Locale.ROOT).replace('_', '-') + "-ops";
            tables.line(table, Features.CHANGE, metric, "items/s", lanes,
                    (lane, name) -> takePart.contains(lane) ? tournament.median(lane, "ops") : Double.NaN);
        }
        table.note("nothing: the thread wakes up every ms and changes nothing; max-active: 1 and 1024 in turn;");
        table.note("attributes: pods of a CPU and of all in turn (unbound). Checked: every item ran exactly once.");
        context.print(table);
    }

    private Table spread(String scenario, String what, List<Lane> lanes, String... names) {
        Table table = table(scenario, what + "; ns", lanes);
        for (String name : names) {
            for (String metric : SPREAD) {
                line(table, scenario, name + "-" + metric, "ns", lanes, tournament::median);
            }
        }
        return table;
    }

    private Table table(String scenario, String what, List<Lane> lanes) {
        List<String> headings = new ArrayList<>(List.of("metric"));
        lanes.forEach(lane -> headings.add(lane.toString()));
        return new Table("%s: %s, %s".formatted(scenario, what, Table.medians(rounds)),
                headings.toArray(String[]::new));
    }

    private void line(Table table, String scenario, String metric, String unit, List<Lane> lanes,
            BiFunction<Lane, String, Double> value) {
        List<String> cells = new ArrayList<>(List.of(metric));
        for (Lane lane : lanes) {
            double number = value.apply(lane, metric);
            if (Double.isNaN(number)) {
                cells.add("-");
            } else {
                context.results().add(scenario, lane.contender().label(), metric, unit, number);
                cells.add(Table.whole(number));
            }
        }
        table.line(cells.toArray(String[]::new));
    }
}
