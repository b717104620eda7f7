// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * An item comes into an urgent lane while the owner clears the flag that says there may be one: it is not left behind
 * (G26, G73).
 *
 * <p>Result: runs of the item.
 */
public final class UrgentFlag {
    private UrgentFlag() {}

    /** Entry, then flag; flag, then entry. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Found, or the flag is set.")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "Left behind.")
    public static class Model {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger flag = new AtomicInteger(1);

        @Actor
        public void queuer() {
            entry.set(1);
            if (flag.get() == 0) {
                flag.set(1);
            }
        }

        @Actor
        public void owner() {
            flag.set(0);
            if (entry.get() == 1) {
                flag.set(1);
            }
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = flag.get();
        }
    }

    /** The owner looks, then clears the flag. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Found, or the flag is set.")
    @Outcome(id = "0", expect = ACCEPTABLE_INTERESTING, desc = "Left behind.")
    public static class Broken {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger flag = new AtomicInteger(1);

        @Actor
        public void queuer() {
            entry.set(1);
            if (flag.get() == 0) {
                flag.set(1);
            }
        }

        @Actor
        public void owner() {
            if (entry.get() == 0) {
                flag.set(0);
            }
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = flag.get();
        }
    }

    /** {@link Lane.Urgent#submit} against {@link Cpu#fetch} by an owner that finds nothing there. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Found, or the flag is set.")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "Left behind.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Workqueue queue = cpu.newQueue(Workqueue.Builder::highpri);
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();

        public Actual() {
            cpu.cpu.raise();
            cpu.lookAtUrgentForTheLastTime();
        }

        @Actor
        public void queuer() {
            meeting.meetRoughly();
            queue.queue(item);
        }

        @Actor
        public void owner() {
            meeting.meetRoughly();
            cpu.turn();
        }

        @Arbiter
        public void arbiter(I_Result r) {
            cpu.serve();
            r.r1 = item.runs;
        }
    }
}
