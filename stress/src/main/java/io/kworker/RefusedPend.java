// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A queue call that is refused because an instance waits already: the run that starts then sees what its caller wrote
 * before (R1, R2, G5).
 *
 * <p>Results: queued, the first run saw the caller's write.
 */
public final class RefusedPend {
    private RefusedPend() {}

    /** The refused call is a read-modify-write too. */
    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "Refused, and seen by the run.")
    @Outcome(id = {"true, false", "true, true"}, expect = ACCEPTABLE, desc = "Queued for a second run.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Refused, and not seen.")
    public static class Model {
        private final AtomicInteger pending = new AtomicInteger(1);
        private int data;

        @Actor
        public void queuer(ZZ_Result r) {
            data = 1;
            r.r1 = pending.getAndSet(1) == 0;
        }

        @Actor
        public void owner(ZZ_Result r) {
            pending.getAndSet(0);
            r.r2 = data == 1;
        }
    }

    /** The call reads PENDING, and goes away if it is set: a bug that the kernel had until 6.0. */
    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "Refused, and seen by the run.")
    @Outcome(id = {"true, false", "true, true"}, expect = ACCEPTABLE, desc = "Queued for a second run.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "Refused, and not seen.")
    public static class Broken {
        private final AtomicInteger pending = new AtomicInteger(1);
        private int data;

        @Actor
        public void queuer(ZZ_Result r) {
            data = 1;
            r.r1 = pending.get() == 0 && pending.getAndSet(1) == 0;
        }

        @Actor
        public void owner(ZZ_Result r) {
            pending.getAndSet(0);
            r.r2 = data == 1;
        }
    }

    /** {@link Workqueue#queue} against {@link Cpu#fetch} and the handler. */
    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "Refused, and seen by the run.")
    @Outcome(id = {"true, false", "true, true"}, expect = ACCEPTABLE, desc = "Queued for a second run.")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "Refused, and not seen.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Reader item = new Reader();
        private int data;

        public Actual() {
            cpu.queue.queue(item);
        }

        @Actor
        public void queuer(ZZ_Result r) {
            data = 1;
            r.r1 = cpu.queue.queue(item);
        }

        @Actor
        public void owner(ZZ_Result r) {
            cpu.turn();
            r.r2 = item.read == 1;
        }

        private final class Reader extends Work {
            private int read;

            @Override
            protected void run() {
                read = data;
            }
        }
    }
}
