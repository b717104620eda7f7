// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Handlers that blocked though they must not (J7), each class of them reported once. */
final class BlockedInAtomic {
    private static final boolean HAS_JFR = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    /** M: by the engine's own threads only, so that none of them waits here for a handler. */
    private final Set<Class<?>> reported = ConcurrentHashMap.newKeySet();

    BlockedInAtomic() {
        Report.prepare();
    }

    /** Bare carrier, or dispatcher. What the context runs is read here and now: it may go on at any moment. */
    void report(Run run) {
        Work work = run.work();
        Share share = run.share;
        if (work != null && share != null) {
            Class<?> function = work.function();
            if (!reported.contains(function) && reported.add(function)) {
                WorkRuntime.inBackground(new Report(run, work, share));
            }
        }
    }

    /** A class of its own and no lambda: a bare carrier should find it loaded, and nothing to be linked. */
    private record Report(Run context, Work work, Share share) implements Runnable {
        /** Loads the class. */
        static void prepare() {}

        @Override
        public void run() {
            Thread thread = context.thread();
            StackTraceElement[] stack = thread == null ? new StackTraceElement[0] : thread.getStackTrace();
            if (context.subject() != work) {
                stack = new StackTraceElement[0]; // of something else
            }
            String message = "the handler of " + InFlight.item(work) + ", an item of the bh() workqueue '"
                    + share.workqueue.name() + "', has blocked, and must not: the BH items behind it wait. What"
                    + " has to block is to be queued to a workqueue that is not bh()";
            if (HAS_JFR) {
                BlockedInAtomicEvent.emit(work, share.workqueue, thread);
            }
            share.workqueue.report(work, new BlockedInAtomicException(message, stack));
        }
    }
}
