// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The lanes of a scenario, a forked JVM each (several where a lane is named several times: their rounds count alike),
 * taking turns: a round goes through all lanes before the next begins, so that a slow second of the machine does not
 * hit one executor alone, and every other round in the opposite order, so that nobody always comes after the same one.
 */
final class Tournament implements AutoCloseable {
    private static final String HEAP = "256m";

    private final Context context;
    private final List<LaneProcess> processes = new ArrayList<>();
    private final Map<Lane, Map<String, List<Double>>> values = new LinkedHashMap<>();

    Tournament(Context context, List<Lane> lanes) {
        this(context, lanes, HEAP);
    }

    /**
     * @param heap of each JVM, as the JVM wants it said
     * @param flags of each JVM
     */
    Tournament(Context context, List<Lane> lanes, String heap, String... flags) {
        this.context = context;
        lanes.forEach(lane -> processes.add(new LaneProcess(lane, context, heap, flags)));
    }

    /** Rounds whose results are forgotten: they compile the code. In smoke nothing is measured anyway. */
    void warmUp(String round, int count, long amount, Predicate<Lane> takesPart) {
        for (int i = 1; i <= count && !context.smoke(); i++) {
            turn(round, "warm-up " + i + "/" + count, amount, takesPart, processes);
        }
    }

    /** Forgets what was measured before, and runs the rounds. */
    void rounds(String round, int count, long amount, Predicate<Lane> takesPart) {
        values.clear();
        moreRounds(round, count, amount, takesPart);
    }

    /** Runs rounds whose metrics come beside those that are there. */
    void moreRounds(String round, int count, long amount, Predicate<Lane> takesPart) {
        for (int i = 1; i <= count; i++) {
            turn(round, "round " + i + "/" + count, amount, takesPart, i % 2 == 1 ? processes : processes.reversed());
        }
    }

    private void turn(String round, String which, long amount, Predicate<Lane> takesPart, List<LaneProcess> order) {
        context.progress().phase(round + ", " + which);
        for (LaneProcess process : order) {
            Lane lane = process.lane();
            if (takesPart.test(lane)) {
                context.progress().step(round + ", " + which + ": " + lane);
                Map<String, List<Double>> ofLane = values.computeIfAbsent(lane, key -> new LinkedHashMap<>());
                process.round(round, amount).forEach(
                        (metric, value) -> ofLane.computeIfAbsent(metric, key -> new ArrayList<>()).add(value));
            }
        }
    }

    /** The lane of an executor whose placement is the better one by the median of a metric. */
    Optional<Lane> best(Contender contender, String metric, boolean lowerIsBetter) {
        Comparator<Lane> byMetric = Comparator.comparingDouble(lane -> median(lane, metric));
        return values.keySet().stream().filter(lane -> lane.contender() == contender)
                .min(lowerIsBetter ? byMetric : byMetric.reversed());
    }

    /** The medians of the same executor in the placements that were not the best one, for a table. */
    String others(Lane best, String metric) {
        String others = lanes().stream().filter(lane -> lane.contender() == best.contender() && !lane.equals(best))
                .map(lane -> Table.whole(median(lane, metric)) + " " + lane.placement().label())
                .collect(Collectors.joining(", "));
        return others.isEmpty() ? "-" : others;
    }

    /** The lanes that have been measured. */
    Set<Lane> lanes() {
        return values.keySet();
    }

    /** The median over the rounds. */
    double median(Lane lane, String metric) {
        return Median.of(values.get(lane).get(metric));
    }

    /**
     * The median, over the rounds, of what a lane has to what another one had in the same round: what slows the machine
     * down for a second or more is in both. Both lanes are named equally often.
     */
    double ratio(Lane lane, Lane to, String metric) {
        List<Double> measured = values.get(lane).get(metric);
        List<Double> beside = values.get(to).get(metric);
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < measured.size(); round++) {
            ratios.add(measured.get(round) / beside.get(round));
        }
        return Median.of(ratios);
    }

    /** The executors that took no part in the last rounds. */
    Set<Contender> absent() {
        Set<Contender> absent = EnumSet.noneOf(Contender.class);
        processes.forEach(process -> absent.add(process.lane().contender()));
        lanes().forEach(lane -> absent.remove(lane.contender()));
        return absent;
    }

    /** The greatest of the rounds. */
    double worst(Lane lane, String metric) {
        return values.get(lane).get(metric).stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    @Override
    public void close() {
        processes.forEach(LaneProcess::close);
    }
}
