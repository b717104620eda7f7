// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIZ_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * An item is queued again while the entry of its cancelled instance still lies in the ring: nobody writes to that entry
 * while the owner reads it, and the new instance goes to the tail (R6, G20).
 */
public final class EntryReuse {
    private EntryReuse() {}

    private static final int PENDING = 1;
    private static final int LINKED = 2;
    private static final int GENERATION_ONE = 4;

    private static class Entry {
        int generation = 1;
        int share = 1;
    }

    /**
     * LINKED says that the item's own entry is in the ring: the next instance then gets another one. Result: what the
     * owner started.
     */
    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "The entry is dead.")
    @Outcome(expect = FORBIDDEN, desc = "The dead entry has started the new instance, ahead of its place.")
    public static class Model {
        private final AtomicInteger state = new AtomicInteger(GENERATION_ONE + LINKED);
        private final Entry own = new Entry();
        private final AtomicReference<Entry> tail = new AtomicReference<>();

        @Actor
        public void queuer() {
            int found = state.get();
            while (!state.compareAndSet(found, found + GENERATION_ONE | PENDING | LINKED)) {
                found = state.get();
            }
            Entry entry = (found & LINKED) != 0 ? new Entry() : own;
            entry.share = 2;
            entry.generation = 2;
            tail.set(entry);
        }

        @Actor
        public void owner(I_Result r) {
            int s = state.get();
            while ((s & PENDING) == 0 || s / GENERATION_ONE != own.generation) {
                if (state.compareAndSet(s, s & ~LINKED)) {
                    return;
                }
                s = state.get();
            }
            r.r1 = own.share;
        }
    }

    /** The item's own entry is used whether or not it lies in the ring. */
    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "The entry is dead.")
    @Outcome(id = "[12]", expect = ACCEPTABLE_INTERESTING, desc = "A dead entry started a later instance.")
    public static class Broken {
        private final AtomicInteger state = new AtomicInteger(GENERATION_ONE + LINKED);
        private final Entry own = new Entry();
        private final AtomicReference<Entry> tail = new AtomicReference<>();

        @Actor
        public void queuer() {
            int found = state.get();
            while (!state.compareAndSet(found, found + GENERATION_ONE | PENDING | LINKED)) {
                found = state.get();
            }
            Entry entry = own;
            entry.share = 2;
            entry.generation = 2;
            tail.set(entry);
        }

        @Actor
        public void owner(I_Result r) {
            int s = state.get();
            while ((s & PENDING) == 0 || s / GENERATION_ONE != own.generation) {
                if (state.compareAndSet(s, s & ~LINKED)) {
                    return;
                }
                s = state.get();
            }
            r.r1 = own.share;
        }
    }

    /**
     * {@link Work#cancel}, then {@link Workqueue#queue} to another workqueue against {@link Cpu#fetch}. Results: order
     * of the starts (1 an item queued before, 2 the item queued again), which workqueue the item ran for, whether the
     * owner got it at its first turn.
     */
    @JCStressTest
    @State
    @Outcome(id = {"12, 2, false",
        "12, 2, true"}, expect = ACCEPTABLE, desc = "Ran once, at its place, for its new workqueue.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled, out of order, or for the wrong workqueue.")
    public static class Actual {
        private final HandDriven cpu = new HandDriven();
        private final Workqueue other = cpu.newQueue();
        private final Logging before = new Logging(1);
        private final Logging item = new Logging(2);
        private int starts;
        private int ranFor;

        public Actual() {
            cpu.queue.queue(item);
            item.cancel();
            cpu.queue.queue(before);
        }

        @Actor
        public void queuer() {
            other.queue(item);
        }

        @Actor
        public void owner(IIZ_Result r) {
            cpu.turn();
            cpu.turn();
            r.r3 = ranFor != 0;
        }

        @Arbiter
        public void arbiter(IIZ_Result r) {
            cpu.serve();
            r.r1 = starts;
            r.r2 = ranFor;
        }

        private final class Logging extends Work {
            private final int label;

            Logging(int label) {
                this.label = label;
            }

            @Override
            protected void run() {
                starts = 10 * starts + label;
                if (label == 2) {
                    ranFor = home == HandDriven.share(other) ? 2 : 1;
                }
            }
        }
    }
}
