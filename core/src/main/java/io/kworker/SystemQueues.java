// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The workqueues that every runtime has, made when they are first asked for. */
final class SystemQueues {
    /** With the kernel's names. */
    enum Kind {
        NORMAL("events", builder -> builder),
        HIGHPRI("events_highpri", Workqueue.Builder::highpri),
        LONG("events_long", builder -> builder),
        UNBOUND("events_unbound", builder -> builder.unbound().maxActive(Workqueue.MAX_ACTIVE_LIMIT)),
        FREEZABLE("events_freezable", Workqueue.Builder::freezable),
        POWER_EFFICIENT("events_power_efficient", Workqueue.Builder::powerEfficient),
        BH("events_bh", Workqueue.Builder::bh),
        BH_HIGHPRI("events_bh_highpri", builder -> builder.bh().highpri()),
        TIMERS("timers", builder -> builder.bh().highpri());

        private final String name;
        @SuppressWarnings("ImmutableEnumChecker") private final UnaryOperator<Workqueue.Builder> flags;

        Kind(String name, UnaryOperator<Workqueue.Builder> flags) {
            this.name = name;
            this.flags = flags;
        }
    }

    private final WorkRuntime runtime;

    /** L. */
    private final Map<Kind, Workqueue> made = new EnumMap<>(Kind.class);

    /** S: under the lock: the one that is asked for most. */
    private volatile @Nullable Workqueue normal;

    SystemQueues(WorkRuntime runtime) {
        this.runtime = runtime;
    }

    Workqueue normal() {
        Workqueue workqueue = normal;
        return workqueue == null ? get(Kind.NORMAL) : workqueue;
    }

    synchronized Workqueue get(Kind kind) {
        Workqueue workqueue = made.get(kind);
        if (workqueue == null) {
            workqueue = kind.flags.apply(runtime.workqueue(kind.name)).build();
            made.put(kind, workqueue);
            if (kind == Kind.NORMAL) {
                normal = workqueue;
            }
        }
        return workqueue;
    }

    synchronized boolean contains(Workqueue workqueue) {
        return made.containsValue(workqueue);
    }
}
