// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Finds out who is to blame for a stall that the {@link Watchdog} has seen, and logs it. Has a thread of its own. */
record StallReport(WorkRuntime runtime, Watched place, long progress, long waited) implements Runnable {
    private static final System.Logger LOG = System.getLogger("io.kworker");

    /** Handlers that are named with their stacks. */
    private static final int MOST_STACKS = 4;

    /** Frames of each. */
    private static final int MOST_FRAMES = 64;

    /**
     * Monitor. Not {@link WorkRuntime#inBackground}: in fallback the handlers that do not end may be on all carriers of
     * the scheduler on which that would run.
     */
    static void start(StallReport report) {
        try {
            Thread.ofPlatform().daemon().name("kworker/watchdog").inheritInheritableThreadLocals(false).start(report);
        } catch (Throwable t) { // no thread is to be had, which may be why things stall
            WorkRuntime.inBackground(report);
        }
    }

    @Override
    public void run() {
        String text = text();
        if (place.isWaiting() && place.progress() == progress) { // else what was found is about something else
            LOG.log(Level.WARNING, text);
        }
    }

    private String text() {
        List<InFlight> culprits = new ArrayList<>();
        for (InFlight handler : InFlight.all(runtime)) {
            if (place.isInTheWay(handler)) {
                culprits.add(handler);
            }
        }
        culprits.sort(Comparator.comparingLong(InFlight::nanos).reversed());
        StringBuilder text = new StringBuilder("runtime '").append(runtime.name()).append("', ").append(place.stall())
                .append(", for ").append(InFlight.time(waited))
                .append("\n  first in line: ").append(place.head());
        if (culprits.isEmpty()) {
            text.append("\n  ").append(place.otherwise());
        }
        for (InFlight handler : culprits.subList(0, Math.min(culprits.size(), MOST_STACKS))) {
            text.append("\n  ").append(handler.describe()).append(" (workqueue '")
                    .append(handler.share().workqueue.name()).append("')");
            appendStack(text, handler);
        }
        if (culprits.size() > MOST_STACKS) {
            text.append("\n  and ").append(culprits.size() - MOST_STACKS).append(" more");
        }
        return text.toString();
    }

    private static void appendStack(StringBuilder text, InFlight handler) {
        Thread thread = handler.thread();
        StackTraceElement[] stack = thread == null ? new StackTraceElement[0] : thread.getStackTrace();
        for (int i = 0; i < Math.min(stack.length, MOST_FRAMES); i++) {
            text.append("\n      at ").append(stack[i]);
        }
    }
}
