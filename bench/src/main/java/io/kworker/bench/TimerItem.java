// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.netty.util.Timeout;
import io.netty.util.TimerTask;
import org.jspecify.annotations.Nullable;

/** What a timer calls, for each of the executors. */
class TimerItem implements Runnable, TimerTask {
    private final TimerLog log;

    /** {@link System#nanoTime}: for the check that it is not early. */
    long deadline;

    /** What the executor gave for it when it was armed, where it gives an object. */
    @Nullable Object handle;

    /** The same, where it gives a number. */
    long id;

    private int runs;

    TimerItem(TimerLog log) {
        this.log = log;
    }

    @Override
    public final void run() {
        runs++;
        log.fired(this);
    }

    @Override
    public final void run(Timeout timeout) {
        run();
    }

    /** For who knows that nothing fires any more. */
    final int runs() {
        return runs;
    }
}
