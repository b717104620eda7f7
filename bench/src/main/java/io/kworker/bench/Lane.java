// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;

/** One executor in one placement: what a forked JVM measures. */
record Lane(Contender contender, Placement placement) {
    static List<Lane> of(Collection<Contender> contenders, Predicate<Lane> takesPart) {
        List<Lane> lanes = new ArrayList<>();
        for (Contender contender : contenders) {
            contender.placements().stream().map(placement -> new Lane(contender, placement)).filter(takesPart)
                    .forEach(lanes::add);
        }
        return lanes;
    }

    /** Whether the items cross from one CPU to another, as far as it is for the executor to say. */
    boolean crosses() {
        return placement != Placement.LOCAL;
    }

    boolean parks() {
        return contender.parks();
    }

    boolean queuesAcross() {
        return crosses() && contender.queues();
    }

    boolean isKworkerAcross() {
        return crosses() && contender.isKworker();
    }

    /** Flags of its JVM beyond those of all: one pinned carrier needs a scheduler of parallelism one. */
    List<String> jvmFlags() {
        return contender == Contender.VT && placement != Placement.UNPINNED
                ? List.of("-Djdk.virtualThreadScheduler.parallelism=1") : List.of();
    }

    @Override
    public String toString() {
        return contender.label() + " (" + placement.label() + ")";
    }
}
