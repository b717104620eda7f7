// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * What a workqueue costs as an {@code ExecutorService}, beside the JDK's. See {@link ThroughputRound} (as it is, but
 * for {@code execute}), {@link SubmitGetRound}, {@link InvokeAllRound}, {@link TreeRound}, {@link ScheduleRound}.
 */
final class Views implements Scenario {
    static final String NAME = "views";
    static final String EXECUTE = NAME + "-execute";
    static final String SUBMIT_GET = NAME + "-submit-get";
    static final String INVOKE_ALL = NAME + "-invoke-all";
    static final String FORK_JOIN = NAME + "-forkjoin-shape";
    static final String SCHEDULED = NAME + "-scheduled";

    private static final List<Contender> PLAIN = List.of(Contender.KWORKER, Contender.KWORKER_BEFORE, Contender.UNBOUND,
            Contender.FJP, Contender.TPE, Contender.VT);
    private static final List<Contender> TIMED =
            List.of(Contender.KWORKER, Contender.KWORKER_BEFORE, Contender.STPE, Contender.FJP);
    private static final List<String> RATE = List.of("ops");
    private static final int ROUNDS = 7;
    private static final String HEAP = "512m";

    /** The system's pages, for the first tasks that lie in each, would be half of the time of some rounds. */
    private static final String TOUCHED = "-XX:+AlwaysPreTouch";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "a workqueue as an ExecutorService, beside the JDK's";
    }

    @Override
    public void run(Context context) {
        if (context.smoke()) {
            try (Tournament one = new Tournament(context, context.lanes(PLAIN, Views::isPinned))) {
                plain(context, one, Views::isPinned);
            }
            try (Tournament one = new Tournament(context, context.lanes(TIMED, Views::isPinned))) {
                scheduled(context, one);
            }
            return;
        }
        try (Tournament tournament = new Tournament(context, context.lanes(PLAIN, Views::takesPart), HEAP, TOUCHED)) {
            plain(context, tournament, Views::takesPart);
        }
        try (Tournament tournament = new Tournament(context, context.lanes(TIMED, Lane::crosses), HEAP, TOUCHED)) {
            scheduled(context, tournament);
        }
        context.print(targets(context.results()));
    }

    private static boolean isPinned(Lane lane) {
        return lane.placement() == Placement.PINNED && lane.contender() != Contender.UNBOUND;
    }

    /** An unbound workqueue is of use where there are several CPUs for it. */
    private static boolean takesPart(Lane lane) {
        return lane.contender() != Contender.UNBOUND || lane.placement() == Placement.ALL;
    }

    private static void plain(Context context, Tournament tournament, Predicate<Lane> takesPart) {
        Predicate<Lane> bound = takesPart.and(lane -> lane.contender() != Contender.UNBOUND);
        rounds(context, tournament, EXECUTE, 10, 50, bound.and(Lane::crosses));
        context.print(table(context, tournament, "%s: tiny tasks a second, one submitter; %s", EXECUTE, RATE,
                "At most %,d tasks are under way.".formatted(ThroughputRound.WINDOW),
                "Checked: every task ran exactly once each time it was submitted."));
        rounds(context, tournament, SUBMIT_GET, 6, 60, bound);
        context.print(table(context, tournament, "%s: submit(callable).get() by an outside thread; ns, %s",
                SUBMIT_GET, List.of("p50", "p99", "ops"),
                "Checked: each get has its result, each task ran once."));
        rounds(context, tournament, INVOKE_ALL, 6, 50, bound);
        context.print(table(context, tournament, "%s: tasks a second, invokeAll of " + InvokeAllRound.BATCH + "; %s",
                INVOKE_ALL, RATE, "Checked: each task ran once for each call."));
        rounds(context, tournament, FORK_JOIN, 6, 50, takesPart);
        context.print(table(context, tournament, "%s: tasks a second, each submits two and waits for them; %s",
                FORK_JOIN, RATE,
                "Trees of %d tasks. tpe: %d threads.".formatted(TreeRound.TASKS, TreeRound.TASKS / 2 + 1),
                "Checked: each task ran once, and was counted."));
    }

    private static void scheduled(Context context, Tournament tournament) {
        tournament.warmUp(SCHEDULED, 5, 50_000, Lane::crosses);
        tournament.rounds(SCHEDULED, context.amount(ROUNDS, 1), context.amount(200_000, 2_000), Lane::crosses);
        context.print(table(context, tournament, "%s: tasks a second, schedule(task, 10 ms); %s", SCHEDULED, RATE,
                "From the first call until the last task has run, less the delay. Checked: each ran once."));
        context.print(table(context, tournament, "%s: timeouts a second, schedule(task, 1 min).cancel(false); %s",
                SCHEDULED, List.of("cancel-ops"), "Checked: every cancel took its task back, none of them ran."));
    }

    private static void rounds(Context context, Tournament tournament, String round, int warmUps, int millis,
            Predicate<Lane> takesPart) {
        tournament.warmUp(round, warmUps, millis, takesPart);
        tournament.rounds(round, context.amount(ROUNDS, 1), context.amount(millis, 15), takesPart);
    }

    /** The best placement of each by the first metric. Metrics are rates, but for percentiles. */
    private static Table table(Context context, Tournament tournament, String title, String scenario,
            List<String> metrics, String... notes) {
        String decisive = metrics.getFirst();
        List<String> headings = new ArrayList<>(List.of("executor"));
        headings.addAll(metrics);
        headings.addAll(List.of("placement", "else " + decisive));
        Table table = new Table(title.formatted(scenario, Table.medians(context.amount(ROUNDS, 1))),
                headings.toArray(String[]::new));
        for (Contender contender : Contender.values()) {
            Optional<Lane> best = tournament.best(contender, decisive, isTime(decisive));
            if (best.isPresent()) {
                List<String> cells = new ArrayList<>(List.of(contender.label()));
                for (String metric : metrics) {
                    double value = tournament.median(best.get(), metric);
                    context.results().add(scenario, contender.label(), metric, isTime(metric) ? "ns" : "tasks/s",
                            value);
                    cells.add(Table.whole(value));
                }
                cells.add(best.get().placement().label());
                cells.add(tournament.others(best.get(), decisive));
                table.line(cells.toArray(String[]::new));
            }
        }
        Arrays.stream(notes).forEach(table::note);
        return table;
    }

    private static boolean isTime(String metric) {
        return metric.startsWith("p");
    }

    private static Table targets(Results results) {
        Verdicts verdicts = new Verdicts("targets of " + NAME);
        double fastest = jdk(results, EXECUTE, "ops").max().orElse(Double.NaN);
        verdicts.atLeast(EXECUTE, kworker(results, EXECUTE, "ops") / fastest, 1.5, "x the best of fjp, tpe, vt");
        double soonest = jdk(results, SUBMIT_GET, "p50").min().orElse(Double.NaN);
        verdicts.atMost(SUBMIT_GET + " p50", kworker(results, SUBMIT_GET, "p50") / soonest, 1,
                "x the best of fjp, tpe, vt");
        for (String metric : new String[] {"ops", "cancel-ops"}) {
            verdicts.atLeast(SCHEDULED + " " + metric, kworker(results, SCHEDULED, metric)
                    / value(results, SCHEDULED, Contender.STPE, metric), 3, "x stpe");
        }
        return verdicts.table();
    }

    private static DoubleStream jdk(Results results, String scenario, String metric) {
        return Stream.of(Contender.FJP, Contender.TPE, Contender.VT)
                .mapToDouble(contender -> value(results, scenario, contender, metric));
    }

    private static double kworker(Results results, String scenario, String metric) {
        return value(results, scenario, Contender.KWORKER, metric);
    }

    private static double value(Results results, String scenario, Contender contender, String metric) {
        return results.find(scenario, contender.label(), metric).orElse(Double.NaN);
    }
}
