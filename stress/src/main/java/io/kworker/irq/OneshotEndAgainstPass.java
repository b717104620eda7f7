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
 * The threaded handler of a one-shot request is done while the pass that has woken it is not over: the line does not
 * stay masked (R77, I16).
 *
 * <p>Results: unmasked by the thread, unmasked by the pass, masked in the end. Of {@code Actual}: masked in the end by
 * the word, by the chip, chip told the same twice.
 */
public final class OneshotEndAgainstPass {
    private OneshotEndAgainstPass() {}

    private static final int PROGRESS = 1;
    private static final int ONESHOT = 2;

    /** One word: whoever finds the other one gone unmasks. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0", "0, 1, 0"}, expect = ACCEPTABLE, desc = "Unmasked once.")
    @Outcome(expect = FORBIDDEN, desc = "Masked for ever, or unmasked twice.")
    public static class Model {
        private final AtomicInteger word = new AtomicInteger(PROGRESS | ONESHOT);

        @Actor
        public void thread(III_Result r) {
            r.r1 = word.addAndGet(-ONESHOT) == 0 ? 1 : 0;
        }

        @Actor
        public void pass(III_Result r) {
            r.r2 = word.addAndGet(-PROGRESS) == 0 ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = r.r1 + r.r2 == 1 ? 0 : 1;
        }
    }

    /** Each looks at the other one first. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 0, 0", "0, 1, 0"}, expect = ACCEPTABLE, desc = "Unmasked once.")
    @Outcome(id = "0, 0, 1", expect = ACCEPTABLE_INTERESTING, desc = "Masked for ever.")
    @Outcome(expect = FORBIDDEN, desc = "Unmasked twice.")
    public static class Broken {
        private volatile boolean isInProgress = true;
        private volatile boolean isOneshot = true;

        @Actor
        public void thread(III_Result r) {
            boolean unmask = !isInProgress;
            isOneshot = false;
            r.r1 = unmask ? 1 : 0;
        }

        @Actor
        public void pass(III_Result r) {
            boolean unmask = !isOneshot;
            isInProgress = false;
            r.r2 = unmask ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = r.r1 + r.r2 == 1 ? 0 : 1;
        }
    }

    /** {@link IrqState#end} against {@link IrqState#next}. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Unmasked.")
    @Outcome(expect = FORBIDDEN, desc = "Masked for ever, or told twice.")
    public static class Actual {
        private final HandLine hand = new HandLine(item -> {});
        private final IrqLine line = hand.line;
        private final IrqAction action = line.request(null, self -> {}, "one", IrqFlag.ONESHOT);

        public Actual() {
            line.state.raise(); // a pass has begun
            action.pass();
        }

        @Actor
        public void thread() {
            action.thread.run();
        }

        @Actor
        public void pass() {
            line.proceed(line.state.next());
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = line.state.isMasked() ? 1 : 0;
            r.r2 = hand.isMasked ? 1 : 0;
            r.r3 = hand.isWrong ? 1 : 0;
        }
    }
}
