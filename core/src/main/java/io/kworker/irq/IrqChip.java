// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

/**
 * What a line is told about the source of its interrupts, so that it can silence it (the masking half of the kernel's
 * {@code struct irq_chip}). A line begins masked; it is unmasked by the first request of a handler.
 *
 * <p>{@link #mask} and {@link #unmask} come in turns, never two at once, from whichever thread has changed the line:
 * one that raises, disables, enables, requests or frees, or a worker. They must not block. What they throw goes to the
 * line's exception handler.
 */
public interface IrqChip {
    /** The source is to keep quiet. Until it does it may go on raising: see {@link IrqLine#raise}. */
    default void mask() {}

    /** The source may raise again. That of a level line which is asserted has to, unless {@link #isAsserted} tells. */
    default void unmask() {}

    /**
     * Asked about a level line after each {@link #unmask}, by the same thread: whether the source is still asserted and
     * will not raise again by itself. The line then goes on as if it had been raised (I17).
     *
     * @return true if so; by default false, which is right for a source that raises for as long as it is asserted, such
     *     as a selector
     */
    default boolean isAsserted() {
        return false;
    }
}
