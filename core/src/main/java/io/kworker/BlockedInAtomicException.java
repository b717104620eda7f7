// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * The handler of a {@linkplain Workqueue.Builder#bh BH} item has blocked, which it must not (J7). Never thrown: it is
 * given to the workqueue's exception handler, once for each class of handlers in a runtime, on a thread of its own,
 * while the item goes on. Its stack trace is that of the handler's thread where it was found blocked, and empty where
 * the handler had gone on by then.
 */
public final class BlockedInAtomicException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    BlockedInAtomicException(String message, StackTraceElement[] where) {
        super(message);
        setStackTrace(where);
    }
}
