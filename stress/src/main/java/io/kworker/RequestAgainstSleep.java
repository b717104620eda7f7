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
 * A request is left for a CPU that sleeps too long for it, while the message that is to bring it there is on its way
 * (R9): its owner sees the request before it sleeps, or is woken when the message is there.
 *
 * <p>Results: seen by the owner, or on its way to it; owner woken.
 */
public final class RequestAgainstSleep {
    private RequestAgainstSleep() {}

    private static final int SOON = 5;
    private static final int LATER = 10;

    /** Message, then a look at the request; request, then the message is looked for and the owner woken. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Woken before the message was there.")
    public static class Model {
        private final AtomicInteger request = new AtomicInteger();
        private final AtomicInteger posted = new AtomicInteger();
        private final AtomicInteger ring = new AtomicInteger();

        @Actor
        public void poster(ZZ_Result r) {
            posted.set(1);
            ring.set(1);
            r.r2 = request.get() == 1;
        }

        @Actor
        public void armerAndOwner(ZZ_Result r) {
            request.set(1);
            r.r1 = posted.get() == 0 || ring.get() == 1;
        }
    }

    /** The poster does not look again. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "Woken before the message was there.")
    public static class Broken {
        private final AtomicInteger request = new AtomicInteger();
        private final AtomicInteger posted = new AtomicInteger();
        private final AtomicInteger ring = new AtomicInteger();

        @Actor
        public void poster(ZZ_Result r) {
            posted.set(1);
            r.r2 = request.get() == 1;
            ring.set(1);
        }

        @Actor
        public void armerAndOwner(ZZ_Result r) {
            request.set(1);
            r.r1 = posted.get() == 0 || ring.get() == 1;
        }
    }

    /** A message that nobody is in a hurry for is sent, and the owner sleeps; the armer rings, and the owner looks. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner oversleeps.")
    public static class ActualPost {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public ActualPost() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR + LATER, WorkState.Arm.IDLE);
            fallAsleep(owner.cpu);
        }

        @Actor
        public void poster() {
            meeting.meetRoughly();
            item.countdown.notice(owner.cpu.timers);
        }

        @Actor
        public void armerAndOwner(ZZ_Result r) {
            meeting.meetRoughly();
            item.arm(owner.queue, owner.cpu, TimedItem.FAR + SOON, WorkState.Arm.ANY);
            r.r1 = !owner.cpu.doorbell.isAsleep() && !fallAsleep(owner.cpu);
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r1 |= item.countdown.tick == TimedItem.FAR + SOON;
            r.r2 = !owner.cpu.doorbell.isAsleep();
        }
    }

    /** The message is in the ring, and the owner falls asleep. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner oversleeps.")
    public static class Actual {
        private final HandDriven owner = new HandDriven();
        private final TimedItem item = new TimedItem();
        private final Meeting meeting = new Meeting();

        public Actual() {
            item.arm(owner.queue, owner.cpu, TimedItem.FAR + LATER, WorkState.Arm.IDLE);
        }

        @Actor
        public void armer() {
            meeting.meetRoughly();
            item.arm(owner.queue, owner.cpu, TimedItem.FAR + SOON, WorkState.Arm.ANY);
        }

        @Actor
        public void owner(ZZ_Result r) {
            meeting.meetRoughly();
            r.r1 = !fallAsleep(owner.cpu) || item.countdown.tick == TimedItem.FAR + SOON;
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !owner.cpu.doorbell.isAsleep();
        }
    }

    /** As a carrier that has nothing to do; false where it comes again instead, as a message is half in the ring. */
    private static boolean fallAsleep(Cpu cpu) {
        cpu.timers.publishSleep();
        cpu.doorbell.announce();
        return cpu.timers.settle();
    }
}
