// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Tasklet;
import io.kworker.Work;
import org.jspecify.annotations.Nullable;

/** What is handed over: the same object is a {@link Work} for kworker and a {@link Runnable} for all others. */
abstract class Item extends Work implements Runnable {
    /** What {@link TaskletPeer} schedules for it. */
    @Nullable Tasklet tasklet;

    @Override
    public abstract void run();
}
