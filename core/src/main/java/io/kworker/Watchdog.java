// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.System.Logger.Level;
import java.lang.invoke.VarHandle;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reports what does not go on as it should: work that waits while nothing moves (G80), handlers that keep their CPU for
 * too long (G28), BH handlers that block (J7).
 *
 * <p>It is called by the monitor, by carriers and by dispatchers, which wait for nobody: so it only reads. What may
 * have to wait, a look at stacks and all logging, is done by other threads.
 */
final class Watchdog {
    private static final System.Logger LOG = System.getLogger("io.kworker");

    /** Looks in the time after which a stall is reported. */
    private static final int LOOKS = 4;

    private static final long MIN_PERIOD_NANOS = 1_000_000;

    /** Reports of stalls are at least so far apart. */
    private static final long REPORT_NANOS = 1_000_000_000;

    private final WorkRuntime runtime;

    /** I: how long something has to wait, and nothing to move; 0 for any time. */
    private final long threshold;

    /** I: between two looks. */
    private final long period;

    private final HogReports hogs;
    private final BlockedInAtomic blockedInAtomic = new BlockedInAtomic();

    /** Monitor: where something waited at the last look. */
    private Map<Watched, Sight> sights = new HashMap<>();

    /** Monitor. */
    private long lastLook = System.nanoTime();

    /** Monitor. */
    private long nextLook = lastLook;

    /** Monitor: the earliest time of the next report. */
    private long nextReport = lastLook;

    Watchdog(WorkRuntime runtime) {
        this.runtime = runtime;
        threshold = runtime.settings.watchdogNanos();
        period = Math.max(MIN_PERIOD_NANOS, threshold / LOOKS);
        hogs = new HogReports(runtime.settings.hogWarnings());
    }

    // ---- stalls ----

    /** Monitor. Whether something waits, so that it must not sleep for longer than {@link #period}. */
    boolean isWary() {
        try {
            return threshold > 0 && !Watched.waiting(runtime).isEmpty();
        } catch (Throwable t) { // out of memory: the monitor must go on
            return true;
        }
    }

    /** Monitor. Nanoseconds until it should look again, at most. */
    long period() {
        return Math.clamp(nextLook - System.nanoTime(), MIN_PERIOD_NANOS, period);
    }

    /** Monitor. Looks whether something stalls, if it is time for that. */
    void look(long now) {
        if (threshold > 0 && now - nextLook >= 0) {
            try {
                lookNow(now);
            } catch (Throwable t) { // out of memory: the monitor must go on
                runtime.carrierFault(t);
            }
        }
    }

    private void lookNow(long now) {
        // a process that was stopped, or a monitor that got no CPU, has seen nothing of the time between
        long watched = Math.min(now - lastLook, 2 * period);
        lastLook = now;
        nextLook = now + period;
        Map<Watched, Sight> seen = new HashMap<>();
        for (Watched place : Watched.waiting(runtime)) {
            long progress = place.progress();
            Sight sight = sights.get(place);
            if (sight == null || sight.progress != progress) {
                sight = new Sight(place, progress, threshold);
            } else {
                sight.waited += watched;
            }
            seen.put(place, sight);
        }
        sights = seen;
        bark(now);
    }

    /** Reports one stall, if there is one and it is time for a report: rather one that was not reported before. */
    private void bark(long now) {
        List<Sight> due = sights.values().stream()
                .filter(sight -> sight.waited >= sight.reportAt)
                .sorted(Comparator.comparingLong(sight -> sight.reportAt))
                .toList();
        if (!due.isEmpty() && now - nextReport >= 0) {
            Sight sight = due.getFirst();
            VarHandle.fullFence();
            if (!sight.place.isWaiting() || sight.place.progress() != sight.progress) {
                return; // R67: it was on its way when we looked
            }
            nextReport = now + REPORT_NANOS;
            sight.reportAt = 2 * sight.waited;
            StallReport.start(new StallReport(runtime, sight.place, sight.progress, sight.waited));
            due = due.subList(1, due.size());
        }
        if (!due.isEmpty() && nextReport - nextLook < 0) {
            nextLook = nextReport;
        }
    }

    /** What was seen of a place where something waits. */
    private static final class Sight {
        private final Watched place;
        private final long progress;

        /** For how long nothing has moved, at least. */
        private long waited;

        /** How long that is to be when it is reported. */
        private long reportAt;

        Sight(Watched place, long progress, long reportAt) {
            this.place = place;
            this.progress = progress;
            this.reportAt = reportAt;
        }
    }

    // ---- hogs ----

    /** Monitor. A phase of foreign code has taken its carrier for the CPU-intensive threshold. */
    void countHog(Carrier carrier, long phase) {
        Worker worker = carrier.mounted();
        if (worker != null) {
            Work work = worker.work();
            Share share = worker.share;
            VarHandle.acquireFence(); // what was read belongs to that phase if it still is that phase
            if (work != null && share != null && carrier.tenure.phase() == phase) {
                countHog(work, share);
            }
        }
    }

    /** Dispatcher. A handler has run for the CPU-intensive threshold without blocking. */
    void countHog(Run run) {
        Work work = run.work();
        Share share = run.share;
        if (work != null && share != null && run.startedAt() != 0) { // else the JDK has not come to it
            countHog(work, share);
        }
    }

    private void countHog(Work work, Share share) {
        if (!share.isPlain) {
            return; // it is welcome to
        }
        share.cpuIntensive.increment();
        Class<?> function = work.function();
        long times = hogs.count(function);
        if (times > 0) {
            WorkRuntime.inBackground(() -> LOG.log(Level.WARNING,
                    function.getName() + " hogged its CPU for more than " + runtime.settings.thresholdNanos() / 1_000
                            + " us " + times + " times, last on " + WorkqueueStats.label(share) + " in workqueue '"
                            + share.workqueue.name() + "'; consider one that is cpuIntensive() or unbound()"));
        }
    }

    // ---- blocking where it is not allowed ----

    /** Carrier, or dispatcher. A handler has blocked that must not. */
    void blockedInAtomic(Run run) {
        blockedInAtomic.report(run);
    }
}
