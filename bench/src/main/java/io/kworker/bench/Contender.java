// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.WorkRuntime;
import java.util.Arrays;
import java.util.List;

/** The executors that are compared, by the names of the results. */
enum Contender {
    KWORKER("kworker"),
    KWORKER_FALLBACK("kworker-fallback"),
    VOLATILE("volatile"),
    RING("ring"),
    DISRUPTOR("disruptor"),
    TPE("tpe"),
    FJP("fjp"),
    VT("vt");

    private final String label;

    Contender(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    boolean isKworker() {
        return this == KWORKER || this == KWORKER_FALLBACK;
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
            case KWORKER -> List.of(Placement.PINNED, Placement.LOCAL);
            case KWORKER_FALLBACK -> List.of(Placement.PINNED);
            case VOLATILE, RING, DISRUPTOR -> List.of(Placement.PINNED, Placement.UNPINNED);
            case TPE, FJP, VT -> List.of(Placement.PINNED, Placement.UNPINNED, Placement.LOCAL);
        };
    }

    Peer open(Placement placement, Cpus cpus, PeerThreads threads) {
        return switch (this) {
            case KWORKER -> placement == Placement.LOCAL
                    ? KworkerPeer.local() : KworkerPeer.on(cpus.consumer(), WorkRuntime.Mode.ON);
            case KWORKER_FALLBACK -> KworkerPeer.on(cpus.consumer(), WorkRuntime.Mode.OFF);
            case VOLATILE -> new VolatilePeer(threads);
            case RING -> new RingPeer(threads);
            case DISRUPTOR -> new DisruptorPeer(threads);
            case TPE -> new TpePeer(threads);
            case FJP -> new FjpPeer(threads);
            case VT -> new VtPeer(threads);
        };
    }

    static Contender of(String label) {
        return Arrays.stream(values()).filter(c -> c.label.equals(label)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no executor " + label));
    }
}
