// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.nio.file.Path;

/**
 * What a scenario is given.
 *
 * @param cpus who stands where
 * @param smoke whether rounds are tiny: to see that everything works, not to measure
 * @param directory the directory to read
 */
record Context(Cpus cpus, boolean smoke, Path directory, Progress progress, Results results) {
    /** An amount for real, and one for smoke. */
    int amount(int real, int tiny) {
        return smoke ? tiny : real;
    }

    /** Shows a finished table. */
    void print(Table table) {
        progress.clear();
        System.out.print(table);
        System.out.flush();
    }
}
