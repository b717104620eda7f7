// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import io.kworker.Work;
import io.kworker.WorkRuntime;
import io.kworker.Workqueue;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A line that interrupts, and the handlers on it (the kernel's threaded interrupts, {@code kernel/irq}).
 *
 * <p>Somebody {@linkplain #raise raises} it: a selector loop, a thread that polls a device, a callback. Its
 * <em>primary</em> handlers run at once in that thread, look whether the interrupt is theirs, and may wake their
 * <em>threaded</em> handlers, which run on workers of the runtime and may sleep. A primary must not block; it may do
 * what any thread may, such as queue a {@link Work}.
 *
 * <p>The primaries of a line never run on two threads at once (I13). An <em>edge</em> line that is raised while they
 * run, or while it is masked, remembers that, once for any number of raises, and the primaries run again: in the thread
 * that runs them already, or in the one that unmasks the line, by {@link #enable}, by {@link #request} or as a worker
 * that ends a threaded handler (I17). A <em>level</em> line is masked while its primaries run; a raise while it is
 * masked means nothing, since its source raises again after {@link IrqChip#unmask}, or {@link IrqChip#isAsserted} says
 * that it would have.
 *
 * <p>A line is masked while it is disabled, has no handler, was stopped, or a threaded handler of an
 * {@link IrqFlag#ONESHOT} request that its primary has woken is not done (I16); an edge line, too.
 *
 * <p>Memory consistency: what a thread does before {@link #raise} of an edge line happens before the pass of the
 * primaries that it causes or that is remembered for it; what a primary does before it returns
 * {@link IrqReturn#WAKE_THREAD}, or a thread before {@link #wakeThread}, before the run of the threaded handler that
 * follows; what handlers do before the return of a {@link #synchronize}, {@link #disable} or {@link #free} that found
 * them over or waited for them.
 *
 * <p>All methods may be called from any thread. {@code synchronize}, {@code synchronizeHardirq}, {@code disable},
 * {@code disableHardirq}, {@code disabled} and {@code free} wait, the others never park. A line takes nothing from its
 * runtime while it is idle, and need not be closed; once the runtime is closed, threaded handlers cannot be woken.
 */
public final class IrqLine {
    /** How often a waiter looks before it sleeps between looks: primaries are short. */
    private static final int SPINS = 200;

    private static final long POLL_NANOS = 50_000;

    private static final System.Logger LOG = System.getLogger("io.kworker.irq");

    /** I. */
    final IrqState state;

    private final String name;
    private final boolean isLevel;
    private final IrqChip chip;
    private final Consumer<Work> queue;
    private final BiConsumer<? super IrqLine, ? super Throwable> exceptionHandler;

    /** M: written under the lock; by index, those on the line and those being freed. */
    private final AtomicReferenceArray<@Nullable IrqAction> room = new AtomicReferenceArray<>(IrqState.ROOM);

    /** S: under the lock. Those on the line; a pass reads it once, when it has begun. */
    private volatile IrqAction[] actions = {};

    /** P: the thread in progress; others read it only to see whether it is they. */
    private @Nullable Thread owner;

    /** P. */
    private final SpuriousCount spurious = new SpuriousCount();

    /** S: who is in progress. Passes that are over. */
    private final AtomicLong passes = new AtomicLong();

    /** S: who is in progress. */
    private final AtomicLong unhandled = new AtomicLong();

    /** S: who is in progress. Raises that began a pass. */
    private final AtomicLong taken = new AtomicLong();

    /** M: raises that did not. */
    private final LongAdder merged = new LongAdder();

    /** A short handler, run by the thread that raises the line. */
    @FunctionalInterface
    public interface Primary {
        /**
         * Looks whether the interrupt is its own, and quietens its device. Must not block.
         *
         * @param action what was requested
         * @return what was found
         * @throws Exception whatever goes wrong: it goes to the line's exception handler, and counts as
         *     {@link IrqReturn#NONE}
         */
        IrqReturn run(IrqAction action) throws Exception;
    }

    /** A handler that runs on a worker, and may sleep. */
    @FunctionalInterface
    public interface ThreadHandler {
        /**
         * Does the work. It never runs on two workers at once. A wake while it runs causes one more run (I14).
         *
         * @param action what was requested
         * @throws Exception whatever goes wrong: it goes to the line's exception handler, and the run counts as done
         */
        void run(IrqAction action) throws Exception;
    }

    /** @param queue takes the items that run threaded handlers, or throws {@link RejectedExecutionException} */
    IrqLine(
            String name,
            boolean isLevel,
            IrqChip chip,
            Consumer<Work> queue,
            BiConsumer<? super IrqLine, ? super Throwable> exceptionHandler) {
        this.name = name;
        this.isLevel = isLevel;
        this.chip = chip;
        this.queue = queue;
        this.exceptionHandler = exceptionHandler;
        this.state = new IrqState(isLevel);
    }

    /**
     * Describes a line that interrupts when something happens: raises are remembered while it is masked.
     *
     * @param runtime whose workers run the threaded handlers
     * @param name for people
     * @return a builder
     * @throws NullPointerException if something is null
     */
    public static Builder edge(WorkRuntime runtime, String name) {
        return new Builder(runtime, name, false, new IrqChip() {});
    }

    /**
     * Describes a line that interrupts for as long as something is so: it is masked while its primaries run.
     *
     * @param runtime whose workers run the threaded handlers
     * @param name for people
     * @param chip makes the source raise again after {@link IrqChip#unmask} if it is still asserted, or says so itself
     * @return a builder
     * @throws NullPointerException if something is null
     */
    public static Builder level(WorkRuntime runtime, String name, IrqChip chip) {
        return new Builder(runtime, name, true, chip);
    }

    // ---- raising ----

    /**
     * Interrupts: runs the primaries, unless the line is masked or they run already; then a level line does nothing and
     * an edge line remembers it (I13, I17). Never parks, unless a primary does, and allocates nothing. A thread that
     * meets a storm of raises by others runs the primaries for them too. Nothing that handlers throw comes out here.
     */
    public void raise() {
        IrqState.Todo todo = state.raise();
        if (todo == IrqState.Todo.NOTHING) {
            merged.increment();
        } else {
            taken.setRelease(taken.getPlain() + 1);
            proceed(todo);
        }
    }

    /** The caller is in progress if there is something to do, and not any more on return. */
    void proceed(IrqState.Todo first) {
        IrqState.Todo todo = first;
        while (todo != IrqState.Todo.NOTHING) {
            owner = Thread.currentThread();
            switch (todo) {
                case PASS -> pass();
                case MASK -> mask();
                case UNMASK -> unmask();
                case NOTHING -> throw new AssertionError();
            }
            owner = null;
            todo = state.next();
        }
    }

    private void pass() {
        if (isLevel) {
            mask();
        }
        boolean isHandled = false;
        for (IrqAction action : actions) {
            isHandled |= action.pass();
        }
        if (!isHandled) {
            unhandled.setRelease(unhandled.getPlain() + 1);
        }
        if (spurious.isTooMuch(isHandled)) {
            state.stop();
            report(new IllegalStateException(
                    this + " was raised " + SpuriousCount.WINDOW + " times, of which more than "
                            + SpuriousCount.TOLERATED + " were handled by nobody of " + Arrays.toString(actions)
                            + "; it is stopped. enable() or the request of another handler gives it one more chance"));
        }
        passes.setRelease(passes.getPlain() + 1); // what waits for the end of this pass goes on
    }

    private void mask() {
        try {
            chip.mask();
        } catch (Throwable t) {
            report(t);
        }
    }

    private void unmask() {
        try {
            chip.unmask();
            if (isLevel && chip.isAsserted()) {
                state.remember();
            }
        } catch (Throwable t) {
            report(t);
        }
    }

    /** Queues the item that runs a threaded handler, or throws what its workqueue does. */
    void queue(Work item) {
        queue.accept(item);
    }

    void report(Throwable thrown) {
        try {
            exceptionHandler.accept(this, thrown);
        } catch (Throwable t) {
            log(this, t);
        }
    }

    private static void log(IrqLine line, Throwable thrown) {
        try {
            LOG.log(Level.ERROR, "a handler of " + line + " failed", thrown);
        } catch (Throwable t) {
            // there is nobody left to tell, and the line must go on
        }
    }

    /**
     * Wakes a threaded handler by hand ({@code irq_wake_thread}, I10). It masks nothing.
     *
     * @param action one of this line with a threaded handler
     * @return true if this call woke it; false if it has been woken already and has not started, where the run to come
     *     sees what the caller did before; or if it has been freed
     * @throws IllegalArgumentException if it is of another line, or has no threaded handler
     */
    public boolean wakeThread(IrqAction action) {
        checkLine(action);
        if (!action.hasHandler()) {
            throw new IllegalArgumentException(action + " has no threaded handler");
        }
        return action.wakeByHand();
    }

    // ---- handlers come and go ----

    /**
     * Puts a handler on the line ({@code request_threaded_irq}, I1). The first one unmasks the line, save with
     * {@link IrqFlag#NO_AUTOEN}, or where it is disabled; interrupts may come, and be replayed in the calling thread,
     * before this returns. One that comes to a line which was stopped gives it one more chance.
     *
     * @param primary runs in the thread that raises; null for one that only wakes the threaded handler, which needs
     *     {@link IrqFlag#ONESHOT}
     * @param handler runs on a worker when the primary says so; null for none
     * @param name for people
     * @param flags how
     * @return the handler, for {@link #free}
     * @throws IllegalArgumentException if there is neither primary nor handler; if there is no primary, nor
     *     {@code ONESHOT}; if {@code SHARED} and {@code NO_AUTOEN} are both given
     * @throws IllegalStateException if there are others on the line, and not all say {@code SHARED}, or not all agree
     *     about {@code ONESHOT}; if there are 16; or if {@code NO_AUTOEN} would be a level of disabling too many.
     *     Nothing is changed then
     * @throws NullPointerException if {@code name} or a flag is null
     */
    public IrqAction request(
            @Nullable Primary primary, @Nullable ThreadHandler handler, String name, IrqFlag... flags) {
        Objects.requireNonNull(name, "name");
        Set<IrqFlag> set = EnumSet.noneOf(IrqFlag.class);
        set.addAll(Arrays.asList(flags));
        check(primary, handler, name, set);
        IrqAction action;
        IrqState.Todo todo;
        synchronized (room) {
            IrqAction[] before = actions;
            checkSharing(before, name, set);
            action = new IrqAction(this, freeIndex(name), name, primary, handler, set);
            if (set.contains(IrqFlag.NO_AUTOEN)) {
                IrqState.Todo none = state.disable(); // of a line that is shut
                assert none == IrqState.Todo.NOTHING;
            }
            room.set(action.index, action);
            IrqAction[] now = Arrays.copyOf(before, before.length + 1);
            now[before.length] = action;
            actions = now;
            todo = state.open();
        }
        proceed(todo);
        return action;
    }

    private void check(@Nullable Primary primary, @Nullable ThreadHandler handler, String who, Set<IrqFlag> flags) {
        String what = "request of '" + who + "' on " + this + ": ";
        if (primary == null && handler == null) {
            throw new IllegalArgumentException(what + "neither a primary nor a threaded handler");
        }
        if (primary == null && !flags.contains(IrqFlag.ONESHOT)) {
            throw new IllegalArgumentException(what + "without a primary it needs ONESHOT, since nobody would quieten "
                    + "the source before the threaded handler runs");
        }
        if (flags.contains(IrqFlag.SHARED) && flags.contains(IrqFlag.NO_AUTOEN)) {
            throw new IllegalArgumentException(what + "SHARED and NO_AUTOEN do not go together: the line would be "
                    + "disabled for the others too");
        }
    }

    private void checkSharing(IrqAction[] others, String who, Set<IrqFlag> flags) {
        String what = "request of '" + who + "' on " + this + ": ";
        for (IrqAction other : others) {
            if (!other.has(IrqFlag.SHARED)) {
                throw new IllegalStateException(what + "taken by " + other + ", which does not share it");
            }
            if (!flags.contains(IrqFlag.SHARED)) {
                throw new IllegalStateException(what + "not SHARED, and " + other + " is there");
            }
            if (other.has(IrqFlag.ONESHOT) != flags.contains(IrqFlag.ONESHOT)) {
                throw new IllegalStateException(what + "does not agree about ONESHOT with " + other);
            }
        }
    }

    private int freeIndex(String who) {
        for (int i = 0; i < IrqState.ROOM; i++) {
            if (room.get(i) == null) {
                return i;
            }
        }
        throw new IllegalStateException("request of '" + who + "' on " + this + ": it has " + IrqState.ROOM
                + " handlers already, or they are being freed");
    }

    /**
     * Takes a handler off the line ({@code free_irq}, I11); with the last one the line is masked. Waits for the
     * primaries, and for the threaded handler, which runs once more if it has been woken (I19). It is not called again
     * afterwards. Levels of disabling stay. An interrupt does not end the wait; the flag is kept.
     *
     * @param action what {@link #request} has returned
     * @return its name
     * @throws IllegalArgumentException if it is of another line
     * @throws IllegalStateException if it has been freed; or if called by a primary of this line, or by this threaded
     *     handler, which it would wait for; nothing is changed then. As {@link io.kworker.WorkDeadlockException}, if
     *     called by a handler that the threaded handler waits for, directly or through others: then it is off the line,
     *     and a later call waits for it
     */
    public String free(IrqAction action) {
        checkLine(action);
        refusePrimary("free");
        if (Work.current() == action.thread) {
            throw new IllegalStateException("free() of " + action + " was called by its own threaded handler, which it "
                    + "would wait for");
        }
        proceed(unlink(action));
        awaitPrimaries();
        retire(action);
        return action.name();
    }

    /** From here on it is in no pass that begins. */
    IrqState.Todo unlink(IrqAction action) {
        synchronized (room) {
            if (room.get(action.index) != action) {
                throw new IllegalStateException(action + " has been freed");
            }
            List<IrqAction> left = new ArrayList<>(Arrays.asList(actions));
            left.remove(action);
            actions = left.toArray(IrqAction[]::new);
            return left.isEmpty() ? state.shut() : IrqState.Todo.NOTHING;
        }
    }

    /** Nobody wakes it any more, it has run for the last time, and its bits can be another's. */
    void retire(IrqAction action) {
        action.retire();
        action.thread.flush();
        assert !state.isActive(action.index);
        synchronized (room) {
            room.compareAndSet(action.index, action, null);
        }
    }

    private void checkLine(IrqAction action) {
        if (action.line != this) {
            throw new IllegalArgumentException(action + " is not of " + this);
        }
    }

    // ---- disabling ----

    /**
     * Masks the line until as many calls of {@link #enable}, at most 2,047 levels ({@code disable_irq_nosync}, I6,
     * I18). Does not wait: the primaries may run, but none begins after the return. A primary may call it.
     *
     * @throws IllegalStateException if disabled 2,047 times already; nothing is changed then
     */
    public void disableNoSync() {
        proceed(state.disable());
    }

    /**
     * As {@link #disableNoSync}, and waits as {@link #synchronize} ({@code disable_irq}): no handler of it runs on
     * return, until the matching {@link #enable}, save a threaded one that is woken by hand.
     *
     * @throws IllegalStateException as {@link #disableNoSync} and {@link #synchronize}; nothing is changed then
     */
    public void disable() {
        refuseHandler("disable");
        disableNoSync();
        try {
            await();
        } catch (Throwable t) {
            enable();
            throw t;
        }
    }

    /**
     * As {@link #disableNoSync}, and waits for the primaries only ({@code disable_hardirq}).
     *
     * @return false if a threaded handler has been woken and is not done
     * @throws IllegalStateException as {@link #disableNoSync} and {@link #synchronizeHardirq}; nothing is changed then
     */
    public boolean disableHardirq() {
        refusePrimary("disableHardirq");
        disableNoSync();
        return synchronizeHardirq();
    }

    /**
     * Takes back one level of disabling ({@code enable_irq}, I7); at zero the line is unmasked, if nothing else is
     * against that, and an interrupt that was remembered is replayed in the calling thread. Where the line is not
     * disabled, but was stopped, it takes that back.
     *
     * @throws IllegalStateException if the line is neither; nothing is changed then
     */
    public void enable() {
        proceed(state.enable());
    }

    /**
     * {@link #disable}, and {@link #enable} when what is returned is closed (the kernel's {@code guard(disable_irq)},
     * I12).
     *
     * @return to be closed by a try-with-resources; closing it again does nothing
     * @throws IllegalStateException as {@link #disable}
     */
    public Disabled disabled() {
        disable();
        return new Disabled(this);
    }

    /** While it is open, the line is disabled. For one thread at a time. */
    public static final class Disabled implements AutoCloseable {
        private @Nullable IrqLine line;

        private Disabled(IrqLine line) {
            this.line = line;
        }

        /** Enables the line. */
        @Override
        public void close() {
            IrqLine disabled = line;
            line = null;
            if (disabled != null) {
                disabled.enable();
            }
        }
    }

    // ---- waiting ----

    /**
     * Waits for the pass of the primaries that is under way, if any, not for later ones ({@code synchronize_hardirq},
     * I8).
     *
     * @return false if a threaded handler has been woken and is not done
     * @throws IllegalStateException if called by a primary of this line
     */
    public boolean synchronizeHardirq() {
        refusePrimary("synchronizeHardirq");
        awaitPrimaries();
        return !state.hasActive();
    }

    /**
     * Waits for the pass of the primaries that is under way, then for all threaded handlers woken until then
     * ({@code synchronize_irq}, I9); not for those woken later. An interrupt does not end the wait; the flag is kept.
     *
     * @throws IllegalStateException if called by a handler of this line; as {@link io.kworker.WorkDeadlockException},
     *     if called by a handler that one of them waits for, directly or through others
     */
    public void synchronize() {
        refuseHandler("synchronize");
        await();
    }

    private void await() {
        awaitPrimaries();
        for (int i = 0; i < IrqState.ROOM; i++) {
            IrqAction action = state.isActive(i) ? room.get(i) : null;
            if (action != null) {
                action.thread.flush();
            }
        }
    }

    /**
     * The pass that is under way at the call is over on return. It is told by the number of passes, so that a line in
     * progress for ever cannot hold up anybody: whoever ends a pass counts it before the CAS by which the next one
     * begins, so one that the waiter did not see counted can only be the one under way (R79).
     */
    void awaitPrimaries() {
        if (!state.isInProgress()) {
            return;
        }
        long before = passes.getAcquire();
        for (int looks = 0; state.isInProgress() && passes.getAcquire() == before; looks++) {
            if (looks < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(this, POLL_NANOS);
            }
        }
    }

    private void refuseHandler(String call) {
        refusePrimary(call);
        if (Work.current() instanceof IrqAction.ThreadItem thread && thread.line() == this) {
            throw new IllegalStateException(call + "() of " + this + " was called by the threaded handler of " + thread
                    + ", which it would wait for");
        }
    }

    private void refusePrimary(String call) {
        if (owner == Thread.currentThread()) {
            throw new IllegalStateException(
                    call + "() of " + this + " was called by a primary handler or the chip of it, which it would wait "
                            + "for");
        }
    }

    // ---- looking ----

    /**
     * The name given to the builder.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The counters.
     *
     * @return the counters
     */
    public IrqStats stats() {
        long over = passes.getAcquire();
        long inVain = Math.min(over, unhandled.getAcquire());
        List<IrqStats.PerAction> each = Arrays.stream(actions).map(IrqAction::stats).toList();
        return new IrqStats(name, taken.getAcquire() + merged.sum(), over, over - inVain, inVain, state.isStopped(),
                state.depth(), state.isMasked(), each);
    }

    @Override
    public String toString() {
        return "IrqLine[" + name + ": " + state + "]";
    }

    /** Describes a line to be made. Not for several threads at once. */
    public static final class Builder {
        private final WorkRuntime runtime;
        private final String name;
        private final boolean isLevel;
        private IrqChip chip;
        private @Nullable Workqueue workqueue;
        private BiConsumer<? super IrqLine, ? super Throwable> exceptionHandler = IrqLine::log;

        private Builder(WorkRuntime runtime, String name, boolean isLevel, IrqChip chip) {
            this.runtime = Objects.requireNonNull(runtime, "runtime");
            this.name = Objects.requireNonNull(name, "name");
            this.isLevel = isLevel;
            this.chip = Objects.requireNonNull(chip, "chip");
        }

        /**
         * How the source is silenced.
         *
         * @param silencer by default nothing is done, which is right for an edge line only
         * @return this
         * @throws NullPointerException if {@code silencer} is null
         */
        public Builder chip(IrqChip silencer) {
            chip = Objects.requireNonNull(silencer, "silencer");
            return this;
        }

        /**
         * Where the threaded handlers run.
         *
         * @param threads one that is not BH, with a limit that lets all handlers of the line run at once where they
         *     wait for each other; by default {@link WorkRuntime#systemUnbound}, so that a handler starts on whichever
         *     CPU near the raiser's has nothing else to do. A bound {@linkplain Workqueue.Builder#highpri highpri} one
         *     keeps it on the CPU of the raiser, before normal items (I20)
         * @return this
         * @throws IllegalArgumentException if it is of another runtime, or BH
         */
        public Builder workqueue(Workqueue threads) {
            if (threads.runtime() != runtime) {
                throw new IllegalArgumentException(threads + " is of another runtime than the line");
            }
            if (threads.maxActive() > Workqueue.MAX_ACTIVE_LIMIT) {
                throw new IllegalArgumentException(threads + " is BH, and threaded handlers may sleep");
            }
            workqueue = threads;
            return this;
        }

        /**
         * What is to be done with whatever handlers and the chip throw, and with what the line has to say: that it was
         * stopped, that somebody wakes a threaded handler that is not there, or one after the runtime was closed. It
         * runs where that happens, in a primary's case in the thread that raises.
         *
         * @param handler gets the line and what was thrown; by default it is logged through {@link System.Logger}
         *     {@code io.kworker.irq}
         * @return this
         * @throws NullPointerException if {@code handler} is null
         */
        public Builder exceptionHandler(BiConsumer<? super IrqLine, ? super Throwable> handler) {
            exceptionHandler = Objects.requireNonNull(handler, "handler");
            return this;
        }

        /**
         * Makes the line.
         *
         * @return a new line, masked, without handlers
         */
        public IrqLine build() {
            Workqueue threads = workqueue == null ? runtime.systemUnbound() : workqueue;
            return new IrqLine(name, isLevel, chip, threads::queue, exceptionHandler);
        }
    }
}
