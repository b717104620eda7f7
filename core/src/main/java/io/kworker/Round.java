// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One flush of a workqueue, or several that share it (G56): a marker goes through each share; when all have passed,
 * everything is over that was queued before the round was launched. Made and launched by {@link Rounds}.
 */
final class Round {
    private final boolean closes;
    private final AtomicLong entered = new AtomicLong();

    /** Markers that have not passed, and one while the round is not launched (R53). */
    private final AtomicInteger left = new AtomicInteger(1);

    private final CountDownLatch over = new CountDownLatch(1);

    /** S: by whoever launches it; null before. */
    private volatile @Nullable List<Marker> markers;

    Round(boolean closes) {
        this.closes = closes;
    }

    /** Sends the markers. A share that is quiet needs none, unless it is to be closed. */
    void launch(List<Share> shares) {
        List<Marker> sent = new ArrayList<>();
        for (Share share : shares) {
            long quiet = closes ? -1 : share.quiet();
            if (quiet >= 0) {
                entered.addAndGet(quiet);
            } else {
                sent.add(new Marker(share, this, closes));
            }
        }
        left.addAndGet(sent.size());
        markers = sent;
        for (Marker marker : sent) {
            marker.share().submit(marker);
        }
        pass();
    }

    /** Owner of a pool. Entries that the share had counted in before its marker. */
    void entered(long count) {
        entered.addAndGet(count);
    }

    /** Owner of a pool, or the launcher. */
    void pass() {
        if (left.decrementAndGet() == 0) {
            over.countDown();
        }
    }

    boolean isOver() {
        return over.getCount() == 0;
    }

    /** Not interruptible; an interrupt is kept for later. */
    void await(WaitGraph.@Nullable Wait wait) {
        if (wait == null) {
            Threads.await(over);
        } else {
            WaitGraph.await(wait, nanos -> over.await(nanos, TimeUnit.NANOSECONDS));
        }
    }

    /** After the round: entries that were counted in before its markers, in all. */
    long entered() {
        return entered.get();
    }

    /** Any thread. Whether the round needs that pool to go on; not known before it is launched. */
    boolean waitsFor(Pool pool) {
        List<Marker> sent = markers;
        if (sent != null) {
            for (Marker marker : sent) {
                if (marker.isIn(pool)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Any thread. Whether the round waits for an instance that has started, of that share and turn. */
    boolean waitsFor(Share share, int turnOfRun) {
        List<Marker> sent = markers;
        if (sent == null) {
            return true; // it will be on its way when the round is launched
        }
        for (Marker marker : sent) {
            if (marker.share == share) {
                return marker.waitsFor(turnOfRun);
            }
        }
        return false;
    }
}
