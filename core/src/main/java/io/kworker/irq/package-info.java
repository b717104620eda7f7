// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors

/**
 * Threaded interrupts: a line that something raises, short primary handlers that run in the thread that raises it, and
 * threaded handlers that sleep freely on a worker. Start at {@link io.kworker.irq.IrqLine}.
 */
/*
 * Letters of shared fields as in io.kworker, and one more:
 *
 *   P     whoever is in progress on the line, see IrqState; others read only where a method says so
 */
@NullMarked
package io.kworker.irq;

import org.jspecify.annotations.NullMarked;
