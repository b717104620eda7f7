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
 * An entry put into a pod is seen by a CPU's look before it sleeps, or wakes that CPU (R7, R9, G25).
 *
 * <p>Results: seen by the CPU, CPU woken.
 */
public final class WakeByPod {
    private WakeByPod() {}

    /** Entry, then word; word, then entry. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "All sleep beside an entry.")
    public static class Model {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();

        @Actor
        public void queuer(ZZ_Result r) {
            entry.getAndSet(1);
            r.r2 = asleep.get() == 1;
        }

        @Actor
        public void cpu(ZZ_Result r) {
            asleep.set(1);
            r.r1 = entry.get() == 1;
        }
    }

    /** The queuer looks for a sleeper first. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "All sleep beside an entry.")
    public static class Broken {
        private final AtomicInteger entry = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();

        @Actor
        public void queuer(ZZ_Result r) {
            r.r2 = asleep.get() == 1;
            entry.getAndSet(1);
        }

        @Actor
        public void cpu(ZZ_Result r) {
            asleep.set(1);
            r.r1 = entry.get() == 1;
        }
    }

    /** {@link Pod#submit} against {@link Doorbell#announce} and {@link Cpu#hasWork}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "All sleep beside an entry.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();

        @Actor
        public void queuer() {
            meeting.meetRoughly();
            queue.queue(item);
        }

        @Actor
        public void cpu(ZZ_Result r) {
            meeting.meetRoughly();
            cpus.second.cpu.doorbell.announce();
            r.r1 = cpus.second.cpu.hasWork();
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpus.second.cpu.doorbell.isAsleep();
        }
    }

    /** {@link PodShare#grant} against the same. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "Somebody looks.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "All sleep beside an entry.")
    public static class ActualGrant {
        private final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue = cpus.together(1);
        private final Meeting meeting = new Meeting();

        public ActualGrant() {
            queue.queue(new Item());
            cpus.first.start();
            queue.queue(new Item());
            cpus.startAll();
        }

        @Actor
        public void releaser() {
            meeting.meetRoughly();
            cpus.first.end();
        }

        @Actor
        public void cpu(ZZ_Result r) {
            meeting.meetRoughly();
            cpus.second.cpu.doorbell.announce();
            r.r1 = cpus.second.cpu.hasWork();
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpus.second.cpu.doorbell.isAsleep();
        }
    }
}
