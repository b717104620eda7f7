// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** One question, with a table for an answer. */
interface Scenario {
    /** The name on the command line. */
    String name();

    /** One line for the help. */
    String summary();

    /** Measures, prints the table, adds the rows. */
    void run(Context context);
}
