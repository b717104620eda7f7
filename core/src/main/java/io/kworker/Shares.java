// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The shares of a workqueue: which one a CPU queues to, and all there have been. Attributes that change make new
 * shares; what lies in the old ones runs there, and they stay, for a queuer may just be on its way to one.
 */
final class Shares {
    private final Workqueue workqueue;
    private final WorkRuntime runtime;
    private final NodeLimits nodes;

    /** S: under the lock: by the index of the CPU. */
    private volatile Share[] routes;

    /** S: under the lock. */
    private volatile List<Share> all;

    /** S: under the lock: where items are counted. */
    private volatile List<Limiter> limiters;

    /** S: under the lock: of an unbound or ordered workqueue. */
    private volatile Attributes attributes;

    /** S: under the lock: the pod of each CPU, of an ordered workqueue. */
    private volatile Pod[] podRoutes = {};

    private Shares(Workqueue workqueue, Attributes attributes) {
        this.workqueue = workqueue;
        this.runtime = workqueue.runtime();
        this.nodes = new NodeLimits(workqueue, this, runtime.pods());
        this.attributes = attributes;
        routes = new Share[0];
        all = List.of();
        limiters = List.of();
    }

    /** A share on each CPU. */
    static Shares bound(Workqueue workqueue, Cpu[] cpus) {
        Shares shares = new Shares(workqueue, Attributes.of(Affinity.CPU));
        List<BoundShare> list = new ArrayList<>();
        for (Cpu cpu : cpus) {
            Lane lane = cpu.lane(workqueue.isBh(), workqueue.isHighpri());
            list.add(new BoundShare(workqueue, lane, workqueue.limitNow()));
        }
        shares.routes = list.toArray(Share[]::new);
        shares.all = List.copyOf(list);
        shares.limiters = List.copyOf(list);
        return shares;
    }

    /** A share in each pod. */
    static Shares unbound(Workqueue workqueue, Attributes attributes) {
        Shares shares = new Shares(workqueue, attributes);
        shares.apply(attributes);
        return shares;
    }

    /** One share. */
    static Shares ordered(Workqueue workqueue, Attributes attributes) {
        Shares shares = new Shares(workqueue, attributes);
        OrderedShare share = new OrderedShare(workqueue, shares, shares.runtime.settings.ringCapacity());
        shares.all = List.of(share);
        shares.limiters = List.of(share);
        shares.apply(attributes);
        return shares;
    }

    // ---- any thread ----

    Share at(int cpu) {
        return routes[cpu];
    }

    List<Share> all() {
        return all;
    }

    List<Limiter> limiters() {
        return limiters;
    }

    Attributes attributes() {
        return attributes;
    }

    /** Of an ordered workqueue: the pod of the caller's CPU. */
    Pod podNow() {
        return podRoutes[runtime.localCpu()];
    }

    /** Of an ordered workqueue: whether items may start in that pod. */
    boolean isPodNow(@Nullable Pod pod) {
        for (Pod now : podRoutes) {
            if (now == pod) {
                return true;
            }
        }
        return false;
    }

    /** The CPUs that may run the items: of those wanted the ones online, or if there is none, all that are. */
    BitSet reach() {
        BitSet online = runtime.online();
        BitSet reach = wanted(attributes);
        reach.and(online);
        return reach.isEmpty() ? online : reach;
    }

    private BitSet wanted(Attributes attributes) {
        BitSet all = new BitSet();
        for (Cpu cpu : runtime.cpuArray()) {
            all.set(cpu.number);
        }
        BitSet wanted = new BitSet();
        attributes.cpus().forEach(wanted::set);
        wanted.and(all);
        return wanted.isEmpty() ? all : wanted;
    }

    // ---- changes ----

    /** From now on items are queued by these attributes. Throws before anything is changed. */
    synchronized void apply(Attributes wanted) {
        List<Pod> pods = runtime.pods().of(wanted.affinity(), wanted(wanted), wanted.strict(), workqueue.isHighpri());
        Attributes before = attributes;
        attributes = wanted; // the limits of new nodes go by them
        if (workqueue.isOrdered()) {
            podRoutes = podsByCpu(pods);
            Share share = all.getFirst();
            Share[] same = new Share[runtime.cpuArray().length];
            java.util.Arrays.fill(same, share);
            routes = same;
        } else {
            try {
                routes = sharesOf(podsByCpu(pods));
            } catch (Throwable t) {
                attributes = before;
                throw t;
            }
        }
        limiters.forEach(Limiter::limitChanged);
    }

    /** The CPUs that are online have changed. */
    synchronized void assign() { // the attributes of now, not those from before a change that we wait for
        if (!workqueue.isBound()) {
            apply(attributes);
        }
    }

    /** Each CPU's own pod; where that has no CPU online, or the CPU is in none, one of the others in turn (G19). */
    private Pod[] podsByCpu(List<Pod> pods) {
        BitSet online = runtime.online();
        List<Pod> served = pods.stream().filter(pod -> pod.mask.intersects(online)).toList();
        List<Pod> usable = served.isEmpty() ? pods : served;
        Cpu[] cpus = runtime.cpuArray();
        Pod[] result = new Pod[cpus.length];
        int turn = 0;
        for (int i = 0; i < cpus.length; i++) {
            int number = cpus[i].number;
            Pod own = usable.stream().filter(pod -> pod.mask.get(number)).findFirst().orElse(null);
            result[i] = own == null ? usable.get(turn++ % usable.size()) : own;
        }
        return result;
    }

    private Share[] sharesOf(Pod[] pods) {
        List<Share> shares = new ArrayList<>(all);
        Share[] result = new Share[pods.length];
        for (int i = 0; i < pods.length; i++) {
            Pod pod = pods[i];
            Share share = shares.stream().filter(known -> known.poolNow() == pod).findFirst().orElse(null);
            if (share == null) {
                if (shares.size() == NodeLimits.MAX_SHARES) {
                    throw new IllegalStateException(workqueue + " has had " + NodeLimits.MAX_SHARES
                            + " pods: make a new workqueue in place of ever new attributes");
                }
                share = new PodShare(workqueue, pod, nodes.of(pod.node));
                shares.add(share);
            }
            result[i] = share;
        }
        all = List.copyOf(shares);
        limiters = List.copyOf(nodes.all());
        return result;
    }
}
