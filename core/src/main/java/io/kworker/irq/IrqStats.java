// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import java.util.List;

/**
 * The counters of a line, as {@link IrqLine#stats} found them. Nothing stops or waits for it, so they are weakly
 * consistent.
 *
 * @param name the line's name
 * @param raised calls of {@link IrqLine#raise}
 * @param passes how often the primary handlers were run: less than raised where edges were remembered as one, or raises
 *     of a masked level line dropped; more where a level line was found still asserted
 * @param handled passes in which some primary handler returned something else than {@link IrqReturn#NONE}
 * @param unhandled the other passes: spurious interrupts
 * @param isStopped whether the line was stopped for too many of them
 * @param disableDepth levels of {@link IrqLine#disable} in force
 * @param isMasked whether the chip was told to mask
 * @param actions one for each handler on the line, in the order of their requests
 */
public record IrqStats(
        String name,
        long raised,
        long passes,
        long handled,
        long unhandled,
        boolean isStopped,
        int disableDepth,
        boolean isMasked,
        List<PerAction> actions) {
    /** Copies the list. */
    public IrqStats {
        actions = List.copyOf(actions);
    }

    /**
     * One handler.
     *
     * @param name its name
     * @param woken wakes of the threaded handler that did not find it woken already (I15)
     * @param runs ended runs of the threaded handler
     */
    public record PerAction(String name, long woken, long runs) {}
}
