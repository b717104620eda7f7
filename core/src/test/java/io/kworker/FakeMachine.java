// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.BitSet;
import java.util.stream.IntStream;

/** Machines that are not there: CPUs from 0 on, in cores, caches and nodes. */
final class FakeMachine {
    private FakeMachine() {}

    /** So many CPUs, all alike: each a core, in one cache and one node. */
    static Topology of(int cpus) {
        return nodes(cpus);
    }

    /** Nodes of so many CPUs each, every one a cache of single cores. */
    static Topology nodes(int... sizes) {
        int[] node = IntStream.range(0, sizes.length)
                .flatMap(number -> IntStream.generate(() -> number).limit(sizes[number]))
                .toArray();
        return Topology.of(range(0, node.length), cpu -> cpu, cpu -> node[cpu], cpu -> node[cpu]);
    }

    /** 64 CPUs: cores of two, caches of sixteen, nodes of thirty-two. */
    static Topology large() {
        return Topology.of(range(0, 64), cpu -> cpu / 2, cpu -> cpu / 16, cpu -> cpu / 32);
    }

    static BitSet range(int from, int to) {
        BitSet set = new BitSet();
        set.set(from, to);
        return set;
    }

    /** The CPU that the current handler runs for. */
    static int bookedCpu() {
        return Run.current().cpu.number;
    }
}
