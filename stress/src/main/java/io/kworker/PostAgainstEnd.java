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
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * A message sent to a CPU whose last owner ends is taken by that owner, or by its sender: threads that handlers started
 * may outlive the runtime, and a continuation left behind would be lost.
 *
 * <p>Result: left behind.
 */
public final class PostAgainstEnd {
    private PostAgainstEnd() {}

    /** Exchange, then word; word, then what was exchanged. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Somebody takes it.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "Left behind.")
    public static class Model {
        private final AtomicInteger inbox = new AtomicInteger();
        private final AtomicInteger abandoned = new AtomicInteger();

        @Actor
        public void sender() {
            inbox.getAndSet(1);
            if (abandoned.get() != 0) {
                inbox.getAndSet(0);
            }
        }

        @Actor
        public void owner() {
            abandoned.set(1);
            inbox.getAndSet(0);
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = inbox.get() != 0;
        }
    }

    /** The sender does not look whether anybody is left. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Somebody takes it.")
    @Outcome(id = "true", expect = ACCEPTABLE_INTERESTING, desc = "Left behind.")
    public static class Broken {
        private final AtomicInteger inbox = new AtomicInteger();
        private final AtomicInteger abandoned = new AtomicInteger();

        @Actor
        public void sender() {
            inbox.getAndSet(1);
        }

        @Actor
        public void owner() {
            abandoned.set(1);
            inbox.getAndSet(0);
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = inbox.get() != 0;
        }
    }

    /** {@link Cpu#post} against {@link Cpu#abandon}. */
    @JCStressTest
    @State
    @Outcome(id = "false", expect = ACCEPTABLE, desc = "Somebody takes it.")
    @Outcome(id = "true", expect = FORBIDDEN, desc = "Left behind.")
    public static class Actual {
        private static final Delivery MESSAGE = () -> {};

        private final Cpu cpu = new HandDriven().cpu;

        @Actor
        public void sender() {
            cpu.post(MESSAGE);
        }

        @Actor
        public void owner() {
            cpu.abandon();
        }

        @Arbiter
        public void arbiter(Z_Result r) {
            r.r1 = cpu.hasMessages();
        }
    }
}
