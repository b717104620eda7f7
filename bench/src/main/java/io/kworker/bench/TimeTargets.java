// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** What {@link Timers}, {@link Idle} and {@link Blocking} are to show. Figures, not checks. */
final class TimeTargets {
    private static final double MILLISECOND = 1e6;

    /** A tick of kworker, and a millisecond. */
    private static final double LATENESS = (131_072 + MILLISECOND) / MILLISECOND;

    private final Results results;
    private final Verdicts verdicts;

    private TimeTargets(Results results, String title) {
        this.results = results;
        verdicts = new Verdicts(title);
    }

    static Table ofTimers(Results results) {
        TimeTargets targets = new TimeTargets(results, "targets of timers");
        targets.timesAsFast(Timers.LOCAL, Contender.STPE, 8);
        targets.timesAsFast(Timers.LOCAL, Contender.FJP, 3);
        targets.timesAsFast(Timers.LOCAL, Contender.NETTY_WHEEL, 2);
        targets.verdicts.atMost(Timers.LOCAL,
                targets.kworker(Timers.LOCAL, "arm-cancel")
                        / targets.value(Timers.LOCAL, Contender.AGRONA_WHEEL, "arm-cancel"),
                1.5, "x agrona-wheel's time");
        targets.timesAsFast(Timers.FOREIGN, Contender.STPE, 3);
        targets.verdicts.atMost(Timers.MILLION + ", allocated",
                targets.kworker(Timers.MILLION, "bytes-per-arm"), 0.1, "B/timer (rounds to 0)");
        targets.verdicts.atMost(Timers.MILLION + ", heap",
                targets.kworker(Timers.MILLION, "heap-per-timer"), 0.1, "B/timer (rounds to 0)");
        targets.verdicts.atMost(Timers.MILLION + ", firing", targets.kworker(Timers.MILLION, "fire-cpu") / 1e3, 1,
                "s of CPU");
        targets.verdicts.atMost(Timers.LATENESS + " p99",
                targets.kworker(Timers.LATENESS, "lateness-p99") / MILLISECOND, LATENESS, "ms (a tick + 1 ms)");
        return targets.verdicts.table();
    }

    static Table ofIdle(Results results) {
        TimeTargets targets = new TimeTargets(results, "targets of idle");
        targets.verdicts.atMost(Idle.ONE_TIMER, targets.kworker(Idle.ONE_TIMER, "cpu-percent"), 0.1, "% of a CPU");
        return targets.verdicts.table();
    }

    static Table ofBlocking(Results results) {
        TimeTargets targets = new TimeTargets(results, "targets of blocking");
        targets.verdicts.atLeast(Blocking.NAPS,
                targets.kworker(Blocking.NAPS, "ops") / targets.value(Blocking.NAPS, Contender.VT, "ops"), 1.5, "x vt");
        targets.verdicts.atMost(Blocking.SLEEPERS + ", heap",
                targets.kworker(Blocking.SLEEPERS, "bytes-per-sleeper")
                        / targets.value(Blocking.SLEEPERS, Contender.VT, "bytes-per-sleeper"),
                1, "x vt");
        return targets.verdicts.table();
    }

    private void timesAsFast(String scenario, Contender peer, double times) {
        verdicts.atLeast(scenario, value(scenario, peer, "arm-cancel") / kworker(scenario, "arm-cancel"), times,
                "x as fast as " + peer.label());
    }

    private double kworker(String scenario, String metric) {
        return value(scenario, Contender.KWORKER, metric);
    }

    private double value(String scenario, Contender contender, String metric) {
        return results.find(scenario, contender.label(), metric).orElse(Double.NaN);
    }
}
