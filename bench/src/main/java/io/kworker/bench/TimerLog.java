// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** What timers tell of themselves when they fire; one after another. */
final class TimerLog {
    private final Samples lateness = new Samples();
    private final int expected;
    private int fired;
    private int early;
    private long cpuNanos;
    private volatile boolean isComplete;

    TimerLog(int expected) {
        this.expected = expected;
    }

    void fired(TimerItem item) {
        long late = System.nanoTime() - item.deadline;
        if (late < 0) {
            early++;
        } else {
            lateness.add(late);
        }
        if (++fired == expected) {
            cpuNanos = Libc.cpuNanos();
            isComplete = true;
        }
    }

    /** Whether all have fired. */
    boolean isComplete() {
        return isComplete;
    }

    /** CPU time of the process when the last one fired. */
    long cpuNanos() {
        return cpuNanos;
    }

    Samples lateness() {
        return lateness;
    }

    /** When the executor is closed: each has fired that often, and none too early. */
    void check(TimerItem[] items, int runs) {
        for (TimerItem item : items) {
            if (item.runs() != runs) {
                throw new BenchException("a timer fired " + item.runs() + " times, and should " + runs);
            }
        }
        if (early > 0) {
            throw new BenchException(early + " timers fired before their deadlines");
        }
    }
}
