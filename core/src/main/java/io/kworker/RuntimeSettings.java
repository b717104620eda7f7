// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.function.Supplier;
import org.agrona.concurrent.IdleStrategy;
import org.jspecify.annotations.Nullable;

/** What a runtime was built with. */
record RuntimeSettings(
        String name,
        @Nullable Supplier<? extends IdleStrategy> idleStrategies,
        long spinNanos,
        long thresholdNanos,
        long lifetimeNanos,
        int ringCapacity,
        int maxCarriers,
        long watchdogNanos,
        int hogWarnings,
        boolean powerEfficient,
        Affinity defaultAffinity,
        int cacheShardSize,
        long tickNanos,
        Runnable beforeThread) {

    @Nullable
    IdleStrategy newIdleStrategy() {
        return idleStrategies == null ? null : idleStrategies.get();
    }
}
