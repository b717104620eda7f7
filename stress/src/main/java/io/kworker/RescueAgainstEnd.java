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
 * A rescuer is told to end while rescues are handed to it: those handed over before are run (R61, G61).
 *
 * <p>Result: runs of the item.
 */
public final class RescueAgainstEnd {
    private RescueAgainstEnd() {}

    /** Whether it is to end, then the list; the list, then that it is to end. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "Left in the list.")
    public static class Model {
        private final AtomicInteger list = new AtomicInteger();
        private final AtomicInteger closing = new AtomicInteger();

        @Actor
        public void closer() {
            list.set(1);
            closing.set(1);
        }

        @Actor
        public void rescuer(I_Result r) {
            for (int closes = closing.get();; closes = closing.get()) {
                if (list.getAndSet(0) == 1) {
                    r.r1 = 1;
                } else if (closes == 1) {
                    return;
                }
            }
        }
    }

    /** The list, then whether it is to end. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(id = "0", expect = ACCEPTABLE_INTERESTING, desc = "Left in the list.")
    public static class Broken {
        private final AtomicInteger list = new AtomicInteger();
        private final AtomicInteger closing = new AtomicInteger();

        @Actor
        public void closer() {
            list.set(1);
            closing.set(1);
        }

        @Actor
        public void rescuer(I_Result r) {
            for (;;) {
                if (list.getAndSet(0) == 1) {
                    r.r1 = 1;
                } else if (closing.get() == 1) {
                    return;
                }
            }
        }
    }

    /** {@link Rescuer#take} and {@link Rescuer#end} against {@link Rescuer#run}, on a thread of ours. */
    @JCStressTest
    @State
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Run.")
    @Outcome(expect = FORBIDDEN, desc = "Left in the list.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Rescuer rescuer = new Rescuer("stress");
        private final Item item = new Item();
        private final Rescuer.Rescue rescue = new Rescuer.Rescue(cpu.cpu);
        private final Meeting meeting = new Meeting();

        public Actual() {
            cpu.queue.queue(item);
            cpu.cpu.fetch(rescue);
        }

        @Actor
        public void closer() {
            meeting.meetRoughly();
            rescuer.take(rescue);
            rescuer.end();
        }

        @Actor
        public void rescuer() {
            meeting.meetRoughly();
            rescuer.run();
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = item.runs;
        }
    }
}
