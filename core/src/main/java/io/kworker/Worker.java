// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A worker: a long-lived virtual thread that, while it is mounted on the carrier that owns its CPU, owns that CPU
 * itself, fetches items and runs their handlers one after another.
 *
 * <p>Where a handler blocks, the thread unmounts and the carrier resumes another worker. Where the CPU was taken away
 * during a handler, the worker is a stranger when the handler returns: it ends the item, parks, and the carrier that
 * lost the CPU sends it home.
 */
final class Worker extends Run implements Runnable {
    /** I. */
    private final Crew crew;

    /** C: the thread. */
    private @Nullable Thread thread;

    /** C: what the carrier runs to mount the thread; set when the thread is started. */
    @Nullable Runnable continuation;

    /** C: links of the idle list. */
    @Nullable Worker above;

    /** C. */
    @Nullable Worker below;

    /** C: its last wait that had an end; to be used again. */
    @Nullable Sleep sleep;

    /** W: the carrier that the thread is mounted on; asked anew wherever the thread has been unmounted. */
    private @Nullable Carrier carrier;

    /** W: that one's. */
    private @Nullable Tenure tenure;

    /** C: set by the carrier that resumes this worker from the idle list; other wake-ups of the thread mean nothing. */
    private boolean isResumed;

    /** C: it has found something to do since it was resumed. */
    boolean hasFetched;

    /** C: the worker has been mounted before. */
    private boolean isStarted;

    /** C: resumed in order to end. */
    private boolean isDismissed;

    /** W: items until the next look at the clock. */
    private int itemsToLook;

    /** I. */
    private final Clock clock;

    /** I. */
    private final Timers timers;

    Worker(Cpu cpu, Crew crew) {
        super(cpu);
        this.clock = cpu.runtime.clock();
        this.timers = cpu.timers;
        this.crew = crew;
    }

    @Override
    @Nullable
    Thread thread() {
        return thread;
    }

    /** Manager, before the thread is started. */
    void be(Thread thread) {
        this.thread = thread;
    }

    Runnable continuation() {
        Runnable c = continuation;
        assert c != null;
        return c;
    }

    /** What it is mounted on, for itself, in the engine or where it has not been unmounted since. */
    Carrier carrier() {
        Carrier c = carrier;
        assert c != null;
        return c;
    }

    /** That one's, for the same. */
    Tenure tenure() {
        Tenure t = tenure;
        assert t != null;
        return t;
    }

    // ---- carrier ----

    /** Owner of its CPU, as the worker sleeps: see {@link Alarm#warmUp}. */
    long warmUp() {
        Thread sleeper = thread;
        Work item = work;
        return itemsToLook + turn + (sleeper == null ? 0 : sleeper.threadId() + (sleeper.isInterrupted() ? 1 : 0))
                + (item == null ? 0 : item.state());
    }

    /** Carrier, which has taken this worker from the idle list. Null where the continuation comes by the scheduler. */
    @Nullable
    Runnable resume(boolean dismiss) {
        isDismissed = dismiss;
        if (!isStarted) {
            isStarted = true;
            return continuation;
        }
        isResumed = true;
        LockSupport.unpark(thread);
        return null;
    }

    // ---- worker ----

    /**
     * The frame of this method is as old as the worker, and was compiled as it was then; so it does next to nothing.
     */
    @Override
    public void run() {
        becomeCurrent();
        settle();
        while (!isDismissed) {
            serve();
            rest();
        }
        crew.dismiss(this);
        tenure().leave();
        crew.forget(this);
    }

    /** Runs items until there is nothing to do, or somebody who has been woken is to go first (G23). */
    private void serve() {
        int looks = itemsToLook;
        boolean isNamed = isDescribed(); // the thread still has the description of the last item in its name
        boolean fetched;
        do {
            if (crew.needsReserve()) {
                makeReserve();
            }
            if (--looks < 0 || timers.mustLook()) {
                looks = timers.lookBetweenItems();
            }
            fetched = cpu.fetch(this) || carrier().spin() && fetchWatched();
            if (fetched) {
                if (isNamed) {
                    forgetDescription();
                }
                isNamed = execute();
            }
        } while (fetched && !cpu.hasMessages()); // a message is the carrier's to take
        itemsToLook = looks;
    }

    /** After a spin: who saw it has left an entry to it; if it has taken another, somebody else is to look. */
    private boolean fetchWatched() {
        boolean fetched = cpu.fetch(this);
        if (fetched && cpu.hasPods()) {
            cpu.kickPods();
        }
        return fetched;
    }

    /** Runs the item that was fetched; true where its handler has described itself. */
    private boolean execute() {
        Share of = share;
        assert of != null;
        if (!hasFetched) {
            hasFetched = true;
        }
        startedAt = clock.now();
        tenure().beRunner(thread);
        if (!of.isPlain && of.workqueue.isCpuIntensive()) {
            giveCpuAway();
        }
        tenure().leave();
        Command command = perform(of);
        boolean isDescribed = isDescribed();
        if (isDescribed) {
            endDescription();
        }
        boolean isOwner = enter(); // also where the CPU was given away, if the handler has slept since
        finish(command, isOwner);
        if (isOwner) {
            of.finished(turn);
        } else if (of instanceof BoundShare bound) {
            comeHome(new Homecoming(this, bound, turn, null));
        } else {
            of.finished(turn);
            comeHome(new Homecoming(this, null, 0, null));
        }
        return isDescribed;
    }

    /** The CPU goes to another carrier before the handler starts or goes on, if another can be had (G27, G75). */
    private void giveCpuAway() {
        Seat seat = crew.seat();
        Carrier relief = seat.pollSpare();
        if (relief == null) {
            tenure().leave();
            try {
                relief = seat.newRelief();
            } catch (Throwable t) {
                cpu.runtime.workerNotMade(t); // the item runs as any other
            }
            if (!enter()) {
                if (relief != null) {
                    seat.retire(relief);
                }
                return; // somebody else has it already
            }
        }
        if (relief != null) {
            tenure().give();
            seat.pass(relief);
        }
    }

    @Override
    void cede() {
        if (enter()) {
            giveCpuAway();
        }
        tenure().leave();
    }

    private void makeReserve() {
        Tenure tenure = tenure();
        if (!crew.beManager()) {
            return;
        }
        Worker reserve = null;
        tenure.leave();
        try {
            reserve = crew.make();
        } catch (Throwable t) {
            cpu.runtime.workerNotMade(t); // the item goes first; the next one tries again
        }
        boolean owner = enter();
        crew.endManaging();
        if (!owner) {
            comeHome(new Homecoming(this, null, 0, reserve));
        } else if (reserve != null) {
            crew.adopt(reserve);
        }
    }

    /** Goes idle until resumed. */
    private void rest() {
        crew.push(this);
        park();
    }

    private void park() {
        while (!isResumed) {
            LockSupport.park();
            Thread.interrupted(); // a set flag would keep the thread from parking
        }
        isResumed = false;
        settle();
    }

    /** Foreign code, or a park, is over: true where the carrier that we are mounted on now owns the CPU. */
    private boolean enter() {
        if (!timers.isRunner()) {
            Carrier mountedOn = CarrierScheduler.currentCarrier();
            assert mountedOn != null;
            carrier = mountedOn;
            tenure = mountedOn.tenure;
        }
        return tenure().enter();
    }

    /** Just mounted: becomes the owner. */
    private void settle() {
        if (!enter()) {
            comeHome(new Homecoming(this, null, 0, null));
        }
    }

    /** This worker's carrier has lost the CPU. It leaves the carrier, which then posts the homecoming. */
    private void comeHome(Homecoming homecoming) {
        carrier().stray = homecoming;
        park();
    }

    /** What a stranger brings to the owner of its CPU: a slot to return, a reserve to adopt, and itself. */
    record Homecoming(Worker worker, @Nullable BoundShare share, int turn, @Nullable Worker reserve)
            implements
                Delivery {
        @Override
        public void deliver() {
            if (share != null) {
                share.finished(turn);
            }
            if (reserve != null) {
                worker.crew.adopt(reserve);
            }
            worker.crew.push(worker);
        }
    }
}
