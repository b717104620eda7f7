// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * Which CPUs an unbound workqueue takes for near each other. Its CPUs are divided into pods by what they have in
 * common, and an item is preferably started in the pod of the CPU that it was queued on. A small pod keeps in a near
 * cache what item and queuer share; a large one has more CPUs among which one may be free. Only the pod of
 * {@link #SYSTEM} spans NUMA nodes. The names are the kernel's.
 */
public enum Affinity {
    /** Nothing: each CPU is a pod. */
    CPU,

    /** A core: a pod is the CPUs that are its hardware threads. */
    SMT,

    /** A last-level cache. */
    CACHE,

    /**
     * A slice of a last-level cache, of about as many cores as the cache shard size says. There are as many slices as
     * the cache's cores divided by that size, rounded to nearest, and at least one; their sizes differ by at most one
     * core, and the hardware threads of a core are all in the same one.
     */
    CACHE_SHARD,

    /** A NUMA node. */
    NUMA,

    /** The machine: all CPUs are one pod. */
    SYSTEM
}
