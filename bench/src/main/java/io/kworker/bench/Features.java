// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the kinds of workqueues and the calls beside queueing cost. See {@link FlushIdleRound}, {@link FlushBusyRound},
 * {@link CallsRound}, {@link OvertakeRound}, {@link DumpRound}, {@link Change}; hand-off and throughput are those of
 * {@link HandoffRound} and {@link ThroughputRound}.
 */
final class Features implements Scenario {
    static final String NAME = "features";
    static final String SPIN = NAME + "-handoff-spin";
    static final String PARK = NAME + "-handoff-park";
    static final String THROUGHPUT = NAME + "-throughput";
    static final String CHANGE = NAME + "-change";
    static final String FLUSH_IDLE = NAME + "-flush-idle";
    static final String FLUSH_BUSY = NAME + "-flush-busy";
    static final String CALLS = NAME + "-calls";
    static final String OVERTAKE = NAME + "-overtake";
    static final String DUMP = NAME + "-dump";

    private static final Lane VOLATILE = new Lane(Contender.VOLATILE, Placement.PINNED);
    private static final Lane BOUND = new Lane(Contender.KWORKER, Placement.PINNED);
    private static final Lane BOUND_ALL = new Lane(Contender.KWORKER, Placement.ALL);
    private static final List<Lane> EVERYWHERE = List.of(BOUND_ALL, new Lane(Contender.UNBOUND, Placement.ALL));
    private static final List<Lane> ACROSS = List.of(BOUND, new Lane(Contender.UNBOUND, Placement.PINNED));
    private static final List<Lane> URGENT =
            List.of(new Lane(Contender.HIGHPRI, Placement.PINNED), new Lane(Contender.BH, Placement.PINNED));

    /** Those that the calls are measured in; in smoke everything. */
    private static final List<Lane> FEW =
            Stream.of(EVERYWHERE, ACROSS, URGENT).flatMap(List::stream).toList();

    private static final int ROUNDS = 5;

    /** Those whose hand-offs are held against each other. */
    private static final Set<Contender> COMPARED = EnumSet.of(Contender.KWORKER, Contender.UNBOUND);

    /** Of each of these: the hand-off to a sleeper takes 6 us in one JVM, and 20 in another of the same lane. */
    private static final int JVMS = 3;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "kinds of workqueues, flush, drain, cancel, priority, dump, changes";
    }

    /** In the forked JVM. */
    static Map<String, Double> round(Lane lane, Cpus cpus, String name, long amount) {
        return switch (name) {
            case FLUSH_IDLE -> new FlushIdleRound(lane, cpus).run(amount);
            case FLUSH_BUSY -> new FlushBusyRound(lane, cpus).run(amount);
            case CALLS -> new CallsRound(lane, cpus).run(amount);
            case OVERTAKE -> new OvertakeRound(lane, cpus).run(amount);
            case DUMP -> new DumpRound(lane, cpus, amount).run();
            default -> {
                if (!Change.isRound(name)) {
                    throw new BenchException("no round " + name);
                }
                yield new ThroughputRound(lane, cpus, 1, Change.ofRound(name)).run(amount);
            }
        };
    }

    @Override
    public void run(Context context) {
        if (context.smoke()) {
            try (Tournament one = new Tournament(context, FEW)) { // starting the JVMs takes most of the time
                handoff(context, one);
                throughput(context, one);
                calls(context, one);
            }
            return;
        }
        if (context.before() != null) {
            new Before().run(context);
        }
        List<Lane> all = new ArrayList<>(Lane.of(Contender.kinds(), lane -> true));
        all.add(BOUND_ALL);
        all.add(VOLATILE);
        List<Lane> withCopies = new ArrayList<>(all);
        for (int i = 1; i < JVMS; i++) {
            all.stream().filter(lane -> COMPARED.contains(lane.contender())).forEach(withCopies::add);
        }
        try (Tournament tournament = new Tournament(context, withCopies)) {
            handoff(context, tournament);
        }
        try (Tournament tournament = new Tournament(context, all.stream().filter(Lane::queuesAcross).toList())) {
            throughput(context, tournament);
        }
        try (Tournament tournament = new Tournament(context, FEW)) {
            calls(context, tournament);
        }
        context.print(new FeatureTargets(context.results()).table());
    }

    private static void handoff(Context context, Tournament tournament) {
        Handoff.spin(context, tournament, SPIN);
        addByPlacement(context, tournament, SPIN, "p50", "ns");
        Handoff.warmUpParking(tournament);
        Handoff.park(context, tournament, PARK);
        addByPlacement(context, tournament, PARK, "p50", "ns");
    }

    private static void throughput(Context context, Tournament tournament) {
        tournament.warmUp(Throughput.ONE, 8, 40, Lane::queuesAcross);
        Throughput.measure(context, tournament, Throughput.ONE, Lane::queuesAcross);
        Throughput.report(context, tournament, THROUGHPUT, 1);
        addByPlacement(context, tournament, THROUGHPUT, "ops", "items/s");
        FeatureTables.change(context, tournament, EVERYWHERE);
    }

    private static void calls(Context context, Tournament tournament) {
        FeatureTables tables = new FeatureTables(context, tournament, context.amount(ROUNDS, 1));
        tables.flushIdle(EVERYWHERE);
        tables.flushBusy(ACROSS);
        tables.calls(ACROSS);
        tables.overtake(URGENT);
        tables.dump(BOUND);
    }

    private static void addByPlacement(Context context, Tournament tournament, String scenario, String metric,
            String unit) {
        for (Lane lane : tournament.lanes()) {
            context.results().add(scenario, lane.contender().label(), byPlacement(metric, lane.placement()), unit,
                    tournament.median(lane, metric));
        }
    }

    static String byPlacement(String metric, Placement placement) {
        return metric + "-" + placement.name().toLowerCase(Locale.ROOT);
    }
}
