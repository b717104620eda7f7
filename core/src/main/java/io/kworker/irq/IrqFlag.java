// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

/** How a handler is requested. */
public enum IrqFlag {
    /**
     * The line stays masked after the primary handlers until all threaded handlers that they have woken are done
     * ({@code IRQF_ONESHOT}, I3).
     */
    ONESHOT,

    /** Other handlers may be on the same line ({@code IRQF_SHARED}, I4). */
    SHARED,

    /**
     * The request disables the line once: the caller owes an {@link IrqLine#enable} ({@code IRQF_NO_AUTOEN}, I5). Not
     * together with {@link #SHARED}.
     */
    NO_AUTOEN
}
