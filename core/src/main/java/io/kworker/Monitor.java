// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Watches the carriers of a runtime: takes a CPU away from one that has been in the same piece of foreign code for the
 * CPU-intensive threshold while something waits for the CPU (G28), and has workers reviewed that were idle for long
 * (G30).
 *
 * <p>It ticks at half the threshold while any carrier is awake and for a while after, and sleeps while all are parked.
 */
final class Monitor extends Thread {
    /**
     * For so long it goes on ticking after the last carrier fell asleep: waking it costs a carrier some microseconds.
     */
    private static final long LINGER_NANOS = 500_000_000;

    private static final long MIN_TICK_NANOS = 1_000_000;
    private static final long MAX_TICK_NANOS = 100_000_000;

    private final List<Seat> seats;
    private final Watch[] watches;
    private final long threshold;
    private final long lifetime;
    private final long tick;
    private final Doorbell doorbell = new Doorbell();

    /** S: by the runtime that closes. */
    private volatile boolean isClosing;

    /** When the workers are to be reviewed next. */
    private long nextReview;

    Monitor(List<Seat> seats, RuntimeSettings settings) {
        super(null, null, "kworker/monitor", 0, false);
        setDaemon(true);
        this.seats = List.copyOf(seats);
        watches = new Watch[seats.size()];
        for (int i = 0; i < watches.length; i++) {
            watches[i] = new Watch(seats.get(i));
        }
        threshold = settings.thresholdNanos();
        lifetime = settings.lifetimeNanos();
        tick = threshold == 0 ? MAX_TICK_NANOS : Math.clamp(threshold / 2, MIN_TICK_NANOS, MAX_TICK_NANOS);
    }

    /** A carrier has been asleep and is not any more. */
    void stirred() {
        doorbell.ring();
    }

    void close() {
        isClosing = true;
        doorbell.ring();
        LockSupport.unpark(this); // it may be between two ticks
        Threads.join(this);
    }

    @Override
    public void run() {
        long awakeAt = System.nanoTime();
        nextReview = awakeAt + lifetime;
        while (!isClosing) {
            long now = System.nanoTime();
            review(now);
            if (!allAsleep()) {
                awakeAt = now;
                try {
                    watch(now);
                } catch (Throwable t) { // most likely no thread is to be had for a carrier: the next tick tries again
                    seats.getFirst().cpu().runtime.carrierFault(t);
                }
            }
            if (now - awakeAt < LINGER_NANOS) {
                LockSupport.parkNanos(this, tick);
                Thread.interrupted(); // a set flag would turn the pause into a busy loop
                continue;
            }
            doorbell.announce();
            if (isClosing || !allAsleep()) {
                doorbell.withdraw();
            } else if (doze(now)) {
                awakeAt = System.nanoTime(); // they may be asleep again by now, and would else wake us for every item
            }
        }
    }

    /** False where it was the time of a review that ended it. */
    private boolean doze(long now) {
        boolean spare = false;
        for (Seat seat : seats) {
            spare |= seat.hasSpareWorkers();
        }
        if (spare) {
            return doorbell.await(nextReview - now);
        }
        doorbell.await();
        return true;
    }

    private boolean allAsleep() {
        for (Seat seat : seats) {
            if (!seat.cpu().doorbell.isAsleep()) {
                return false;
            }
        }
        return true;
    }

    private void review(long now) {
        if (now - nextReview >= 0) {
            nextReview = now + lifetime;
            for (Seat seat : seats) {
                seat.reviewIdle();
            }
        }
    }

    private void watch(long now) {
        if (threshold > 0) {
            for (Watch watch : watches) {
                watch.look(now, threshold);
            }
        }
    }

    /** What was seen of one CPU the last time. */
    private static final class Watch {
        private final Seat seat;
        private @Nullable Carrier owner;
        private long phase;
        private long since;

        Watch(Seat seat) {
            this.seat = seat;
        }

        void look(long now, long threshold) {
            Carrier carrier = seat.owner();
            long seen = carrier.tenure.phase();
            if (carrier != owner || seen != phase) {
                owner = carrier;
                phase = seen;
                since = now;
            } else if (Tenure.isForeign(seen)
                    && now - since >= threshold
                    && seat.cpu().hasWaiting()
                    && seat.hasRelief()) {
                seat.takeOver(seen, Os.hasMembarrier() ? Os::membarrier : carrier::getStackTrace);
            }
        }
    }
}
