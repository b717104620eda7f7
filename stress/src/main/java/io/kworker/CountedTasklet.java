// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.atomic.AtomicInteger;

/** A tasklet that says where and how often it ran, and whether that was on two CPUs at once. */
class CountedTasklet extends Tasklet {
    private final WorkRuntime runtime;
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger runs = new AtomicInteger();
    private volatile boolean hasOverlapped;
    private volatile int cpu = -1;

    CountedTasklet(WorkRuntime runtime) {
        super(runtime);
        this.runtime = runtime;
    }

    @Override
    protected void run() {
        if (inside.getAndIncrement() > 0) {
            hasOverlapped = true;
        }
        Share share = Softirq.isDirectPending(item.state()) || item.home == null ? direct.share : item.home;
        cpu = ((BoundShare) share).cpu.index;
        runs.getAndIncrement();
        inside.getAndDecrement();
    }

    /** As by a thread on that CPU. */
    boolean scheduleOn(int index) {
        return schedule(runtime.systemBh(), index);
    }

    /** Of the last run. */
    int cpu() {
        return cpu;
    }

    /** Runs begun; -1 where two were beside each other. */
    int runs() {
        return hasOverlapped ? -1 : runs.get();
    }

    boolean isIdle() {
        return !item.isBusy() && !isScheduled();
    }
}
