// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One execution context of handlers: which item it runs now, and for which share. */
abstract class Run {
    /** The context that the current thread is, if it is one. Not inherited by the threads that a handler starts. */
    private static final ThreadLocal<@Nullable Run> CURRENT = new ThreadLocal<>();

    /** For so long a handler that must not block waits before it lets its CPU go. */
    private static final long CEDE_NANOS = 100_000_000;

    /** I. */
    final Cpu cpu;

    /** W. */
    @Nullable Work work;

    /** W. */
    @Nullable Share share;

    /** W: the turn of the share's colour in which the instance came. */
    int turn;

    /** W: which instance of the item it is. */
    int generation;

    /** W: items taken since the pods had their turn before the normal lane. */
    int turnsWithoutPods;

    /** W: items in a row that came from the pods of high priority. */
    int turnsOfHighpriPods;

    /** W: looks in vain at the urgent lanes since something was in them. */
    int turnsWithoutUrgent;

    /** W: an urgent lane has something, and stands back for this turn. */
    boolean isHeldBack;

    /** For another context of the same CPU: what it goes on counting from. */
    final void inheritTurns(Run before) {
        turnsWithoutPods = before.turnsWithoutPods;
        turnsOfHighpriPods = before.turnsOfHighpriPods;
        turnsWithoutUrgent = before.turnsWithoutUrgent;
    }

    /** S: when the item was started. */
    long startedAt;

    /** S. */
    private @Nullable String description;

    /** W: the name of the thread without a description, once there was one. */
    private @Nullable String name;

    Run(Cpu cpu) {
        this.cpu = cpu;
    }

    static @Nullable Run current() {
        return CURRENT.get();
    }

    /** The worker's thread says once that it is this context. */
    final void becomeCurrent() {
        CURRENT.set(this);
    }

    /** Runs the handler of an item that was started for this context. Foreign code: it may block, hog and throw. */
    final void perform(Work item, Share of) {
        try {
            item.run();
        } catch (Throwable t) {
            of.workqueue.report(item, t);
        }
        item.ran(of.workqueue);
        Thread.interrupted(); // J8: an interrupt meant for this run must not reach the next one
    }

    /** Whether the handler that has just run said what it does; its words stay until {@link #forgetDescription}. */
    final boolean isDescribed() {
        return description != null;
    }

    /** The handler is over, but what it said stands until the next one. */
    final void endDescription() {
        nameThread("-" + description);
    }

    /** The next handler is about to run. */
    final void forgetDescription() {
        description = null;
        nameThread("");
    }

    /** The running handler says what it does (A53, A55). */
    final void describe(String text) {
        if (text.isEmpty()) {
            description = null;
            nameThread("");
        } else {
            description = text;
            nameThread("+" + text);
        }
    }

    private void nameThread(String suffix) {
        String plain = name;
        if (plain == null) {
            name = plain = Thread.currentThread().getName();
        }
        Thread.currentThread().setName(plain + suffix);
    }

    /** Any thread, weakly consistent. What the running handler, or the last one, said that it does. */
    final @Nullable String description() {
        return description;
    }

    /** Any thread, weakly consistent. When the item that runs was started, by {@link System#nanoTime}. */
    final long startedAt() {
        return startedAt;
    }

    /** The thread, for its stack; null where there is none yet. */
    abstract @Nullable Thread thread();

    /** Whether the handler must not block. */
    final boolean isAtomic() {
        Share of = share;
        return work != null && of != null && of.workqueue.isBh();
    }

    /** The handler must not block, and waits. What it waits for may need its CPU. */
    final void spinUntil(BooleanSupplier isOver, WaitGraph.@Nullable Wait wait) {
        long start = System.nanoTime();
        long nextLook = CEDE_NANOS;
        for (int turns = 1; !isOver.getAsBoolean(); turns++) {
            if (turns % SpinBudget.TURNS_PER_LOOK == 0 && System.nanoTime() - start >= nextLook) {
                WaitGraph.check(wait);
                if (nextLook == CEDE_NANOS) {
                    cede();
                }
                nextLook *= 2;
            }
            pause();
        }
    }

    /** The running handler lets others have its CPU, whatever the CPU-intensive threshold. */
    void cede() {}

    void pause() {
        Thread.onSpinWait();
    }

    /** Whether the context is a rescuer. */
    boolean isRescuer() {
        return false;
    }
}
