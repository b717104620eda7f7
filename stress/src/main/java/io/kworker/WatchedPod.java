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
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * An entry put into a pod while a CPU that spins stops doing so: that CPU's last look finds it, or another CPU is woken
 * (R7, G25).
 *
 * <p>Results: seen by the CPU that watched, the other CPU woken.
 */
public final class WatchedPod {
    private WatchedPod() {}

    /** Entry, then whether somebody watches; stop watching, then a look at the entry. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Nobody looks.")
    public static class Model {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger watching = new AtomicInteger(1);

        @Actor
        public void queuer(ZZ_Result r) {
            entry.getAndSet(1);
            r.r2 = watching.get() == 0;
        }

        @Actor
        public void watcher(ZZ_Result r) {
            watching.set(0);
            r.r1 = entry.get() == 1;
        }
    }

    /** The last look comes before the end of the watch. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "Nobody looks.")
    public static class Broken {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger watching = new AtomicInteger(1);

        @Actor
        public void queuer(ZZ_Result r) {
            entry.getAndSet(1);
            r.r2 = watching.get() == 0;
        }

        @Actor
        public void watcher(ZZ_Result r) {
            r.r1 = entry.get() == 1;
            watching.set(0);
        }
    }

    /** {@link Pod#submit} against {@link Cpu#stopWatching} by a CPU that fetches afterwards. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Nobody looks.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();

        public Actual() {
            cpus.first.cpu.watch();
            cpus.second.cpu.doorbell.announce();
        }

        @Actor
        public void queuer() {
            meeting.meetRoughly();
            queue.queue(item);
        }

        @Actor
        public void watcher(ZZ_Result r) {
            meeting.meetRoughly();
            cpus.first.cpu.stopWatching(true);
            r.r1 = cpus.first.cpu.hasWork();
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpus.second.cpu.doorbell.isAsleep();
        }
    }

    /** The same by a CPU that has something else to do: it wakes the other one itself. Its own look is not reported. */
    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Nobody looks.")
    public static class ActualKick {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();

        public ActualKick() {
            cpus.first.cpu.watch();
            cpus.second.cpu.doorbell.announce();
        }

        @Actor
        public void queuer() {
            meeting.meetRoughly();
            queue.queue(item);
        }

        @Actor
        public void watcher() {
            meeting.meetRoughly();
            cpus.first.cpu.stopWatching(false);
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpus.second.cpu.doorbell.isAsleep();
        }
    }
}
