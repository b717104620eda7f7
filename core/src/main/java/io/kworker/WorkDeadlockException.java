// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * Thrown by a wait that could never end: a handler that waits for its own item, or for its own workqueue to empty. In
 * the kernel this is a deadlock that only lockdep would have told (semantics J6, G58).
 */
public final class WorkDeadlockException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    WorkDeadlockException(String message) {
        super(message);
    }
}
