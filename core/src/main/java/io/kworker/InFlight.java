// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A handler that runs or sleeps, as another thread has seen it: it may be over by now. Nothing of the user's is called
 * for it, no {@code toString} either.
 *
 * @param nanos since its start, to a tick of the monitor; -1 where it has not started quite
 */
record InFlight(Run run, Work work, Share share, long nanos) {
    /** How often a context is looked at that changes at every look. */
    private static final int TRIES = 3;

    /** All there are in a runtime. Takes no lock. */
    static List<InFlight> all(WorkRuntime runtime) {
        List<InFlight> all = new ArrayList<>();
        for (Run run : runtime.runs()) {
            InFlight seen = of(run);
            if (seen != null) {
                all.add(seen);
            }
        }
        return all;
    }

    /** What a context runs now; null where that is nothing. */
    static @Nullable InFlight of(Run run) {
        for (int i = 0; i < TRIES; i++) {
            Object subject = run.subject();
            Work work = run.work();
            Share share = run.share;
            long startedAt = run.startedAt();
            if (work == null || share == null) {
                return null;
            }
            VarHandle.acquireFence(); // the three before the next one
            if (run.subject() == subject) {
                return new InFlight(run, work, share, startedAt == 0 ? -1 : Math.max(0, System.nanoTime() - startedAt));
            }
        }
        return null;
    }

    /** The thread, for its name and stack; null where there is none yet. */
    @Nullable
    Thread thread() {
        return nanos < 0 ? null : run.thread();
    }

    /** For people: an item, by its function. */
    static String item(Entry entry) {
        Class<?> function = entry.function();
        assert function != null;
        Work work = entry.work();
        return function.getName() + '@' + Integer.toHexString(System.identityHashCode(work == null ? entry : work));
    }

    /** For people. */
    static String time(long nanos) {
        return nanos < 10_000_000_000L ? nanos / 1_000_000 + " ms" : Duration.ofNanos(nanos).toSeconds() + " s";
    }

    /** For people: the thread, what kind it is, the item, for how long. */
    String describe() {
        Thread thread = thread();
        String description = run.description();
        return (thread == null ? "no thread yet" : thread.getName())
                + (run.isRescuer() ? " (RESCUER)" : "")
                + (share.workqueue.isBh() ? " (bh)" : "")
                + ": " + item(work)
                + (nanos < 0 ? " about to start" : " for " + time(nanos))
                + (description == null ? "" : ", \"" + description + '"');
    }
}
