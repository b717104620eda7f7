// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A freezable workqueue is frozen while its limit or its attributes are changed: nothing starts before the thaw, the
 * freeze is told to be complete, and after the thaw everything runs (G72, R50, R48).
 *
 * <p>Results: told, items started while frozen, runs after the thaw.
 */
public final class FreezeAgainstLimit {
    private FreezeAgainstLimit() {}

    /** The limit is made out and stored in one step. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Frozen, and thawed.")
    @Outcome(expect = FORBIDDEN, desc = "A start while frozen, or nothing told.")
    public static class Model {
        private volatile boolean isFrozen;
        private int limit = 1;

        private synchronized void limitChanged() {
            limit = isFrozen ? 0 : 2;
        }

        private synchronized void hold() {
            limit = 0;
        }

        @Actor
        public void freezer(III_Result r) {
            isFrozen = true;
            hold();
            r.r1 = 1;
        }

        @Actor
        public void changer() {
            limitChanged();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = Math.min(1, limit);
            isFrozen = false;
            limitChanged();
            r.r3 = Math.min(1, limit);
        }
    }

    /** It is made out, then stored. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Frozen, and thawed.")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE_INTERESTING, desc = "A start while frozen.")
    public static class Broken {
        private volatile boolean isFrozen;
        private volatile int limit = 1;

        private void limitChanged() {
            limit = isFrozen ? 0 : 2;
        }

        @Actor
        public void freezer(III_Result r) {
            isFrozen = true;
            limit = 0;
            r.r1 = 1;
        }

        @Actor
        public void changer() {
            limitChanged();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = Math.min(1, limit);
            isFrozen = false;
            limitChanged();
            r.r3 = Math.min(1, limit);
        }
    }

    /** {@link NodeLimit#hold} against {@link NodeLimit#limitChanged} by somebody who is slow to make out the limit. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Frozen, and thawed.")
    @Outcome(expect = FORBIDDEN, desc = "A start while frozen, or nothing told.")
    public static class ActualWord {
        private static final int SPINS = 10;

        private final NodeLimit limit = new NodeLimit(this::wanted, 2);
        private final CountDownLatch told = new CountDownLatch(1);
        private volatile boolean isFrozen;

        private int wanted() {
            int wanted = isFrozen ? 0 : 2;
            for (int i = 0; i < SPINS; i++) {
                Thread.onSpinWait();
            }
            return wanted;
        }

        @Actor
        public void freezer() {
            isFrozen = true;
            limit.hold(told);
        }

        @Actor
        public void changer() {
            limit.limitChanged();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = 1 - (int) told.getCount();
            r.r2 = limit.tryTake() ? 1 : 0;
            isFrozen = false;
            limit.limitChanged();
            r.r3 = limit.tryTake() ? 1 : 0;
        }
    }

    /** What all kinds have in common; the freeze is the runtime's. */
    private abstract static class Frozen {
        final TwoCpus cpus = new TwoCpus();
        private final Workqueue queue;
        private final Run active = Owner.context(cpus.first.cpu);
        private final Item item = new Item();
        private final Meeting meeting = new Meeting();
        private CompletableFuture<Void> freeze;

        Frozen(UnaryOperator<Workqueue.Builder> flags) {
            queue = flags.apply(cpus.runtime.workqueue("freezable").freezable()).build();
            queue.queueOn(cpus.first.cpu.number, new Item());
            cpus.first.cpu.fetch(active);
            queue.queueOn(cpus.first.cpu.number, item);
        }

        void freeze() {
            meeting.meet();
            freeze = cpus.runtime.freeze();
        }

        void change() {
            meeting.meet();
            change(queue);
        }

        abstract void change(Workqueue workqueue);

        void report(III_Result r) {
            cpus.serve();
            Owner.end(active);
            cpus.serve();
            try {
                freeze.get(2, TimeUnit.SECONDS);
                r.r1 = 1;
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                r.r1 = 0;
            }
            r.r2 = item.runs;
            cpus.runtime.thaw();
            cpus.serve();
            r.r3 = item.runs;
        }
    }

    /** {@link BoundShare}: {@link WorkRuntime#freeze()} against {@link Workqueue#setMaxActive}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Frozen, and thawed.")
    @Outcome(expect = FORBIDDEN, desc = "A start while frozen, or nothing told.")
    public static class ActualBound extends Frozen {
        public ActualBound() {
            super(builder -> builder.maxActive(1));
        }

        @Override
        void change(Workqueue workqueue) {
            workqueue.setMaxActive(2);
        }

        @Actor
        public void freezer() {
            freeze();
        }

        @Actor
        public void changer() {
            change();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            report(r);
        }
    }

    /** {@link NodeLimit}: the same. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Frozen, and thawed.")
    @Outcome(expect = FORBIDDEN, desc = "A start while frozen, or nothing told.")
    public static class ActualUnbound extends Frozen {
        public ActualUnbound() {
            super(builder -> builder.unbound().affinity(Affinity.SYSTEM).maxActive(1));
        }

        @Override
        void change(Workqueue workqueue) {
            workqueue.setMaxActive(2);
        }

        @Actor
        public void freezer() {
            freeze();
        }

        @Actor
        public void changer() {
            change();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            report(r);
        }
    }

    /** {@link OrderedShare}: {@link WorkRuntime#freeze()} against {@link Workqueue#apply}. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Frozen, and thawed.")
    @Outcome(expect = FORBIDDEN, desc = "A start while frozen, or nothing told.")
    public static class ActualOrdered extends Frozen {
        public ActualOrdered() {
            super(builder -> builder.ordered().affinity(Affinity.SYSTEM));
        }

        @Override
        void change(Workqueue workqueue) {
            workqueue.apply(Attributes.of(Affinity.SYSTEM));
        }

        @Actor
        public void freezer() {
            freeze();
        }

        @Actor
        public void changer() {
            change();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            report(r);
        }
    }
}
