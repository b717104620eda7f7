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
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A BH item is ended by somebody who has lost its CPU, while the owner looks for the next one: they run one at a
 * time, and the next one is not left behind (G74).
 *
 * <p>Results: the owner's attempt (0 the item was in the way, 1 started after it, 2 started beside it), runs of the
 * next item.
 */
public final class SerialLane {
    private SerialLane() {}

    /** The lane is occupied until its owner gets the message. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Two at a time, or left behind.")
    public static class Model {
        private final AtomicInteger message = new AtomicInteger();
        private boolean isOccupied = true;
        private int over;
        private int runs;

        @Actor
        public void stranger() {
            over = 1;
            message.set(1);
        }

        private boolean start() {
            if (message.getAndSet(0) == 1) {
                isOccupied = false;
            }
            if (isOccupied) {
                return false;
            }
            runs++;
            return true;
        }

        @Actor
        public void owner(II_Result r) {
            if (start()) {
                r.r1 = 2 - over;
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            if (runs == 0) {
                start();
            }
            r.r2 = runs;
        }
    }

    /** The owner looks at the queue only. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE_INTERESTING, desc = "Two at a time.")
    public static class Broken {
        private final AtomicInteger message = new AtomicInteger();
        private int over;
        private int runs;

        @Actor
        public void stranger() {
            over = 1;
            message.set(1);
        }

        @Actor
        public void owner(II_Result r) {
            message.getAndSet(0);
            runs++;
            r.r1 = 2 - over;
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = runs;
        }
    }

    /** {@link Rescuer.Ended} against {@link Lane.Urgent#fetch}. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Two at a time, or left behind.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Workqueue queue = cpu.newQueue(Workqueue.Builder::bh);
        private final Item running = new Item();
        private final Item next = new Item();
        private int over;

        public Actual() {
            queue.queue(running);
            cpu.start();
            queue.queue(next);
        }

        @Actor
        public void stranger() {
            over = 1;
            running.finish();
            cpu.cpu.post(new Rescuer.Ended((BoundShare) HandDriven.share(queue), 0));
        }

        @Actor
        public void owner(II_Result r) {
            cpu.deliver();
            if (cpu.start()) {
                r.r1 = 2 - over;
                cpu.run();
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpu.serve();
            r.r2 = next.runs;
        }
    }
}
