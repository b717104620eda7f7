// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a scenario is given.
 *
 * @param cpus who stands where
 * @param smoke whether rounds are tiny: to see that everything works, not to measure
 * @param directory the directory to read
 * @param before the classes of the kworker to measure beside this one, if any
 */
record Context(Cpus cpus, boolean smoke, Path directory, @Nullable Path before, Progress progress, Results results) {
    /** The lanes of some executors, save those that take no part. */
    List<Lane> lanes(Collection<Contender> contenders, Predicate<Lane> takesPart) {
        return Lane.of(contenders,
                lane -> takesPart.test(lane) && (before != null || lane.contender() != Contender.KWORKER_BEFORE));
    }

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
