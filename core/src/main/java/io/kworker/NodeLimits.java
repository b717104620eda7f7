// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** The limits of an unbound workqueue, node by node (G33). */
final class NodeLimits {
    /** The node of pods whose CPUs are of several nodes: their limit is the whole one. */
    static final int SPANNING = -1;

    /** The most shares that an unbound workqueue may come to have by changes of its attributes. */
    static final int MAX_SHARES = 1024;

    private final Workqueue workqueue;
    private final Shares shares;
    private final Pods pods;

    /** L: by node. */
    private final Map<Integer, NodeLimit> limits = new HashMap<>();

    NodeLimits(Workqueue workqueue, Shares shares, Pods pods) {
        this.workqueue = workqueue;
        this.shares = shares; // the workqueue itself has none yet while its first shares are made
        this.pods = pods;
    }

    synchronized NodeLimit of(int node) {
        return limits.computeIfAbsent(node, n -> new NodeLimit(() -> limit(n), MAX_SHARES));
    }

    synchronized Collection<NodeLimit> all() {
        return limits.values().stream().toList();
    }

    private int limit(int node) {
        int max = workqueue.limitNow();
        if (max == 0 || node == SPANNING) {
            return max;
        }
        BitSet reach = shares.reach();
        int all = reach.cardinality();
        reach.and(pods.topology().cpusOfNode(node));
        int least = Math.max(1, workqueue.minActive()); // what lies on a node without CPUs must come to its end
        return Topology.share(max, least, reach.cardinality(), all);
    }
}
