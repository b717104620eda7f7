// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The flushes of one workqueue that are under way. Each has a colour of its own, so there are {@link Share#COLORS} less
 * one at most; who comes when all are taken joins one round that is launched as soon as a colour falls free (R55).
 */
final class Rounds {
    private static final int MAX_LAUNCHED = Share.COLORS - 1;

    private final Workqueue workqueue;

    /** L: launched, and not yet seen to be over by anyone who waited. */
    private final List<Round> launched = new ArrayList<>();

    /** L: waits for a colour. */
    private @Nullable Round gathering;

    Rounds(Workqueue workqueue) {
        this.workqueue = workqueue;
    }

    /**
     * Begins a round, or joins one that is not launched yet.
     *
     * @return to be given to {@link #await}, by everyone who has got it
     */
    Round begin(boolean closes) {
        synchronized (this) {
            if (hasColor()) {
                return launch(new Round(closes));
            }
            if (!closes) {
                Round joined = gathering;
                if (joined == null) {
                    gathering = joined = new Round(false);
                }
                return joined;
            }
        }
        Round before = begin(false); // nobody else may share the one that closes
        await(before);
        return begin(true);
    }

    private Round launch(Round round) {
        launched.add(round);
        round.launch(workqueue.allShares());
        return round;
    }

    /** Under the lock. */
    private boolean hasColor() {
        launched.removeIf(Round::isOver);
        return launched.size() < MAX_LAUNCHED;
    }

    void await(Round round) {
        await(round, null);
    }

    /**
     * Waits for the end of a round. Whoever waits for one that is not launched sees to that, since those who began the
     * rounds before it may be waiting for something else.
     *
     * @param wait the caller's, where that is to be looked at from time to time
     */
    void await(Round round, WaitGraph.@Nullable Wait wait) {
        for (Round before = inTheWay(round); before != null; before = inTheWay(round)) {
            before.await(wait);
        }
        round.await(wait);
    }

    /** Launches the round that waits for a colour, if there is one; else, if it is this one, what it waits for. */
    private synchronized @Nullable Round inTheWay(Round round) {
        Round next = gathering;
        if (next != null && hasColor()) {
            gathering = null;
            launch(next);
        }
        return gathering == round ? launched.getFirst() : null;
    }

    static void drain(Iterable<Workqueue> workqueues) {
        drain(workqueues, null);
    }

    /**
     * Waits until nothing of some workqueues is queued, waiting or running, while running items may still queue.
     *
     * <p>Two rounds in a row with the same number of entries counted in prove it: all that had been counted in at the
     * first markers was over when the first round ended, nothing was counted in between the first markers and the
     * second, and what was queued before the end of the first round lay in a queue ahead of the second markers, which
     * were sent after that.
     */
    static void drain(Iterable<Workqueue> workqueues, WaitGraph.@Nullable Wait wait) {
        long before = -1;
        for (long now = flush(workqueues, wait); now != before; now = flush(workqueues, wait)) {
            before = now;
        }
    }

    /** One round of each workqueue, all together; entries counted in, in all. */
    private static long flush(Iterable<Workqueue> workqueues, WaitGraph.@Nullable Wait wait) {
        List<Round> rounds = new ArrayList<>();
        for (Workqueue workqueue : workqueues) {
            rounds.add(workqueue.rounds().begin(false));
        }
        return await(workqueues, rounds, wait);
    }

    /** The last round: what comes behind its markers is turned away. */
    static void close(Iterable<Workqueue> workqueues) {
        List<Round> rounds = new ArrayList<>();
        for (Workqueue workqueue : workqueues) {
            rounds.add(workqueue.rounds().begin(true));
        }
        await(workqueues, rounds, null);
    }

    private static long await(
            Iterable<Workqueue> workqueues, List<Round> rounds, WaitGraph.@Nullable Wait wait) {
        long entered = 0;
        int i = 0;
        for (Workqueue workqueue : workqueues) {
            Round round = rounds.get(i++);
            workqueue.rounds().await(round, wait);
            entered += round.entered();
        }
        return entered;
    }
}
