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
 * The owner takes an entry out of its ring while the item still runs, and that run ends: the new run follows the old
 * one, once, and is not stranded (R30, R31, G13, G14, J1).
 *
 * <p>Results: the owner's attempt (0 the run was in the way, 1 started after it, 2 started beside it), runs of the new
 * instance.
 */
public final class HandOffAgainstFinish {
    private HandOffAgainstFinish() {}

    private static final int PENDING = 1;
    private static final int RUNNING = 2;

    /** Who finds it running leaves a note, then looks once more; who ends the run looks for the note. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Handed off.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Started at once.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Stranded.")
    @Outcome(id = "2, .*", expect = FORBIDDEN, desc = "Two runs at a time.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(RUNNING | PENDING);
        private final AtomicInteger note = new AtomicInteger();
        private final AtomicInteger runs = new AtomicInteger();
        private int over;

        @Actor
        public void stranger() {
            over = 1;
            state.addAndGet(-RUNNING);
            runs.getAndAdd(note.getAndSet(0));
        }

        @Actor
        public void owner(II_Result r) {
            if (state.compareAndSet(PENDING, RUNNING)) {
                r.r1 = 2 - over;
                runs.getAndIncrement();
            } else {
                note.getAndSet(1);
                if (state.get() == PENDING) {
                    runs.getAndAdd(note.getAndSet(0));
                }
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = runs.get();
        }
    }

    /** Who leaves a note does not look once more. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Handed off.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Started at once.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE_INTERESTING, desc = "Stranded.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(RUNNING | PENDING);
        private final AtomicInteger note = new AtomicInteger();
        private final AtomicInteger runs = new AtomicInteger();
        private int over;

        @Actor
        public void stranger() {
            over = 1;
            state.addAndGet(-RUNNING);
            runs.getAndAdd(note.getAndSet(0));
        }

        @Actor
        public void owner(II_Result r) {
            if (state.compareAndSet(PENDING, RUNNING)) {
                r.r1 = 2 - over;
                runs.getAndIncrement();
            } else {
                note.getAndSet(1);
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = runs.get();
        }
    }

    /**
     * {@link WorkState#finish} by a worker that is no owner any more, against {@link Cpu#fetch} and
     * {@link Waiter.Handoff}.
     */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Handed off.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Started at once.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Stranded.")
    @Outcome(id = "2, .*", expect = FORBIDDEN, desc = "Two runs at a time.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();
        private int over;

        public Actual() {
            cpu.queue.queue(item);
            cpu.start();
            cpu.queue.queue(item);
        }

        @Actor
        public void stranger() {
            over = 1;
            item.finish();
            cpu.cpu.post((Delivery) () -> HandDriven.share(cpu.queue).finished(0));
        }

        @Actor
        public void owner(II_Result r) {
            if (cpu.start()) {
                r.r1 = 2 - over;
                cpu.run();
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpu.serve();
            r.r2 = item.runs;
        }
    }
}
