// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** What Flight Recorder is told of a BH handler that has blocked (J7). Only for where there is a module jdk.jfr. */
@Name(BlockedInAtomicEvent.NAME)
@Label("Blocked in Atomic Context")
@Description("The handler of a BH item has blocked, which it must not; told once for its class and runtime")
@Category("kworker")
@StackTrace(false)
final class BlockedInAtomicEvent extends Event {
    static final String NAME = "io.kworker.BlockedInAtomic";

    @Label("Runtime") final String runtime;

    @Label("Workqueue") final String workqueue;

    @Label("Handler") final Class<?> handler;

    @Label("Handler Thread") final @Nullable Thread handlerThread;

    private BlockedInAtomicEvent(Workqueue workqueue, Class<?> handler, @Nullable Thread thread) {
        this.runtime = workqueue.runtime().name();
        this.workqueue = workqueue.name();
        this.handler = handler;
        this.handlerThread = thread;
    }

    static void emit(Work work, Workqueue workqueue, @Nullable Thread thread) {
        new BlockedInAtomicEvent(workqueue, work.function(), thread).commit();
    }
}
