// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A threaded handler ends while a primary wakes it again for a one-shot line: the line stays masked for the run to come
 * (R78, I14, I16).
 *
 * <p>Results: woken, masked by the word, masked by the chip.
 */
public final class OneshotEndAgainstWake {
    private OneshotEndAgainstWake() {}

    private static final int RUN = 1;
    private static final int ONESHOT = 2;

    /** In one step: no wake has come, and no need to be masked. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Masked for the next run.")
    @Outcome(expect = FORBIDDEN, desc = "Unmasked under it.")
    public static class Model {
        private final AtomicInteger word = new AtomicInteger(ONESHOT);

        @Actor
        public void thread() {
            word.updateAndGet(s -> (s & RUN) == 0 ? s & ~ONESHOT : s);
        }

        @Actor
        public void primary() {
            word.updateAndGet(s -> s | RUN | ONESHOT);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = word.get() & RUN;
            r.r2 = (word.get() & ONESHOT) / ONESHOT;
            r.r3 = r.r2;
        }
    }

    /** Looks for a wake, then takes the need away. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Masked for the next run.")
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE_INTERESTING, desc = "Unmasked under it.")
    @Outcome(expect = FORBIDDEN, desc = "The wake is lost.")
    public static class Broken {
        private final AtomicInteger word = new AtomicInteger(ONESHOT);

        @Actor
        public void thread() {
            if ((word.get() & RUN) == 0) {
                word.updateAndGet(s -> s & ~ONESHOT);
            }
        }

        @Actor
        public void primary() {
            word.updateAndGet(s -> s | RUN | ONESHOT);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = word.get() & RUN;
            r.r2 = (word.get() & ONESHOT) / ONESHOT;
            r.r3 = r.r2;
        }
    }

    /** {@link IrqState#end} against {@link IrqLine#raise}; the run that ends was woken by hand. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Masked for the next run.")
    @Outcome(expect = FORBIDDEN, desc = "Unmasked under it, or the wake is lost.")
    public static class Actual {
        private final HandLine hand = new HandLine(item -> {});
        private final IrqLine line = hand.line;
        private final IrqAction action = line.request(null, self -> {}, "one", IrqFlag.ONESHOT);

        public Actual() {
            line.wakeThread(action);
            line.state.begin(action.index);
        }

        @Actor
        public void thread() {
            line.proceed(line.state.end(action.index));
        }

        @Actor
        public void raiser() {
            line.raise();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = line.state.hasActive() ? 1 : 0;
            r.r2 = line.state.isMasked() ? 1 : 0;
            r.r3 = hand.isMasked && !hand.isWrong ? 1 : 0;
        }
    }
}
