// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Affinity;
import io.kworker.Workqueue;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The executors that are compared, by the names of the results. Where flags are compared, {@code kworker} is a
 * workqueue without flags.
 */
enum Contender {
    KWORKER("kworker"),
    /** That of another checkout, given on the command line. */
    KWORKER_BEFORE("kworker-before"),
    KWORKER_FALLBACK("kworker-fallback"),
    VOLATILE("volatile"),
    RING("ring"),
    DISRUPTOR("disruptor"),
    TPE("tpe"),
    FJP("fjp"),
    VT("vt"),
    UNBOUND("kworker-unbound"),
    ORDERED("kworker-ordered"),
    HIGHPRI("kworker-highpri"),
    BH("kworker-bh"),
    /** A workqueue without flags, in a runtime that has an unbound one too: its CPUs serve a pod. */
    BESIDE_UNBOUND("kworker-beside-unbound"),
    /** A workqueue without flags, and the caller's CPU: that is what there is of tasklets. */
    HERE("kworker-here"),
    TASKLET("kworker-tasklet"),
    /** {@code ScheduledThreadPoolExecutor}. */
    STPE("stpe"),
    NETTY_WHEEL("netty-wheel"),
    AGRONA_WHEEL("agrona-wheel"),
    /** A JVM without any executor. */
    NONE("none");

    private final String label;

    Contender(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    /** One for each executor. */
    static Set<Contender> executors() {
        return EnumSet.range(KWORKER, VT);
    }

    /** One for each kind of workqueue. */
    static Set<Contender> kinds() {
        return EnumSet.of(KWORKER, UNBOUND, ORDERED, HIGHPRI, BH, BESIDE_UNBOUND);
    }

    /** Tasklets, and what they are held against. */
    static Set<Contender> tasklets() {
        return EnumSet.of(KWORKER, HERE, BH, TASKLET);
    }

    boolean isKworker() {
        return this == KWORKER_BEFORE || this == KWORKER_FALLBACK || kinds().contains(this)
                || tasklets().contains(this);
    }

    /** Whether it is for the workqueue to say on which CPU an item runs. */
    boolean isUnbound() {
        return this == UNBOUND || this == ORDERED;
    }

    /** Whether its consumer goes to sleep when there is nothing to do. The others spin for ever. */
    boolean parks() {
        return this != VOLATILE && this != RING && this != DISRUPTOR;
    }

    /** Whether it can hold more than one item. */
    boolean queues() {
        return this != VOLATILE;
    }

    /** The placements to try: kworker pins its carriers itself, the others are given the choice. */
    List<Placement> placements() {
        return switch (this) {
            case KWORKER, KWORKER_BEFORE, HIGHPRI, BH, BESIDE_UNBOUND -> List.of(Placement.PINNED, Placement.LOCAL);
            case UNBOUND, ORDERED -> List.of(Placement.PINNED, Placement.LOCAL, Placement.ALL);
            case KWORKER_FALLBACK, HERE, TASKLET -> List.of(Placement.PINNED);
            case VOLATILE, RING, DISRUPTOR -> List.of(Placement.PINNED, Placement.UNPINNED);
            case TPE, FJP, VT, STPE, NETTY_WHEEL ->
                List.of(Placement.PINNED, Placement.UNPINNED, Placement.LOCAL);
            case AGRONA_WHEEL -> List.of(Placement.LOCAL);
            case NONE -> List.of(Placement.UNPINNED);
        };
    }

    Peer open(Placement placement, Cpus cpus, PeerThreads threads) {
        return switch (this) {
            case VOLATILE -> new VolatilePeer(threads);
            case RING -> new RingPeer(threads);
            case DISRUPTOR -> new DisruptorPeer(threads);
            case TPE -> new TpePeer(threads);
            case FJP -> new FjpPeer(threads);
            case VT -> new VtPeer(threads);
            case TASKLET -> new TaskletPeer(cpus);
            default -> KworkerPeer.of(this, placement, cpus);
        };
    }

    /** Gives a workqueue the flags of this kind. */
    Workqueue.Builder flags(Workqueue.Builder builder, Placement placement) {
        switch (this) {
            case HIGHPRI -> builder.highpri();
            case BH -> builder.bh();
            case UNBOUND -> builder.unbound();
            case ORDERED -> builder.ordered();
            default -> {
                return builder;
            }
        }
        return isUnbound() && placement == Placement.LOCAL ? builder.affinity(Affinity.CPU).strict() : builder;
    }

    static Contender of(String label) {
        return Arrays.stream(values()).filter(c -> c.label.equals(label)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no executor " + label));
    }
}
