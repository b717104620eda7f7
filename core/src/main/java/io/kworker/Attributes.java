// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where the items of an unbound or ordered workqueue may run (the kernel's {@code struct workqueue_attrs}). Immutable.
 *
 * @param cpus numbers of CPUs, ascending; empty for all of the runtime. Those that are offline, or not of the runtime,
 *     do not count; where no other is left, all of the runtime that are online do
 * @param affinity how the CPUs are divided into pods
 * @param strict whether the CPUs of other pods keep off; else they help when they have nothing to do
 */
public record Attributes(Set<Integer> cpus, Affinity affinity, boolean strict) {
    /**
     * Checks and copies.
     *
     * @throws NullPointerException if something is null
     * @throws IllegalArgumentException if a CPU is negative
     */
    public Attributes {
        Objects.requireNonNull(affinity, "affinity");
        cpus = java.util.Collections.unmodifiableSet(new TreeSet<>(cpus));
        for (int cpu : cpus) {
            if (cpu < 0) {
                throw new IllegalArgumentException("there is no CPU " + cpu);
            }
        }
    }

    /**
     * All CPUs, in pods of that scope, not strict.
     *
     * @param affinity how the CPUs are divided into pods
     * @return the attributes
     * @throws NullPointerException if {@code affinity} is null
     */
    public static Attributes of(Affinity affinity) {
        return new Attributes(Set.of(), affinity, false);
    }

    /**
     * The same on other CPUs.
     *
     * @param numbers the CPUs; none for all of the runtime
     * @return new attributes
     * @throws IllegalArgumentException if a CPU is negative
     */
    public Attributes withCpus(int... numbers) {
        Set<Integer> set = new TreeSet<>();
        for (int number : numbers) {
            set.add(number);
        }
        return new Attributes(set, affinity, strict);
    }

    /**
     * The same, strict.
     *
     * @return new attributes
     */
    public Attributes strictly() {
        return new Attributes(cpus, affinity, true);
    }
}
