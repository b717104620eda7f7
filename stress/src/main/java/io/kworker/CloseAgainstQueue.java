// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZIZ_Result;

/**
 * A queue call against the closing of the workqueue: it is accepted and the item runs, or it throws and the item is
 * idle (R24, R57, G61, J2).
 *
 * <p>Results: accepted, runs, busy at the end.
 */
public final class CloseAgainstQueue {
    private CloseAgainstQueue() {}

    /** Queuer: entry, then phase. Closer: phase, then what is in the ring; what comes later is dropped. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, false", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "false, 0, false", expect = ACCEPTABLE, desc = "Refused, and idle.")
    @Outcome(expect = FORBIDDEN, desc = "Accepted and dropped, refused and run, or pending for ever.")
    public static class Model {
        private final AtomicInteger phase = new AtomicInteger();
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger ring = new AtomicInteger();
        private int runs;

        @Actor
        public void queuer(ZIZ_Result r) {
            if (phase.get() == 0) {
                pending.set(1);
                ring.getAndSet(1);
                r.r1 = phase.get() == 0 || !pending.compareAndSet(1, 0);
            }
        }

        @Actor
        public void closer() {
            phase.set(1);
            if (ring.getAndSet(0) == 1 && pending.compareAndSet(1, 0)) {
                runs++;
            }
        }

        @Arbiter
        public void arbiter(ZIZ_Result r) {
            r.r2 = runs;
            r.r3 = pending.get() != 0;
        }
    }

    /** The queuer looks at the phase beforehand only. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, false", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "false, 0, false", expect = ACCEPTABLE, desc = "Refused, and idle.")
    @Outcome(id = "true, 0, true", expect = ACCEPTABLE_INTERESTING, desc = "Accepted, dropped, and pending for ever.")
    public static class Broken {
        private final AtomicInteger phase = new AtomicInteger();
        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicInteger ring = new AtomicInteger();
        private int runs;

        @Actor
        public void queuer(ZIZ_Result r) {
            if (phase.get() == 0) {
                pending.set(1);
                ring.getAndSet(1);
                r.r1 = true;
            }
        }

        @Actor
        public void closer() {
            phase.set(1);
            if (ring.getAndSet(0) == 1 && pending.compareAndSet(1, 0)) {
                runs++;
            }
        }

        @Arbiter
        public void arbiter(ZIZ_Result r) {
            r.r2 = runs;
            r.r3 = pending.get() != 0;
        }
    }

    /**
     * {@link Workqueue#queue} against the phases of closing, by a closer that is the CPU's owner too and so needs no
     * markers.
     */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, false", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "false, 0, false", expect = ACCEPTABLE, desc = "Refused, and idle.")
    @Outcome(expect = FORBIDDEN, desc = "Accepted and dropped, refused and run, or pending for ever.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();

        @Actor
        public void queuer(ZIZ_Result r) {
            r.r1 = isAccepted(cpu, item);
        }

        @Actor
        public void closer() {
            cpu.queue.startDraining();
            cpu.serve();
            cpu.queue.endDraining();
            cpu.serve();
            HandDriven.share(cpu.queue).isClosed = true;
            cpu.serve();
        }

        @Arbiter
        public void arbiter(ZIZ_Result r) {
            cpu.serve();
            r.r2 = item.runs;
            r.r3 = item.isBusy();
        }
    }

    /** {@link Workqueue#queue} against {@link Lifecycle#close}, whose markers the queuer serves afterwards. */
    @JCStressTest
    @State
    @Outcome(id = "true, 1, false", expect = ACCEPTABLE, desc = "Accepted, and run.")
    @Outcome(id = "false, 0, false", expect = ACCEPTABLE, desc = "Refused, and idle.")
    @Outcome(expect = FORBIDDEN, desc = "Accepted and dropped, refused and run, or pending for ever.")
    public static class ActualMarkers {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();
        private final Lifecycle lifecycle = new Lifecycle();
        private final Meeting meeting = new Meeting();
        private volatile boolean isClosed;

        public ActualMarkers() {
            lifecycle.add(cpu.queue);
        }

        @Actor
        public void queuerThenOwner(ZIZ_Result r) {
            meeting.meet();
            r.r1 = isAccepted(cpu, item);
            while (!isClosed) {
                cpu.serve();
                Thread.onSpinWait();
            }
        }

        @Actor
        public void closer() {
            meeting.meet();
            lifecycle.close(cpu.queue);
            isClosed = true;
        }

        @Arbiter
        public void arbiter(ZIZ_Result r) {
            cpu.serve();
            r.r2 = item.runs;
            r.r3 = item.isBusy();
        }
    }

    private static boolean isAccepted(HandDriven cpu, Item item) {
        try {
            return cpu.queue.queue(item);
        } catch (RejectedExecutionException e) {
            return false;
        }
    }
}
