// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Tasklet;
import io.kworker.Work;
import io.kworker.WorkRuntime;
import org.jspecify.annotations.Nullable;

/** What is handed over: the same object is a {@link Work} for kworker and a {@link Runnable} for all others. */
abstract class Item extends Work implements Runnable {
    private @Nullable Tasklet tasklet;

    @Override
    public abstract void run();

    /** What {@link TaskletPeer} schedules for it. */
    final Tasklet tasklet(WorkRuntime runtime) {
        Tasklet known = tasklet;
        if (known == null) {
            tasklet = known = newTasklet(runtime);
        }
        return known;
    }

    /** A tasklet that does the same. */
    Tasklet newTasklet(WorkRuntime runtime) {
        return Tasklet.of(runtime, all -> run());
    }
}
