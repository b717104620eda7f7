// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;

/** A runtime of two CPUs and one node that nobody serves: the test plays their owners. */
final class TwoCpus {
    /** Turns without a result, after which nothing more is to be hoped for. */
    private static final int TURNS_IN_VAIN = 100;

    private static final Topology MACHINE =
            Topology.of(BitSet.valueOf(new long[] {0b11}), core -> core, cache -> 0, node -> 0);

    final WorkRuntime runtime = HandDriven.builder().topology(MACHINE).build();
    final Owner first = new Owner(runtime.cpuArray()[0]);
    final Owner second = new Owner(runtime.cpuArray()[1]);

    /** An unbound workqueue with one pod for both CPUs. */
    Workqueue together(int maxActive) {
        return unbound(Affinity.SYSTEM, maxActive).build();
    }

    /** An unbound workqueue with a pod for each CPU, in which the other one helps. */
    Workqueue apart(int maxActive) {
        return unbound(Affinity.CPU, maxActive).build();
    }

    private Workqueue.Builder unbound(Affinity affinity, int maxActive) {
        return runtime.workqueue("unbound").unbound().affinity(affinity).maxActive(maxActive).minActive(1);
    }

    Workqueue ordered() {
        return runtime.workqueue("ordered").ordered().affinity(Affinity.SYSTEM).build();
    }

    /** The share of a workqueue that has just one. */
    static Share share(Workqueue workqueue) {
        return workqueue.allShares().getFirst();
    }

    /** Where the items of an unbound workqueue are counted. */
    static NodeLimit limit(Workqueue workqueue) {
        return (NodeLimit) workqueue.limiters().getFirst();
    }

    /** Takes messages and turns on both CPUs until nothing waits, or nothing comes of it. */
    void serve() {
        int vain = 0;
        while (vain < TURNS_IN_VAIN && (first.cpu.hasWaiting(0) || second.cpu.hasWaiting(0))) {
            vain = first.serveOnce() | second.serveOnce() ? 0 : vain + 1;
        }
    }

    /** Starts all that may start, and ends none of it; returns the number. */
    int startAll() {
        int started = 0;
        for (int vain = 0; vain < TURNS_IN_VAIN && first.cpu.hasWaiting(0); vain++) {
            if (first.cpu.fetch(Owner.context(first.cpu))) {
                started++;
                vain = 0;
            }
        }
        return started;
    }
}
