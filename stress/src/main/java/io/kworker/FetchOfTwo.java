// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two CPUs take items out of one pod at the same time: each item runs once, and every slot comes back (G25, R31, R46).
 *
 * <p>Results: runs of the two items.
 */
public final class FetchOfTwo {
    private FetchOfTwo() {}

    /** Who does not get the lock goes away; it looks again later. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Each once.")
    @Outcome(expect = FORBIDDEN, desc = "Lost or doubled.")
    public static class Model {
        private final AtomicInteger lock = new AtomicInteger();
        private final int[] runs = new int[3];
        private int head;

        private void fetch() {
            if (lock.compareAndSet(0, 1)) {
                runs[head]++;
                head++;
                lock.set(0);
            }
        }

        @Actor
        public void first() {
            fetch();
        }

        @Actor
        public void second() {
            fetch();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            while (head < 2) {
                fetch();
            }
            r.r1 = runs[0];
            r.r2 = runs[1];
        }
    }

    /** No lock. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Each once.")
    @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "Lost or doubled.")
    public static class Broken {
        private final AtomicIntegerArray runs = new AtomicIntegerArray(3);
        private final AtomicInteger head = new AtomicInteger();

        private void fetch() {
            int mine = head.get();
            runs.getAndIncrement(mine);
            head.set(mine + 1);
        }

        @Actor
        public void first() {
            fetch();
        }

        @Actor
        public void second() {
            fetch();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            while (head.get() < 2) {
                fetch();
            }
            r.r1 = runs.get(0);
            r.r2 = runs.get(1);
        }
    }

    /** {@link Pod#fetch} against itself. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Each once.")
    @Outcome(expect = FORBIDDEN, desc = "Lost or doubled.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(2);
        private final Item one = new Item();
        private final Item two = new Item();
        private final Meeting meeting = new Meeting();

        public Actual() {
            queue.queue(one);
            queue.queue(two);
        }

        @Actor
        public void first() {
            meeting.meetRoughly();
            cpus.first.turn();
        }

        @Actor
        public void second() {
            meeting.meetRoughly();
            cpus.second.turn();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            cpus.serve();
            assert TwoCpus.limit(queue).active() == 0;
            r.r1 = one.runs;
            r.r2 = two.runs;
        }
    }

    /**
     * Items of two workqueues may start. What one CPU leaves in its lists while it holds the lock is not seen by the
     * other one's look before it sleeps: so it is woken. Results: runs of the first CPU, 1 where the second one is
     * awake.
     */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1", "0, 1"}, expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(expect = FORBIDDEN, desc = "The second CPU sleeps beside an item that may start.")
    public static class ActualSleep {
        private final TwoCpus cpus = new TwoCpus();
        private final Meeting meeting = new Meeting();

        public ActualSleep() {
            Workqueue one = cpus.together(1);
            Workqueue two = cpus.together(1);
            one.queue(new Item());
            cpus.first.start();
            two.queue(new Item());
            cpus.second.start();
            one.queue(new Item());
            two.queue(new Item());
            cpus.startAll();
            cpus.first.end();
            cpus.second.end();
        }

        @Actor
        public void first(II_Result r) {
            meeting.meetRoughly();
            if (cpus.first.start()) {
                r.r1 = 1;
            }
        }

        @Actor
        public void second() {
            meeting.meetRoughly();
            Cpu cpu = cpus.second.cpu;
            cpu.doorbell.announce();
            if (cpu.hasWork()) {
                cpu.doorbell.withdraw();
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = cpus.second.cpu.doorbell.isAsleep() ? 0 : 1;
        }
    }
}
