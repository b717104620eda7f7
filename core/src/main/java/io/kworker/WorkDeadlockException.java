// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * Thrown by a handler's wait that could never end: for its own item or workqueue; for a handler that waits for it,
 * directly or through others; for an item that gets no slot since those who wait for it hold all of them. In the kernel
 * this is a deadlock that only lockdep would have told (semantics J6, G58).
 *
 * <p>The message says who waits for what, one hop a line. The wait has not begun, or is given up, and the call has
 * changed nothing. So is {@link java.util.concurrent.Future#get} answered, where the future is of an
 * {@linkplain Workqueue#asExecutorService executor of a workqueue} and no time limit is given. What the engine does not
 * know of is not seen: locks, latches, other futures, and what a thread waits for that a handler has started.
 */
public final class WorkDeadlockException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    WorkDeadlockException(String message) {
        super(message);
    }
}
