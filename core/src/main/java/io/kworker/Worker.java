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
    @Nullable Thread thread;

    /** C: what the carrier runs to mount the thread; set when the thread is started. */
    @Nullable Runnable continuation;

    /** C: links of the idle list. */
    @Nullable Worker above;

    /** C. */
    @Nullable Worker below;

    /** W: the carrier that the thread is mounted on; asked anew wherever the thread may have been unmounted. */
    private @Nullable Carrier carrier;

    /** C: set by the carrier that resumes this worker from the idle list; other wake-ups of the thread mean nothing. */
    private boolean isResumed;

    /** C: the worker has been mounted before. */
    private boolean isStarted;

    /** C: resumed in order to end. */
    private boolean isDismissed;

    Worker(Cpu cpu, Crew crew) {
        super(cpu);
        this.crew = crew;
    }

    Runnable continuation() {
        Runnable c = continuation;
        assert c != null;
        return c;
    }

    private Carrier carrier() {
        Carrier c = carrier;
        assert c != null;
        return c;
    }

    // ---- carrier ----

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

    @Override
    public void run() {
        becomeCurrent();
        settle();
        while (!isDismissed) {
            if (crew.needsReserve()) {
                makeReserve();
            }
            boolean fetched = cpu.fetch(this) || carrier().spin() && cpu.fetch(this);
            if (fetched) {
                execute();
            }
            if (!fetched || cpu.hasMessages()) {
                rest(); // a message is the carrier's to take; who has been woken goes first (G23)
            }
        }
        crew.dismiss();
    }

    private void execute() {
        Work item = work;
        Share of = share;
        assert item != null && of != null;
        carrier().fetched = true;
        carrier().tenure.leave();
        perform(item, of);
        boolean owner = enter();
        item.finish();
        work = null;
        if (owner) {
            cpu.finished(of);
        } else {
            comeHome(new Homecoming(this, of, null));
        }
    }

    private void makeReserve() {
        Tenure tenure = carrier().tenure;
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
            comeHome(new Homecoming(this, null, reserve));
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
        Carrier mountedOn = CarrierScheduler.currentCarrier();
        carrier = mountedOn;
        return mountedOn.tenure.enter();
    }

    /** Just mounted: becomes the owner. */
    private void settle() {
        if (!enter()) {
            comeHome(new Homecoming(this, null, null));
        }
    }

    /** This worker's carrier has lost the CPU. It leaves the carrier, which then posts the homecoming. */
    private void comeHome(Homecoming homecoming) {
        carrier().stray = homecoming;
        park();
    }

    /** What a stranger brings to the owner of its CPU: a slot to return, a reserve to adopt, and itself. */
    record Homecoming(Worker worker, @Nullable Share share, @Nullable Worker reserve) implements Delivery {
        @Override
        public void deliver() {
            if (share != null) {
                worker.cpu.finished(share);
            }
            if (reserve != null) {
                worker.crew.adopt(reserve);
            }
            worker.crew.push(worker);
        }
    }
}
