// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** An item that counts its runs, and notices when two workers run it at once. */
final class Item extends Work {
    private final Handler handler;
    private final AtomicBoolean isInside = new AtomicBoolean();
    private final AtomicInteger runs = new AtomicInteger();
    private volatile boolean hasOverlapped;
    private volatile Throwable failure;

    Item(Handler handler) {
        this.handler = handler;
    }

    @Override
    protected void run() throws Exception {
        if (!isInside.compareAndSet(false, true)) {
            hasOverlapped = true;
        }
        try {
            runs.incrementAndGet();
            handler.run(this);
        } catch (Throwable t) {
            failure = t;
            throw t;
        } finally {
            isInside.set(false);
        }
    }

    /** Runs begun. */
    int runs() {
        return runs.get();
    }

    /** What the last run that failed has thrown, or null. */
    Throwable failure() {
        return failure;
    }

    boolean hasOverlapped() {
        return hasOverlapped;
    }
}
