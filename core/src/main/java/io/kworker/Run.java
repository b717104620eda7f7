// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/** One execution context of handlers: which item it runs now, and for which share. */
abstract class Run {
    /** The context that the current thread is, if it is one. Not inherited by the threads that a handler starts. */
    private static final ThreadLocal<@Nullable Run> CURRENT = new ThreadLocal<>();

    /** I. */
    final Cpu cpu;

    /** W. */
    @Nullable Work work;

    /** W. */
    @Nullable Share share;

    Run(Cpu cpu) {
        this.cpu = cpu;
    }

    static @Nullable Run current() {
        return CURRENT.get();
    }

    /** The worker's thread says once that it is this context. */
    final void becomeCurrent() {
        CURRENT.set(this);
    }

    /** Runs the handler of an item that was started for this context. Foreign code: it may block, hog and throw. */
    final void perform(Work item, Share of) {
        try {
            item.run();
        } catch (Throwable t) {
            of.workqueue.report(item, t);
        }
        Thread.interrupted(); // J8: an interrupt meant for this run must not reach the next one
    }
}
