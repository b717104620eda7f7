// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A workqueue for management tools (J15; what {@code WQ_SYSFS} gives in the kernel, and the columns of its
 * {@code wq_monitor}). Published by {@link Workqueue.Builder#mxBean} in the platform's MBean server as
 * {@code io.kworker:type=Workqueue,runtime=...,name=...}, both names quoted where they need it, until the workqueue is
 * closed. Where that name is taken, {@code #2}, {@code #3} and so on is added to the workqueue's.
 *
 * <p>The counters are weakly consistent; {@link WorkqueueStats.Counters} says what each of them is.
 */
public interface WorkqueueMXBean {
    /**
     * The name given to the builder.
     *
     * @return the name
     */
    String getName();

    /**
     * What it was built with.
     *
     * @return {@code bound}, {@code unbound} or {@code ordered}, then the builder's other flags by their names
     */
    List<String> getFlags();

    /**
     * The limit on active items.
     *
     * @return as {@link Workqueue#maxActive}
     */
    int getMaxActive();

    /**
     * Changes the limit on active items.
     *
     * @param items as {@link Workqueue#setMaxActive}
     * @throws IllegalArgumentException if out of range
     * @throws IllegalStateException if the workqueue is ordered or BH
     */
    void setMaxActive(int items);

    /**
     * How many items may be active on each node in any case.
     *
     * @return as {@link Workqueue#minActive}
     */
    int getMinActive();

    /**
     * Changes how many items may be active on each node in any case.
     *
     * @param items as {@link Workqueue#setMinActive}
     * @throws IllegalArgumentException if out of range
     * @throws IllegalStateException if the workqueue is not unbound, or ordered
     */
    void setMinActive(int items);

    /**
     * The CPUs that run its items.
     *
     * @return the operating system's numbers, ascending: those wanted by its attributes, and all of the runtime where
     *     they name none, or it has no attributes
     */
    List<Integer> getCpus();

    /**
     * How the CPUs are divided into pods.
     *
     * @return the scope; null where the workqueue is bound to CPUs
     */
    @Nullable
    Affinity getAffinity();

    /**
     * Whether the CPUs of other pods keep off.
     *
     * @return true if so; false where the workqueue is bound to CPUs
     */
    boolean isStrict();

    /**
     * Instances started.
     *
     * @return their number so far
     */
    long getStarted();

    /**
     * Instances over.
     *
     * @return their number so far
     */
    long getCompleted();

    /**
     * Instances started and not over.
     *
     * @return their number now
     */
    long getActive();

    /**
     * Instances that wait for a slot, or for a run of their own item to end.
     *
     * @return their number now
     */
    long getWaiting();

    /**
     * Runs that kept their CPU for too long.
     *
     * @return their number so far
     */
    long getCpuIntensive();

    /**
     * Workers resumed because a handler blocked.
     *
     * @return their number so far
     */
    long getCmWakeup();

    /**
     * Calls of the rescuer.
     *
     * @return their number so far
     */
    long getMayday();

    /**
     * Instances that the rescuer has run.
     *
     * @return their number so far
     */
    long getRescued();

    /**
     * Instances that came home to their CPU when it came online again.
     *
     * @return their number so far
     */
    long getRepatriated();
}
