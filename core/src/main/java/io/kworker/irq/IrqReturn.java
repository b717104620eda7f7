// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

/** What a primary handler has found (the kernel's {@code irqreturn_t}, I2). */
public enum IrqReturn {
    /** The interrupt was not for this handler ({@code IRQ_NONE}). */
    NONE,

    /** Done ({@code IRQ_HANDLED}). */
    HANDLED,

    /** The threaded handler is to do the rest ({@code IRQ_WAKE_THREAD}). */
    WAKE_THREAD
}
