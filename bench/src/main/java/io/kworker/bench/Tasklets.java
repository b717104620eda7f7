// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** How long from the scheduling of a tasklet until it has run on another CPU? See {@link HandoffRound}. */
final class Tasklets implements Scenario {
    static final String NAME = "tasklet";
    static final String SPIN = NAME + "-handoff";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "hand-off of a tasklet beside that of a work item, consumer spinning";
    }

    @Override
    public void run(Context context) {
        try (Tournament tournament = new Tournament(context,
                context.lanes(Contender.tasklets(), lane -> lane.placement() == Placement.PINNED))) {
            Handoff.spin(context, tournament, SPIN);
        }
        if (!context.smoke()) {
            Verdicts verdicts = new Verdicts("targets of " + NAME);
            for (Contender item : new Contender[] {Contender.HERE, Contender.KWORKER}) {
                verdicts.atMost(SPIN + " p50", p50(context, Contender.TASKLET) / p50(context, item), 1,
                        "x " + item.label());
            }
            context.print(verdicts.table());
        }
    }

    private static double p50(Context context, Contender contender) {
        return context.results().find(SPIN, contender.label(), "p50").orElse(Double.NaN);
    }
}
