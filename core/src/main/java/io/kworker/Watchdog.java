// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** Stub to be filled. */
final class Watchdog {
    private final WorkRuntime runtime;

    Watchdog(WorkRuntime runtime) {
        this.runtime = runtime;
    }

    /** Whether something waits, so that the monitor must not sleep for longer than {@link #period}. */
    boolean isWary() {
        return false;
    }

    long period() {
        return runtime.settings.watchdogNanos();
    }

    void look(long now) {}

    void countHog(Carrier carrier, long phase) {
        Worker worker = carrier.mounted();
        if (worker != null) {
            Share share = worker.share;
            if (worker.work != null && share != null && carrier.tenure.phase() == phase) {
                share.cpuIntensive.increment();
            }
        }
    }

    /** Carrier, or dispatcher. */
    void blockedInAtomic(Run run) {}
}
