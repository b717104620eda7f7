// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A freezable workqueue is frozen while an item starts: it is active before, and waited for, or it waits for the
 * thaw; nothing starts after the freeze was told to be complete (R50, G57, G72).
 *
 * <p>Results: the attempt to start it (0 it waits, 1 started before, 2 active though the freeze is complete), told in
 * the end (1), runs before the thaw.
 */
public final class FreezeAgainstStart {
    private FreezeAgainstStart() {}

    private static final int LIMIT = 16;

    /** Limit and active items in one word; told where both are zero. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Waits for the thaw.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Active before, and waited for.")
    @Outcome(expect = FORBIDDEN, desc = "Active though all was told to be quiet, or not told.")
    public static class Model {
        private final AtomicInteger word = new AtomicInteger(LIMIT);
        private final AtomicInteger told = new AtomicInteger();
        private volatile boolean isAwaited;

        private void tell() {
            if (isAwaited && word.get() == 0) {
                told.set(1);
            }
        }

        @Actor
        public void freezer() {
            word.getAndAdd(-LIMIT);
            isAwaited = true;
            tell();
        }

        @Actor
        public void owner(III_Result r) {
            int w = word.get();
            if (w >= LIMIT && word.compareAndSet(w, w + 1)) {
                r.r3 = 1;
                r.r1 = 1 + told.get();
                word.getAndDecrement();
                tell();
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = told.get();
        }
    }

    /** The owner looks whether it may start, then counts. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Waits for the thaw.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Active before, and waited for.")
    @Outcome(id = "2, 1, 1", expect = ACCEPTABLE_INTERESTING, desc = "Active though all was told to be quiet.")
    public static class Broken {
        private final AtomicInteger word = new AtomicInteger(LIMIT);
        private final AtomicInteger told = new AtomicInteger();
        private volatile boolean isAwaited;

        private void tell() {
            if (isAwaited && word.get() == 0) {
                told.set(1);
            }
        }

        @Actor
        public void freezer() {
            word.getAndAdd(-LIMIT);
            isAwaited = true;
            tell();
        }

        @Actor
        public void owner(III_Result r) {
            if (word.get() >= LIMIT) {
                word.getAndIncrement();
                r.r3 = 1;
                r.r1 = 1 + told.get();
                word.getAndDecrement();
                tell();
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = told.get();
        }
    }

    private static int attempt(Owner owner, CountDownLatch told) {
        owner.deliver();
        if (!owner.start()) {
            return 0;
        }
        owner.deliver();
        owner.startNothing();
        int result = told.getCount() == 0 ? 2 : 1;
        owner.run();
        return result;
    }

    /** {@link BoundShare#hold} against {@link Cpu#fetch}. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Waits for the thaw.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Active before, and waited for.")
    @Outcome(expect = FORBIDDEN, desc = "Active though all was told to be quiet, or not told.")
    public static class ActualBound {
        private final HandDriven cpu = new HandDriven();
        private final Item item = new Item();
        private final CountDownLatch told = new CountDownLatch(1);
        private final Meeting meeting = new Meeting();

        public ActualBound() {
            cpu.queue.queue(item);
        }

        @Actor
        public void freezer() {
            meeting.meetRoughly();
            cpu.queue.limiters().forEach(limiter -> limiter.hold(told));
        }

        @Actor
        public void owner(III_Result r) {
            meeting.meetRoughly();
            r.r1 = attempt(cpu, told);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpu.serve();
            r.r2 = 1 - (int) told.getCount();
            r.r3 = item.runs;
        }
    }

    /** {@link NodeLimit#hold} against {@link NodeLimit#tryTake} and {@link NodeLimit#release}. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Waits for the thaw.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Active before, and waited for.")
    @Outcome(expect = FORBIDDEN, desc = "Active though all was told to be quiet, or not told.")
    public static class ActualUnbound {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item item = new Item();
        private final CountDownLatch told = new CountDownLatch(1);
        private final Meeting meeting = new Meeting();

        public ActualUnbound() {
            queue.queue(item);
        }

        @Actor
        public void freezer() {
            meeting.meetRoughly();
            queue.limiters().forEach(limiter -> limiter.hold(told));
        }

        @Actor
        public void owner(III_Result r) {
            meeting.meetRoughly();
            r.r1 = attempt(cpus.first, told);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.serve();
            r.r2 = 1 - (int) told.getCount();
            r.r3 = item.runs;
        }
    }

    /** {@link OrderedShare#hold} against {@link OrderedShare#fetchWaiting} and {@link OrderedShare#settle}. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "Waits for the thaw.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Active before, and waited for.")
    @Outcome(expect = FORBIDDEN, desc = "Active though all was told to be quiet, or not told.")
    public static class ActualOrdered {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.ordered();
        private final Item item = new Item();
        private final CountDownLatch told = new CountDownLatch(1);
        private final Meeting meeting = new Meeting();

        public ActualOrdered() {
            queue.queue(item);
        }

        @Actor
        public void freezer() {
            meeting.meetRoughly();
            queue.limiters().forEach(limiter -> limiter.hold(told));
        }

        @Actor
        public void owner(III_Result r) {
            meeting.meetRoughly();
            r.r1 = attempt(cpus.first, told);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            cpus.serve();
            r.r2 = 1 - (int) told.getCount();
            r.r3 = item.runs;
        }
    }
}
