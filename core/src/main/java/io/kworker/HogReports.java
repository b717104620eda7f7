// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.HashMap;
import java.util.Map;

/**
 * How often handlers of one kind have kept their CPU for too long, and which of these offences are to be reported: the
 * one of a given number, then the next, and from there on each time after twice as many as before. From 4 on that is
 * 4, 5, 7, 11, 19, 35, 67 ... (G28; the kernel's rule).
 *
 * <p>For threads of the engine; no handler ever holds its lock.
 */
final class HogReports {
    /** Kinds of handlers that are counted; of those that come later nothing is reported. (The kernel's number.) */
    static final int MOST = 128;

    /** I: the first offence to be reported; 0 for none. */
    private final int first;

    /** L. */
    private final Map<Class<?>, Long> offences = new HashMap<>();

    HogReports(int first) {
        this.first = first;
    }

    /** One more. Returns how many there have been of that kind if this one is to be reported, else 0. */
    synchronized long count(Class<?> function) {
        if (first == 0 || offences.size() >= MOST && !offences.containsKey(function)) {
            return 0;
        }
        long times = offences.merge(function, 1L, Long::sum);
        return times >= first && Long.bitCount(times - first + 1) == 1 ? times : 0;
    }
}
