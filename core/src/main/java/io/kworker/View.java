// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A workqueue as an executor; see {@link Workqueue#asExecutorService(Bound)}. */
class View extends AbstractExecutorService {
    /*
     * state   OPEN     --shutdown, close of the workqueue (CAS)--> SHUT
     *         OPEN, SHUT --shutdownNow (CAS)--------------------> STOPPED
     *         SHUT, STOPPED --whoever finds nothing left (CAS)--> TERMINATED
     *
     * The state is in the control word, with the number of those that are about to take back a command of theirs:
     *
     *   control   31             2 1       0
     *             +---------------+---------+
     *             | claimers      | state   |
     *             +---------------+---------+
     *
     * Of tasks:
     *
     *   submitter      enters the task in the register (add) ; reads the state: SHUT? then it ends the task, and throws
     *                  queues it (CAS of the item's state)   ; reads the state: STOPPED? then it tries to claim it
     *   shutdown       state = SHUT    ; reads the registers
     *   shutdownNow    state = STOPPED ; reads the registers, and the item's state of each task there
     *   who ends one   counts it out   ; reads the state: SHUT? then it reads the registers
     *
     * So either the task is counted and awaited, or its submitter sees the shutdown; either shutdownNow finds it
     * pending, or its submitter finds it stopped; and the last one to end terminates.
     *
     * Of commands, of which nobody keeps a list:
     *
     *   submitter      counts it in (add)       ; reads the state: not OPEN? then it counts it out, and throws
     *                  puts it into the ring    ; reads the state: STOPPED? then it tries to claim it
     *   owner          counts it out (store)    ; reads the state: not OPEN? then a fence, and the counts
     *   shutdown       state = SHUT    ; barrier ; reads the counts
     *   shutdownNow    state = STOPPED ; barrier ; looks through the rings, then through the parked ones, and the runs
     *
     * The barrier is one of all threads, so it is a fence between the submitter's store of the slot and its read, and
     * between the owner's store and its read, wherever it falls. A command that leaves the ring to be parked is among
     * the parked before the queue says that nothing is being taken out, which is waited for between the two looks; so
     * one of them finds what has not been started.
     */
    static final int OPEN = 0;
    static final int SHUT = 1;
    static final int STOPPED = 2;
    static final int TERMINATED = 3;

    private static final int STATE_MASK = 3;
    private static final int CLAIMER = 4;

    private static final VarHandle CONTROL = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "control", VarHandle.class, View.class, int.class);

    final Workqueue workqueue;

    /** I: one for each CPU to submit from. */
    private final Register[] registers;

    /** I: the same. */
    private final Ledger[] ledgers;

    /** M: commands that wait for a slot, by the CPU where they do. */
    private final List<Queue<Command>> parked = new ArrayList<>();

    /** I: whether what is executed needs no task. */
    private final boolean hasCommands;

    private final Bound bound;

    /** I: free places; null where there is no bound. */
    private final @Nullable Semaphore places;

    /** M: see above. */
    private volatile int control = OPEN;

    /** I. */
    final ResultSpin resultSpin = new ResultSpin();

    private final CountDownLatch terminated = new CountDownLatch(1);

    View(Workqueue workqueue, Bound bound) {
        this.workqueue = workqueue;
        this.bound = bound;
        this.places = bound.isNone() ? null : bound.places();
        this.registers = new Register[workqueue.runtime().cpuArray().length];
        for (int i = 0; i < registers.length; i++) {
            registers[i] = new Register();
        }
        this.hasCommands = workqueue.isBound() && Os.hasMembarrier();
        this.ledgers = new Ledger[hasCommands ? registers.length : 0];
        for (int i = 0; i < ledgers.length; i++) {
            ledgers[i] = new Ledger(this, workqueue.boundShare(i));
            parked.add(new ConcurrentLinkedQueue<>());
        }
    }

    final int state() {
        return control & STATE_MASK;
    }

    /** Whether a command that starts must not take for granted that it is still there. */
    final boolean isUnderControl() {
        return control != OPEN;
    }

    final boolean isStopped() {
        return state() >= STOPPED;
    }

    // ---- submitting ----

    @Override
    public final void execute(Runnable command) {
        Objects.requireNonNull(command, "command");
        if (!takePlace()) {
            command.run();
            return;
        }
        if (command instanceof TaskFuture<?> future) {
            Task task = newTask(command);
            future.isExecutedBy(task);
            submit(task);
        } else if (!hasCommands || !submitAsCommand(command)) {
            submit(newTask(command));
        }
    }

    private Command newCommand(Ledger ledger, Runnable body) {
        try {
            return new Command(ledger, body);
        } catch (Throwable t) { // out of memory
            placeIsFree();
            throw t;
        }
    }

    /** What has its place, and keeps it where this is false: there was no room in the ring, or it is shut down. */
    private boolean submitAsCommand(Runnable body) {
        Ledger ledger = ledgers[workqueue.runtime().localCpu()];
        Command command = newCommand(ledger, body);
        ledger.enter();
        boolean isQueued;
        try {
            isQueued = state() == OPEN && workqueue.trySubmit(command);
        } catch (Throwable t) {
            endElsewhere(ledger);
            placeIsFree();
            throw t;
        }
        if (!isQueued) {
            endElsewhere(ledger);
            return false;
        }
        VarHandle.releaseFence();
        if (isStopped() && withdraw(command)) {
            endElsewhere(ledger);
            placeIsFree();
            throw rejection("is shut down");
        }
        return true;
    }

    /** Submitter, out of turn. True where the command will not run. */
    final boolean withdraw(Command command) {
        CONTROL.getAndAdd(this, CLAIMER);
        boolean taken;
        try {
            Os.membarrier();
            taken = isWaiting(command) && command.claim() || command.isRefused();
        } finally {
            CONTROL.getAndAdd(this, -CLAIMER);
        }
        if (taken && command.share() instanceof BoundShare share) {
            try {
                share.claimed();
            } catch (OutOfMemoryError e) {
                // it is dropped when its turn comes
            }
        }
        return taken;
    }

    private Task newTask(Runnable command) {
        try {
            return new Task(this, command);
        } catch (Throwable t) { // out of memory
            placeIsFree();
            throw t;
        }
    }

    @Override
    protected final <T extends @Nullable Object> RunnableFuture<T> newTaskFor(Callable<T> callable) {
        return new TaskFuture<>(callable);
    }

    @Override
    protected final <T extends @Nullable Object> RunnableFuture<T> newTaskFor(Runnable runnable, T value) {
        return new TaskFuture<>(runnable, value);
    }

    /** A task that has its place. */
    final void submit(Task task) {
        int cpu = workqueue.runtime().localCpu();
        try {
            registers[cpu].enter(task);
        } catch (Throwable t) { // out of memory
            placeIsFree();
            throw t;
        }
        boolean isQueued = false;
        try {
            if (state() == OPEN) {
                task.queue(cpu);
                isQueued = true;
            }
        } finally {
            if (!isQueued && task.endIdle()) {
                task.end();
            }
        }
        if (!isQueued || task.isRefusedBy(state()) && task.withdraw()) {
            throw rejection("is shut down");
        }
    }

    /** The ring first, as it leaves that for the parked ones. */
    private boolean isWaiting(Command command) {
        BoundShare share = (BoundShare) command.share();
        Iterator<Entry> entries = share.ringEntries();
        while (entries.hasNext()) {
            if (entries.next() == command) {
                return true;
            }
        }
        share.awaitTaken();
        return parkedOf(command).contains(command);
    }

    /** False where the caller is to run the task itself. */
    private boolean takePlace() {
        boolean taken = tryPlace();
        if (!taken && bound.choice() == Bound.Choice.REJECT) {
            throw rejection("is full");
        }
        return taken;
    }

    /** The same for tasks that a caller cannot run. */
    final void takePlaceOrReject() {
        if (!tryPlace()) {
            throw rejection("is full");
        }
    }

    private boolean tryPlace() {
        if (state() != OPEN) {
            throw rejection("is shut down");
        }
        if (places == null || places.tryAcquire()) {
            return true;
        }
        if (bound.choice() != Bound.Choice.BLOCK) {
            return false;
        }
        try {
            places.acquire();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            RejectedExecutionException rejection = rejection("is full, and the submitter was interrupted");
            rejection.initCause(e);
            throw rejection;
        }
    }

    final boolean isBounded() {
        return places != null;
    }

    final void placeIsFree() {
        if (places != null) {
            places.release();
        }
    }

    final RejectedExecutionException rejection(String why) {
        return new RejectedExecutionException("the executor of workqueue '" + workqueue.name() + "' " + why);
    }

    // ---- ending ----

    /** Whoever has run a command, on a CPU that it may own. */
    final void ended(Ledger ledger, boolean isOwner) {
        if (!isOwner) {
            endElsewhere(ledger);
            return;
        }
        ledger.end();
        if (state() != OPEN) {
            VarHandle.fullFence();
            tryTerminate(ledger);
        }
    }

    private void endElsewhere(Ledger ledger) {
        ledger.endElsewhere();
        if (state() != OPEN) {
            tryTerminate(ledger);
        }
    }

    /** Whoever has ended a command of those: the last one of all finds its own balanced, and the others are spared. */
    private void tryTerminate(Ledger ledger) {
        if (ledger.isBalanced()) {
            tryTerminate();
        }
    }

    /** Owner of a CPU, which has taken a command out of the queue that cannot start. */
    final void parked(Command command) {
        parkedOf(command).add(command);
    }

    /** Owner of that CPU. */
    final void unparked(Command command) {
        parkedOf(command).remove(command); // most likely the first one
    }

    private Queue<Command> parkedOf(Command command) {
        return parked.get(((BoundShare) command.share()).cpu.index);
    }

    /** Whoever has made it over. */
    final void ended(Register.Page page, int slot) {
        page.end(slot);
        if (state() != OPEN && page.isBalanced()) {
            tryTerminate();
        }
    }

    private void tryTerminate() {
        for (Register register : registers) {
            if (!register.isBalanced()) {
                return;
            }
        }
        long over = 0;
        for (Ledger ledger : ledgers) {
            over += ledger.ended();
        }
        for (Ledger ledger : ledgers) {
            over -= ledger.entered();
        }
        if (over == 0 && raise(TERMINATED) != TERMINATED) {
            terminated.countDown();
        }
    }

    /** At least that state; the one before. */
    private int raise(int to) {
        for (;;) {
            int now = control;
            int before = now & STATE_MASK;
            if (before >= to || CONTROL.compareAndSet(this, now, now - before + to)) {
                return before;
            }
        }
    }

    @Override
    public void shutdown() {
        shut(SHUT);
        withdrawAll(task -> task.isRefusedBy(SHUT));
        tryTerminate();
    }

    @Override
    public List<Runnable> shutdownNow() {
        shut(STOPPED);
        List<Runnable> unrun = new ArrayList<>();
        for (Command command : claimCommands()) {
            unrun.add(command.body);
            placeIsFree();
            endElsewhere(command.ledger);
        }
        claimAll(task -> true).forEach(task -> {
            Runnable body = task.body;
            assert body != null;
            unrun.add(body);
            task.end();
        });
        interruptAll();
        tryTerminate();
        return unrun;
    }

    /** Those that run: once nothing waits any more that could start when they end. */
    private void interruptAll() {
        if (hasCommands) {
            runs().forEach(run -> run.interrupt(this));
        }
        for (Register register : registers) {
            register.forEach(Task::interrupt);
        }
    }

    /** Those that wait, oldest first for each CPU; the caller is to end them. */
    private List<Command> claimCommands() {
        List<Command> all = new ArrayList<>();
        if (!hasCommands) {
            return all;
        }
        for (Share share : workqueue.allShares()) {
            BoundShare bound = (BoundShare) share;
            List<Command> queued = new ArrayList<>();
            bound.ringEntries().forEachRemaining(entry -> {
                if (entry instanceof Command command && command.view() == this && command.claim()) {
                    queued.add(command);
                }
            });
            bound.awaitTaken();
            for (Command command : parked.get(bound.cpu.index)) {
                if (command.claim()) {
                    all.add(command);
                }
            }
            all.addAll(queued);
            bound.claimed();
        }
        return all;
    }

    /** Where commands may run now. */
    List<Run> runs() {
        return workqueue.runtime().runs();
    }

    /** Its workqueue is being closed: what is queued runs, what waits for a timer is swept away a little later (J2). */
    final void endWithQueue() {
        shut(SHUT);
        tryTerminate();
    }

    /** At least that state. Submitters that wait for a place come and see it. */
    private void shut(int at) {
        if (raise(at) == OPEN && places != null) {
            places.release(Bound.MAX_TASKS);
        }
        if (hasCommands) {
            Os.membarrier();
        }
    }

    /** Cancels those that wait, of some. */
    private void withdrawAll(Predicate<Task> which) {
        claimAll(which).forEach(task -> {
            if (task.body instanceof TimedFuture<?> future) {
                future.cancel(false);
            }
            task.end();
        });
    }

    /** Those that wait, of some, oldest first for each CPU; the caller is to end them. */
    private List<Task> claimAll(Predicate<Task> which) {
        List<Task> all = new ArrayList<>();
        for (Register register : registers) {
            register.forEach(task -> {
                if (which.test(task) && task.claim()) {
                    all.add(task);
                }
            });
        }
        return all;
    }

    @Override
    public final boolean isShutdown() {
        return state() != OPEN;
    }

    @Override
    public final boolean isTerminated() {
        return state() == TERMINATED;
    }

    @Override
    public final boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return terminated.await(timeout, unit);
    }

    @Override
    public final void close() {
        Run run = Run.current();
        if (run != null && isOwn(run.subject())) {
            throw new WorkDeadlockException("close() of " + this + " was called by a task of it, which it would wait "
                    + "for; use shutdown()");
        }
        super.close();
    }

    private boolean isOwn(@Nullable Object subject) {
        return switch (subject) {
            case Command command -> command.view() == this;
            case Task task -> task.view == this;
            case null, default -> false;
        };
    }

    /** Tasks in memory, over or not: for tests. */
    final long size() {
        long size = 0;
        for (Register register : registers) {
            size += register.size();
        }
        return size;
    }

    @Override
    public String toString() {
        long ended = 0;
        long entered = 0;
        for (Register register : registers) {
            ended += register.ended();
            entered += register.entered();
        }
        for (Ledger ledger : ledgers) {
            ended += ledger.ended();
            entered += ledger.entered();
        }
        String phase = switch (state()) {
            case OPEN -> "running";
            case TERMINATED -> "terminated";
            default -> "shutting down";
        };
        return "Executor[" + workqueue.name() + ", " + phase + ", tasks = " + Math.max(0, entered - ended)
                + ", ended = " + ended + "]";
    }
}
