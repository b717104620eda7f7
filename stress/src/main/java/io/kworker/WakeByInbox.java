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
 * A message put into the inbox (a continuation, a delivery) is seen by the owner's look before it sleeps, or its sender
 * wakes the owner (R9).
 *
 * <p>Results: seen by the owner, owner woken.
 */
public final class WakeByInbox {
    private WakeByInbox() {}

    /** Exchange, then word; word, then what was exchanged. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner sleeps beside a message.")
    public static class Model {
        private final AtomicInteger last = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();

        @Actor
        public void sender(ZZ_Result r) {
            last.getAndSet(1);
            r.r2 = asleep.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            asleep.set(1);
            r.r1 = last.get() != 0;
        }
    }

    /** The owner's word is a release store, which its look may overtake. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "The owner sleeps beside a message.")
    public static class Broken {
        private final AtomicInteger last = new AtomicInteger();
        private final AtomicInteger asleep = new AtomicInteger();

        @Actor
        public void sender(ZZ_Result r) {
            last.getAndSet(1);
            r.r2 = asleep.get() == 1;
        }

        @Actor
        public void owner(ZZ_Result r) {
            asleep.setRelease(1);
            r.r1 = last.get() != 0;
        }
    }

    /** {@link Cpu#post} against {@link Doorbell#announce} and {@link Cpu#hasMessages}. */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "false, true", "true, true"}, expect = ACCEPTABLE, desc = "The owner learns of it.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "The owner sleeps beside a message.")
    public static class Actual {
        private static final Delivery MESSAGE = () -> {};

        private final Cpu cpu = new HandDriven().cpu;

        @Actor
        public void sender() {
            cpu.post(MESSAGE);
        }

        @Actor
        public void owner(ZZ_Result r) {
            cpu.doorbell.announce();
            r.r1 = cpu.hasMessages();
        }

        @Arbiter
        public void arbiter(ZZ_Result r) {
            r.r2 = !cpu.doorbell.isAsleep();
        }
    }

    /**
     * The same with an owner that really sleeps: a lost wake-up would show as a test that does not end. Results: the
     * owner has the message, the owner has slept.
     */
    @JCStressTest
    @State
    @Outcome(id = {"true, false", "true, true"}, expect = ACCEPTABLE, desc = "The owner has the message.")
    @Outcome(expect = FORBIDDEN, desc = "The owner has got something else.")
    public static class ActualSleep {
        private static final Delivery MESSAGE = () -> {};

        private final Cpu cpu = new HandDriven().cpu;
        private final Meeting meeting = new Meeting();

        @Actor
        public void sender() {
            meeting.meet();
            cpu.post(MESSAGE);
        }

        /** What is on its way may still be a hole. */
        private Runnable next() {
            for (;;) {
                Runnable message = cpu.nextMessage();
                if (message != null) {
                    return message;
                }
                Thread.onSpinWait();
            }
        }

        @Actor
        public void owner(ZZ_Result r) {
            meeting.meet();
            cpu.doorbell.announce();
            if (cpu.hasMessages()) {
                cpu.doorbell.withdraw();
            } else {
                cpu.doorbell.await();
                r.r2 = true;
            }
            r.r1 = next() == MESSAGE;
        }
    }
}
