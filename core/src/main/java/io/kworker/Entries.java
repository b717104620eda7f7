// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Entries that wait, as any thread may see them. Their owner goes on taking and linking them meanwhile, so what is seen
 * may lack some, or have one twice; but every look ends, and none throws.
 */
final class Entries {
    /** Most groups of equal functions that are told apart. */
    private static final int MOST_GROUPS = 32;

    private Entries() {}

    /** The first of those that are in a queue, at most so many; not those that overflowed. */
    static List<Entry> queued(EntryQueue queue, int most) {
        List<Entry> seen = new ArrayList<>();
        Iterator<Entry> entries = queue.ringEntries();
        while (seen.size() < most && entries.hasNext()) {
            seen.add(entries.next());
        }
        return seen;
    }

    /** The first of those that have left the queue and wait for a slot of the share, at most so many. */
    static List<Entry> parked(Share share, int most) {
        List<Entry> seen = new ArrayList<>();
        Entry entry = share.inactive.peekFirst();
        // one that is linked elsewhere by now leads to another list, or, linked anew at the end, round and round
        while (entry != null && entry.share == share && seen.size() < most) {
            seen.add(entry);
            entry = entry.next;
        }
        return seen;
    }

    /** Whether it is that of an instance which was not cancelled. */
    static boolean isLive(Entry entry) {
        return !(entry instanceof Marker) && !entry.isDead();
    }

    /** For people. */
    static String describe(Entry entry) {
        Share share = entry.share;
        return (entry instanceof Marker ? "a flush" : InFlight.item(entry))
                + (share == null ? "" : " of workqueue '" + share.workqueue.name() + "'")
                + (entry instanceof Marker || isLive(entry) ? "" : " (cancelled)");
    }

    /** For people: their functions in order, each with the number of times that it comes in a row. */
    static String functions(List<Entry> entries) {
        StringBuilder text = new StringBuilder();
        String last = null;
        int times = 0;
        int groups = 0;
        int told = 0;
        for (Entry entry : entries) {
            String function = function(entry);
            if (!function.equals(last)) {
                append(text, last, times);
                if (last != null && ++groups == MOST_GROUPS) {
                    return text.append(", and ").append(entries.size() - told).append(" more").toString();
                }
                last = function;
                times = 0;
            }
            times++;
            told++;
        }
        append(text, last, times);
        return text.toString();
    }

    private static String function(Entry entry) {
        Class<?> function = entry.function();
        return function == null ? "flush" : function.getName();
    }

    private static void append(StringBuilder text, @Nullable String function, int times) {
        if (function != null) {
            text.append(text.isEmpty() ? "" : ", ").append(times == 1 ? "" : times + "*").append(function);
        }
    }
}
