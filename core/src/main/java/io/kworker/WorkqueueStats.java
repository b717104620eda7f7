// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.List;

/**
 * The counters of a workqueue (what the kernel's {@code wq_monitor} shows), as {@link Workqueue#stats} found them.
 *
 * <p>Weakly consistent: nothing stops while they are read. Each is what it was at some moment during the call, not all
 * at the same one, so that they need not balance while items are queued and end. Once nothing is queued or runs any
 * more, and what the reader knows of that happens before the call, they are exact.
 *
 * @param name the workqueue's name
 * @param totals the sums of all parts
 * @param perCpu the parts: for each CPU of a bound workqueue, in the order of {@link WorkRuntime#cpus}; for each pod
 *     that an unbound one has used; the only one of an ordered one
 * @param timersCancelled delayed items whose timer its closing has taken back (J2)
 */
public record WorkqueueStats(String name, Counters totals, List<PerCpu> perCpu, long timersCancelled) {
    /**
     * Copies the list.
     */
    public WorkqueueStats {
        perCpu = List.copyOf(perCpu);
    }

    static WorkqueueStats of(Workqueue workqueue) {
        List<PerCpu> parts = new ArrayList<>();
        Counters totals = new Counters(0, 0, 0, 0, 0, 0, 0, 0, 0);
        for (Share share : workqueue.allShares()) {
            Counters counters = Counters.of(share);
            parts.add(new PerCpu(label(share), counters));
            totals = totals.plus(counters);
        }
        return new WorkqueueStats(workqueue.name(), totals, parts, workqueue.timersCancelled());
    }

    /** For people: where a share is. An ordered one is now here and now there. */
    static String label(Share share) {
        Pool pool = share instanceof OrderedShare ? null : share.poolNow();
        return pool == null ? "ordered" : pool.name();
    }

    /**
     * What is counted in one place.
     *
     * @param label the place, such as {@code CPU 3}, {@code CPU 3 highpri}, {@code pod {0, 1}} or {@code ordered}
     * @param counters what was counted there
     */
    public record PerCpu(String label, Counters counters) {}

    /**
     * Numbers of items, from the making of the workqueue to the call, save for {@code active} and {@code waiting},
     * which are those of the moment. In brackets the column of {@code wq_monitor}.
     *
     * @param started instances whose handler was started [total]
     * @param completed instances whose handler is over, normally or by an exception; the kernel has it as total minus
     *     infl
     * @param active instances started and not completed, sleeping ones included [infl]
     * @param waiting instances that have come out of the queue and wait for a slot, or for a run of their own item to
     *     end; in an ordered workqueue all that wait. Cancelled ones count until their turn comes. What is still in the
     *     queue of a CPU or pod is counted there ({@link RuntimeStats}); the kernel shows neither
     * @param cpuIntensive runs of handlers of a bound workqueue that kept their CPU for the CPU-intensive threshold
     *     without blocking, each stretch of a run counted once; 0 of unbound and {@code cpuIntensive} workqueues
     *     [CPUitsv]
     * @param cmWakeup workers resumed because a handler of this workqueue blocked and something else waited for the
     *     CPU; 0 of unbound workqueues, and in fallback, where the JDK does it unseen [CMW]
     * @param mayday calls of the rescuer, of a {@code memReclaim} workqueue [mayday]
     * @param rescued instances that the rescuer has run [rescued]
     * @param repatriated instances that were active or waiting on a CPU when it came online again, and so came home to
     *     it; 0 of unbound workqueues, of which the kernel counts workers that were pulled back into their pod [RPR]
     */
    public record Counters(
            long started,
            long completed,
            long active,
            long waiting,
            long cpuIntensive,
            long cmWakeup,
            long mayday,
            long rescued,
            long repatriated) {
        private static Counters of(Share share) {
            long completed = share.completedNow(); // before those started, so that it is not the greater one
            return new Counters(
                    share.startedNow(),
                    completed,
                    share.activeNow(),
                    share instanceof OrderedShare ordered ? ordered.queue.size() + ordered.waitingNow()
                            : share.waitingNow(),
                    share.cpuIntensive.sum(),
                    share instanceof BoundShare ? share.cmWakeups : 0,
                    share.maydays.sum(),
                    share.rescued.sum(),
                    share.repatriated.sum());
        }

        private Counters plus(Counters other) {
            return new Counters(
                    started + other.started,
                    completed + other.completed,
                    active + other.active,
                    waiting + other.waiting,
                    cpuIntensive + other.cpuIntensive,
                    cmWakeup + other.cmWakeup,
                    mayday + other.mayday,
                    rescued + other.rescued,
                    repatriated + other.repatriated);
        }
    }
}
