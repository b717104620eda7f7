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
import org.openjdk.jcstress.infra.results.ZZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * Two that are not the owner revoke the bias of a timer that is armed, and take it back or re-time it: what was armed
 * becomes the item's once.
 *
 * <p>Results: was pending for the one, for the other; what is left.
 */
public final class RevokeAgainstRevoke {
    private RevokeAgainstRevoke() {}

    private static final int PENDING = 1;
    private static final int GENERATION = 2;

    /** The word, then the mark, then the CAS. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "One of them has taken it back.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither.")
    public static class Model {
        private final AtomicInteger word = new AtomicInteger();
        private final AtomicInteger isGeneral = new AtomicInteger();

        private boolean delete() {
            for (;;) {
                int s = word.get();
                if (isGeneral.get() == 1 || (s & PENDING) != 0
                        || word.compareAndSet(s, s + GENERATION | PENDING)) {
                    break;
                }
            }
            isGeneral.set(1);
            return (word.getAndAccumulate(PENDING, (s, bit) -> s & ~bit) & PENDING) != 0;
        }

        @Actor
        public void first(ZZ_Result r) {
            r.r1 = delete();
        }

        @Actor
        public void second(ZZ_Result r) {
            r.r2 = delete();
        }
    }

    /** The mark, then the word, which may be that of the time after. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "One of them has taken it back.")
    @Outcome(id = "true, true", expect = ACCEPTABLE_INTERESTING, desc = "It was armed twice.")
    public static class Broken {
        private final AtomicInteger word = new AtomicInteger();
        private final AtomicInteger isGeneral = new AtomicInteger();

        private boolean delete() {
            for (;;) {
                boolean isDone = isGeneral.get() == 1;
                int s = word.get();
                if (isDone || (s & PENDING) != 0 || word.compareAndSet(s, s + GENERATION | PENDING)) {
                    break;
                }
            }
            isGeneral.set(1);
            return (word.getAndAccumulate(PENDING, (s, bit) -> s & ~bit) & PENDING) != 0;
        }

        @Actor
        public void first(ZZ_Result r) {
            r.r1 = delete();
        }

        @Actor
        public void second(ZZ_Result r) {
            r.r2 = delete();
        }
    }

    /** {@link SoftTimer#delete} twice. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false, 0", "false, true, 0"}, expect = ACCEPTABLE, desc = "One of them has taken it back.")
    @Outcome(expect = FORBIDDEN, desc = "Both, or neither, or an alarm is left.")
    public static class Actual {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        public Actual() {
            timer.modHere(TimedItem.FAR);
        }

        @Actor
        public void first(ZZI_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.delete();
        }

        @Actor
        public void second(ZZI_Result r) {
            meeting.meetRoughly();
            r.r2 = timer.delete();
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            r.r3 = timer.left();
        }
    }

    /** {@link SoftTimer#delete} against {@link SoftTimer#modOn} for another CPU. */
    @JCStressTest
    @State
    @Outcome(id = "true, true, 0", expect = ACCEPTABLE, desc = "Re-timed, then taken back.")
    @Outcome(id = "true, false, 1", expect = ACCEPTABLE, desc = "Taken back, then armed.")
    @Outcome(expect = FORBIDDEN, desc = "Two instances, or none.")
    public static class ActualMod {
        private final TwoCpus cpus = new TwoCpus();
        private final BiasedTimer timer = new BiasedTimer(cpus);
        private final Meeting meeting = new Meeting();

        public ActualMod() {
            timer.modHere(TimedItem.FAR);
        }

        @Actor
        public void first(ZZI_Result r) {
            meeting.meetRoughly();
            r.r1 = timer.delete();
        }

        @Actor
        public void second(ZZI_Result r) {
            meeting.meetRoughly();
            r.r2 = timer.modOn(1, timer.moment(TimedItem.FAR + 1));
        }

        @Arbiter
        public void arbiter(ZZI_Result r) {
            cpus.first.cpu.timers.applyOperations();
            cpus.second.cpu.timers.applyOperations();
            cpus.first.cpu.timers.applyOperations();
            r.r3 = timer.left();
        }
    }
}
