// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** The pods of a runtime, made when a workqueue first wants one, and which CPUs serve them. */
final class Pods {
    private final WorkRuntime runtime;
    private final Topology topology;

    /** L. */
    private final List<Pod> pods = new ArrayList<>();

    /** S: under the lock: the same. */
    private volatile Pod[] snapshot = {};

    /** Monitor: how far the pods had come when they were looked at last, and since when they are there. */
    private long[] consumed = {};

    private long[] since = {};

    Pods(WorkRuntime runtime, Topology topology) {
        this.runtime = runtime;
        this.topology = topology;
    }

    /**
     * The pods of a scope.
     *
     * @param reach the CPUs that may run the items
     * @param isStrict whether the CPUs of other pods are to keep off
     */
    synchronized List<Pod> of(Affinity scope, BitSet reach, boolean isStrict, boolean isHighpri) {
        List<Pod> result = new ArrayList<>();
        for (BitSet mask : topology.pods(scope, reach, runtime.settings.cacheShardSize())) {
            result.add(pod(mask, isStrict ? mask : reach, isHighpri));
        }
        return result;
    }

    private Pod pod(BitSet mask, BitSet reach, boolean isHighpri) {
        for (Pod pod : pods) {
            if (pod.mask.equals(mask) && pod.reach.equals(reach) && pod.isHighpri == isHighpri) {
                return pod;
            }
        }
        Pod pod = new Pod(runtime, mask, nodeOf(mask), reach, isHighpri);
        pods.add(pod);
        snapshot = pods.toArray(Pod[]::new);
        assign();
        return pod;
    }

    private int nodeOf(BitSet mask) {
        int node = topology.node(mask.nextSetBit(0));
        return mask.stream().allMatch(cpu -> topology.node(cpu) == node) ? node : NodeLimits.SPANNING;
    }

    /** The CPUs that are online have changed. */
    synchronized void assign() {
        BitSet online = runtime.online();
        for (Pod pod : pods) {
            pod.serve(servers(pod, online));
        }
        for (Cpu cpu : runtime.cpuArray()) {
            cpu.serve(podsOf(cpu, true), podsOf(cpu, false));
        }
        for (Pod pod : pods) {
            if (pod.hasWork()) {
                pod.kick(); // whoever was to look at it may serve it no more
            }
        }
    }

    /** Its own CPUs, then those that may help; where none of them is online, all that are (G19). */
    private Cpu[] servers(Pod pod, BitSet online) {
        List<Cpu> own = new ArrayList<>();
        List<Cpu> helpers = new ArrayList<>();
        List<Cpu> others = new ArrayList<>();
        for (Cpu cpu : runtime.cpuArray()) {
            if (online.get(cpu.number)) {
                (pod.mask.get(cpu.number) ? own : pod.reach.get(cpu.number) ? helpers : others).add(cpu);
            }
        }
        own.addAll(helpers);
        return (own.isEmpty() ? others : own).toArray(Cpu[]::new);
    }

    private Pod[] podsOf(Cpu cpu, boolean isHighpri) {
        List<Pod> own = new ArrayList<>();
        List<Pod> others = new ArrayList<>();
        for (Pod pod : pods) {
            if (pod.isHighpri == isHighpri && pod.isServedBy(cpu)) {
                (pod.mask.get(cpu.number) ? own : others).add(pod);
            }
        }
        own.addAll(others);
        return own.toArray(Pod[]::new);
    }

    /** All there are; not to be written. */
    Pod[] all() {
        return snapshot;
    }

    Topology topology() {
        return topology;
    }

    /** Monitor. Has the rescuers called for pods that nobody has taken anything from for so long. */
    void rescueStuck(long now, long nanos) {
        Pod[] all = snapshot;
        if (all.length != since.length) {
            consumed = new long[all.length];
            since = new long[all.length];
        }
        for (int i = 0; i < all.length; i++) {
            Pod pod = all[i];
            long seen = pod.progress();
            if (!pod.hasWork() || since[i] == 0 || seen != consumed[i]) {
                consumed[i] = seen;
                since[i] = now == 0 ? 1 : now;
            } else if (now - since[i] >= nanos) {
                pod.rescue();
            }
        }
    }
}
