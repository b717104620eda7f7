// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Locale;

/** One line on standard error that is overwritten on a terminal; elsewhere a line for each phase. */
final class Progress {
    private static final String CLEAR = "\r\u001b[K";

    private final boolean terminal = Libc.isTerminal(2);
    private final long start = System.nanoTime();

    /** A new phase: shown everywhere. */
    void phase(String text) {
        if (terminal) {
            step(text);
        } else {
            System.err.println(stamp() + text);
        }
    }

    /** A step of a phase: shown on a terminal. */
    void step(String text) {
        if (terminal) {
            System.err.print(CLEAR + stamp() + text);
            System.err.flush();
        }
    }

    /** Makes room for other output. */
    void clear() {
        if (terminal) {
            System.err.print(CLEAR);
            System.err.flush();
        }
    }

    double seconds() {
        return (System.nanoTime() - start) / 1e9;
    }

    private String stamp() {
        return String.format(Locale.ROOT, "[%3.0f s] ", seconds());
    }
}
