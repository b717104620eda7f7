// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Watches the CPUs of a runtime: takes a CPU away from a carrier that has been in the same piece of foreign code for
 * the CPU-intensive threshold while something waits for it (G28), sees to workers where there are none, calls the
 * rescuers (G69), has workers reviewed that were idle for long (G30), keeps the clock, and calls the watchdog.
 *
 * <p>It ticks at half the threshold while anything is awake and for a while after, and sleeps while all sleep.
 */
final class Monitor extends Thread {
    /**
     * For so long it goes on ticking after the last carrier fell asleep: waking it costs a carrier some microseconds.
     */
    private static final long LINGER_NANOS = 500_000_000;

    private static final long MIN_TICK_NANOS = 1_000_000;
    private static final long MAX_TICK_NANOS = 100_000_000;

    /** For so long something has waited in vain when the rescuers are called (the kernel's MAYDAY_INITIAL_TIMEOUT). */
    static final long MAYDAY_NANOS = 10_000_000;

    /** Between two looks at where the carriers may run. */
    private static final long AFFINITY_NANOS = 1_000_000_000;

    private final WorkRuntime runtime;
    private final List<Seat> seats;
    private final Watch[] watches;
    private final Watchdog watchdog;
    private final long threshold;
    private final long lifetime;
    private final Doorbell doorbell = new Doorbell();

    /** S: by the runtime that closes. */
    private volatile boolean isClosing;

    /** M: the workqueues that have a rescuer. */
    private final List<Workqueue> rescued = new CopyOnWriteArrayList<>();

    /** When the workers are to be reviewed next. */
    private long nextReview;

    /** When the carriers' masks are to be looked at next. */
    private long nextAffinity;

    /** @param seats the CPUs that have carriers; none in fallback */
    Monitor(WorkRuntime runtime, List<Seat> seats, Watchdog watchdog) {
        super(null, null, "kworker/monitor", 0, false);
        setDaemon(true);
        this.runtime = runtime;
        this.seats = List.copyOf(seats);
        this.watchdog = watchdog;
        watches = new Watch[seats.size()];
        for (int i = 0; i < watches.length; i++) {
            watches[i] = new Watch(seats.get(i));
        }
        threshold = runtime.settings.thresholdNanos();
        lifetime = runtime.settings.lifetimeNanos();
    }

    /** A carrier has been asleep and is not any more. */
    void stirred() {
        doorbell.ring();
    }

    /** A workqueue has been made that has a rescuer. */
    void expectRescues(Workqueue workqueue) {
        rescued.add(workqueue);
        LockSupport.unpark(this); // its next tick may be far
    }

    /** Its rescuer has ended. */
    void forgetRescues(Workqueue workqueue) {
        rescued.remove(workqueue);
    }

    private boolean hasRescuers() {
        return !rescued.isEmpty();
    }

    /** Whether something may wait for that CPU which a rescuer could run. */
    private boolean hasRescuable(Cpu cpu) {
        for (Workqueue workqueue : rescued) {
            for (Share share : workqueue.allShares()) {
                if (share instanceof BoundShare bound && bound.cpu == cpu && bound.mayWait()) {
                    return true;
                }
            }
        }
        return false;
    }

    void close() {
        isClosing = true;
        doorbell.ring();
        LockSupport.unpark(this); // it may be between two ticks
        Threads.join(this);
    }

    private long tick() {
        long wanted = threshold == 0 ? MAX_TICK_NANOS : Math.clamp(threshold / 2, MIN_TICK_NANOS, MAX_TICK_NANOS);
        return hasRescuers() ? Math.min(wanted, MAYDAY_NANOS / 2) : wanted;
    }

    @Override
    public void run() {
        long awakeAt = System.nanoTime();
        nextReview = awakeAt + lifetime;
        nextAffinity = awakeAt + AFFINITY_NANOS;
        while (!isClosing) {
            long now = System.nanoTime();
            runtime.clock().set(now);
            review(now);
            if (allAsleep()) {
                watchdog.look(now);
            } else {
                awakeAt = now;
                watch(now);
            }
            if (now - awakeAt < LINGER_NANOS) {
                LockSupport.parkNanos(this, tick());
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

    /** False where it was the time of a review, or of a look of the watchdog's, that ended it. */
    private boolean doze(long now) {
        long longest = watchdog.isWary() ? watchdog.period() : Long.MAX_VALUE;
        for (Seat seat : seats) {
            if (seat.hasSpareWorkers()) {
                longest = Math.min(longest, nextReview - now);
            }
        }
        if (longest < Long.MAX_VALUE) {
            return doorbell.await(longest);
        }
        doorbell.await();
        return true;
    }

    private boolean allAsleep() {
        for (Cpu cpu : runtime.cpuArray()) {
            if (!cpu.doorbell.isAsleep()) {
                return false;
            }
        }
        for (Seat seat : seats) {
            if (seat.isStarving()) {
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
        try {
            for (Watch watch : watches) {
                watch.look(now);
            }
            if (hasRescuers()) {
                runtime.pods().rescueStuck(now, MAYDAY_NANOS);
            }
            if (now - nextAffinity >= 0) {
                nextAffinity = now + AFFINITY_NANOS;
                runtime.checkAffinity();
            }
            watchdog.look(now);
        } catch (Throwable t) { // most likely no thread is to be had for a carrier: the next tick tries again
            runtime.carrierFault(t);
        }
    }

    /** What was seen of one CPU the last time. */
    private final class Watch {
        private final Seat seat;
        private @Nullable Carrier owner;
        private long phase;
        private long since;

        /** The handler of this phase has been counted as CPU-intensive. */
        private boolean isCounted;

        Watch(Seat seat) {
            this.seat = seat;
        }

        void look(long now) {
            if (seat.isVacant()) {
                seat.fill();
                return;
            }
            Carrier carrier = seat.owner();
            long seen = carrier.tenure.phase();
            if (carrier != owner || seen != phase) {
                owner = carrier;
                phase = seen;
                since = now;
                isCounted = false;
            } else if (Tenure.isForeign(seen)) {
                lookAtForeign(carrier, seen, now);
            }
            if (seat.isStarving()) {
                seat.feed();
            }
        }

        private void lookAtForeign(Carrier carrier, long seen, long now) {
            long elapsed = now - since;
            boolean tooLong = threshold > 0 && elapsed >= threshold;
            if (tooLong && !isCounted) {
                isCounted = true;
                watchdog.countHog(carrier, seen);
            }
            if (!(tooLong || hasRescuers() && elapsed >= MAYDAY_NANOS) || !seat.cpu().hasWaiting(now)) {
                return;
            }
            Runnable barrier = Os.hasMembarrier() ? Os::membarrier : carrier::getStackTrace;
            if (tooLong && seat.hasRelief()) {
                try {
                    seat.takeOver(seen, barrier);
                    return;
                } catch (Throwable t) { // no thread is to be had; the next tick tries again
                    runtime.workerNotMade(t);
                }
            }
            if (hasRescuable(seat.cpu())) {
                seat.vacate(seen, barrier);
            }
        }
    }
}
