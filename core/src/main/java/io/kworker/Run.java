// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One execution context of handlers: which item it runs now, and for which share. */
abstract class Run extends Lead {
    /** The context that the current thread is, if it is one. Not inherited by the threads that a handler starts. */
    private static final ThreadLocal<@Nullable Run> CURRENT = new ThreadLocal<>();

    /** For so long a handler that must not block waits before it lets its CPU go. */
    private static final long CEDE_NANOS = 100_000_000;

    private static final VarHandle COMMAND = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "command", VarHandle.class, Run.class, Command.class);
    private static final VarHandle BEING_INTERRUPTED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "isBeingInterrupted", VarHandle.class, Run.class, int.class);

    /** I. */
    final Cpu cpu;

    /** W: the item that it runs, unless it runs a direct instance or a command. */
    @Nullable Work work;

    /** W: the direct instance that it runs. */
    @Nullable DirectEntry direct;

    /** S: the command that it runs. */
    @Nullable Command command;

    /** M: somebody is about to interrupt the command that runs. */
    private volatile int isBeingInterrupted;

    /** S: by the command: the item that it is known by, or that of an earlier one. */
    private volatile @Nullable CommandWork standIn;

    /** W. */
    @Nullable Share share;

    /** W: the turn of the share's colour in which the instance came. */
    int turn;

    /** W: which instance of the item it is; of one that runs directly only once {@link #currentWork} was asked for. */
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

    /** Any thread, weakly consistent. Whether it runs something. */
    final boolean isBusy() {
        return work != null || direct != null || command != null;
    }

    private @Nullable Work queuedItem() {
        DirectEntry entry = direct;
        return entry == null ? work : entry.item;
    }

    /** Any thread, weakly consistent. What it runs; of a command that is not known yet, something like its item. */
    final @Nullable Work work() {
        Work item = queuedItem();
        Command of = command;
        return item != null || of == null ? item : item(of);
    }

    private CommandWork item(Command of) {
        CommandWork known = standIn;
        return known != null && known.isOf(of) ? known : new CommandWork(of);
    }

    /** Any thread, weakly consistent. What it runs: an item or a command. */
    final @Nullable Object subject() {
        Work item = queuedItem();
        return item == null ? command : item;
    }

    /** The handler. The item that it runs, if it runs one. */
    final @Nullable Work currentWork() {
        return isBusy() ? ownWork() : null;
    }

    /** The same while it does. */
    private Work ownWork() {
        Command of = command;
        if (of != null) {
            CommandWork known = item(of);
            standIn = known;
            return known;
        }
        DirectEntry entry = direct;
        if (entry != null) { // who asks may show it to others, or wait
            generation = entry.item.claimOwn();
            return entry.item;
        }
        Work item = work;
        assert item != null;
        return item;
    }

    /**
     * Runs what was started for this context. Foreign code: it may block, hog and throw.
     *
     * @return the command, if it was one: the context knows it no more
     */
    final @Nullable Command perform(Share of) {
        Work item = work;
        DirectEntry entry = item == null ? direct : null;
        Command one = item == null && entry == null ? command : null;
        try {
            if (item != null) {
                item.run();
            } else if (entry != null) {
                entry.run();
            } else if (one != null) {
                runCommand(one);
            }
        } catch (Throwable t) {
            report(of, t);
        }
        if (item != null) {
            item.ran(of.workqueue);
        } else if (one != null) {
            endCommand(one);
        }
        Thread.interrupted(); // J8: an interrupt meant for this run must not reach the next one
        return one;
    }

    private void report(Share of, Throwable thrown) {
        Work item;
        try {
            item = ownWork();
        } catch (Throwable t) { // out of memory, perhaps as the command itself: the worker must go on
            of.workqueue.reportFailure(thrown, t);
            return;
        }
        of.workqueue.report(item, thrown);
    }

    /*
     * No stray interrupt (J8):   runner    no command ; view stopped? then fence, wait while being interrupted ; flag
     *                            stopper   control ; barrier ; command: being interrupted (CAS) ; the same still?
     *
     * A runner that has not seen the view stopped had stored that before the barrier; of the others one sees the
     * other. A command runs once, so the same is the same run.
     *
     * None missing:              runner    command ; view stopped? then interrupt
     *                            stopper   control ; barrier ; command
     */
    private static void runCommand(Command one) {
        if (one.start()) {
            one.view().placeIsFree();
            one.body.run();
        }
    }

    private void endCommand(Command one) {
        COMMAND.setRelease(this, null);
        VarHandle.releaseFence();
        if (one.view().isStopped()) {
            awaitInterrupt();
        }
    }

    private void awaitInterrupt() {
        VarHandle.fullFence();
        while (isBeingInterrupted != 0) {
            try {
                Thread.yield();
            } catch (OutOfMemoryError e) { // there is none for the stack of this thread: the other one is not long
                Thread.onSpinWait();
            }
        }
    }

    /** Who has stopped a view, and passed the barrier. Interrupts the command that runs here if it is one of that. */
    final void interrupt(View view) {
        Command one = (Command) COMMAND.getAcquire(this);
        if (one == null || one.view() != view) {
            return; // it looks at the view before it begins
        }
        while (!BEING_INTERRUPTED.compareAndSet(this, 0, 1)) {
            Thread.yield();
        }
        try {
            Thread runner = thread();
            if (runner != null && COMMAND.getVolatile(this) == one) {
                runner.interrupt();
            }
        } finally {
            isBeingInterrupted = 0;
        }
    }

    /**
     * What has been performed is over.
     *
     * @param one what {@link #perform} has returned
     * @param isOwner whether the caller owns the CPU
     */
    final void finish(@Nullable Command one, boolean isOwner) {
        if (one == null) {
            finishWork();
        } else {
            finishCommand(one, isOwner);
        }
    }

    private void finishWork() {
        Work item = work;
        if (item != null) {
            item.finish();
            work = null;
        } else {
            DirectEntry entry = direct;
            assert entry != null;
            entry.end();
            direct = null;
        }
    }

    private void finishCommand(Command one, boolean isOwner) {
        if (standIn != null) {
            endStandIn(one);
        }
        if (!one.isDead()) { // else whoever has claimed it counts it out
            one.view().ended(one.ledger, isOwner);
        }
    }

    private void endStandIn(Command one) {
        CommandWork known = standIn;
        standIn = null;
        if (known != null && known.isOf(one)) {
            known.finish();
        }
    }

    /** For another context of the same CPU, which is to run what was started for this one. */
    final void handOver(Run to) {
        to.work = work;
        to.direct = direct;
        to.command = command;
        to.share = share;
        to.turn = turn;
        to.generation = generation;
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
        return queuedItem() != null && of != null && of.workqueue.isBh(); // no command: no view has such a workqueue
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
