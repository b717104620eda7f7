// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A queue of work items with its own limit, flags and exception handler; the workers are the runtime's (the kernel's
 * {@code struct workqueue_struct}, made by {@code alloc_workqueue}). Made by {@link WorkRuntime#workqueue}.
 *
 * <p>By default it is bound to CPUs: an item runs on the CPU that it was queued on. On one CPU the items of a workqueue
 * start in the order in which they were queued (G20), one after another, and the next one starts when the one before
 * has ended or blocks (G21, G22). At most {@link #maxActive} of them are active on a CPU at a time, that is started and
 * not finished, sleeping ones included; the rest waits in order (G31, G32, G35). An
 * {@linkplain Builder#unbound unbound} one is served by whichever CPU has nothing else to do, with one limit for all;
 * an {@linkplain Builder#ordered ordered} one runs one item at a time.
 *
 * <p>{@link #queue} and {@link #queueOn} are lock-free, never block, never fail for a full queue, and allocate nothing
 * for an item that was not cancelled since it was last queued and fits into the CPU's ring. They may be called from any
 * thread, handlers included.
 */
public final class Workqueue implements AutoCloseable {
    /** Active items where the builder was told nothing (the kernel's {@code WQ_DFL_ACTIVE}). */
    public static final int DEFAULT_MAX_ACTIVE = 1024;

    /** The highest limit (the kernel's {@code WQ_MAX_ACTIVE}). */
    public static final int MAX_ACTIVE_LIMIT = 2048;

    /** Of an unbound workqueue, active items on each node in any case (the kernel's {@code WQ_DFL_MIN_ACTIVE}). */
    public static final int DEFAULT_MIN_ACTIVE = 8;

    /*
     * phase:  OPEN     --drain, close--------------------------> DRAINING
     *         DRAINING --the last drain() ends, nobody closes--> OPEN
     *         DRAINING --close, when nothing is left-----------> CLOSED
     *
     * A queueing that races: the queuer publishes its entry, then reads the phase; close() and drain() change the
     * phase, then send markers through the same queues. So an entry is ahead of the markers, and its run is waited for,
     * or its queuer sees the new phase and takes the instance back by the state word; where that fails it has started,
     * and counts as accepted. Entries behind the last marker are dropped by the owner of the pool, each of them one
     * that its queuer takes back.
     */
    private static final int OPEN = 0;
    private static final int DRAINING = 1;
    private static final int CLOSED = 2;

    private static final System.Logger LOG = System.getLogger("io.kworker");

    private final WorkRuntime runtime;
    private final WorkqueueSettings settings;
    private final Shares shares;
    private final Rounds rounds = new Rounds(this);
    private final @Nullable Rescuer rescuer;
    private final @Nullable Publication publication;
    private final Views views = new Views();

    /** L: drains and closings under way. */
    private int drains;

    /** S: under the lock. */
    private volatile int phase = OPEN;

    /** S: under the lock. */
    private volatile int maxActive;

    /** S: under the lock. */
    private volatile int minActive;

    /** M: set before the first timer is armed. */
    private volatile boolean hasTimers;

    /** M: set once, by who closes it. */
    private volatile boolean hasEndedTimers;

    /**
     * M: armings on their way by wheels that they are not meant for, of other runtimes perhaps. Few, and the first ones
     * arrive first. Owners of CPUs come here, so nobody may ever wait for a lock: a worker would be unmounted as such.
     */
    private final Queue<Countdown.Arming> onTheirWay = new ConcurrentLinkedQueue<>();

    /** M: timers that the closing has taken back. */
    private final LongAdder timersCancelled = new LongAdder();

    /** M: a handler of a memReclaim workqueue has waited for this one, and that was reported. */
    private volatile boolean isReportedAsDependency;

    Workqueue(WorkRuntime runtime, WorkqueueSettings settings) {
        this(runtime, settings, runtime.cpuArray());
    }

    /** @param cpus where it is bound to, if it is */
    Workqueue(WorkRuntime runtime, WorkqueueSettings settings, Cpu[] cpus) {
        this.runtime = runtime;
        this.settings = settings;
        maxActive = settings.maxActive();
        minActive = Math.min(settings.minActive(), settings.maxActive());
        rescuer = settings.memReclaim() ? new Rescuer(settings.name()) : null;
        publication = WorkqueueBean.publication(this);
        shares = settings.ordered() ? Shares.ordered(this, settings.attributes())
                : settings.unbound() ? Shares.unbound(this, settings.attributes())
                : Shares.bound(this, cpus);
    }

    /**
     * Queues an item on the caller's CPU ({@code queue_work}): within a handler that of its worker, else the CPU that
     * the calling thread runs on at the moment; for an unbound workqueue in the pod of that CPU. An item that still
     * runs for this workqueue is queued where it runs, one that runs for another bound one to that CPU (G13); in any
     * case it starts after that run (J1).
     *
     * @param work the item
     * @return true if this call queued it: it will run once for it, unless cancelled. False if it is pending already
     *     (here or in another workqueue), and nothing of that instance is changed: the run to come sees all that the
     *     caller did before. No run comes where that instance is cancelled afterwards, or taken back from a workqueue
     *     that is being closed (G6). False also while the item is {@linkplain Work#disable disabled}, or somebody is in
     *     {@link Work#cancelSync} for it
     * @throws RejectedExecutionException if the workqueue is closed, closing or being drained; the item is left as it
     *     was. While it is closing or draining, the handlers of its own items may go on queueing to it
     * @throws NullPointerException if {@code work} is null
     */
    public boolean queue(Work work) {
        return queue(work, localCpu());
    }

    /** Index of the caller's CPU. */
    int localCpu() {
        return runtime.localCpu();
    }

    /**
     * Queues an item on a given CPU ({@code queue_work_on}); for an unbound workqueue in the pod of that CPU. An item
     * that still runs goes where {@link #queue} says.
     *
     * @param cpu number of a CPU, out of {@link WorkRuntime#cpus}; while that is offline the item runs elsewhere
     * @param work the item
     * @return as {@link #queue}
     * @throws IllegalArgumentException if the runtime has no such CPU
     * @throws RejectedExecutionException as {@link #queue}
     * @throws NullPointerException if {@code work} is null
     */
    public boolean queueOn(int cpu, Work work) {
        return queue(work, runtime.indexOf(cpu));
    }

    /**
     * Queues an item to an unbound workqueue on a CPU of a given node ({@code queue_work_node}): the caller's CPU if
     * that is one, else the first one online; where there is none, as {@link #queue}.
     *
     * @param node number of a NUMA node
     * @param work the item
     * @return as {@link #queue}
     * @throws IllegalStateException if this workqueue is bound to CPUs
     * @throws RejectedExecutionException as {@link #queue}
     * @throws NullPointerException if {@code work} is null
     */
    public boolean queueOnNode(int node, Work work) {
        if (isBound()) {
            throw new IllegalStateException(this + " is bound to CPUs: use queueOn(), or build it unbound()");
        }
        return queue(work, runtime.localCpuOfNode(node));
    }

    /** @param cpu index of the CPU */
    boolean queue(Work work, int cpu) {
        Objects.requireNonNull(work, "work");
        if (phase != OPEN) {
            admit();
        }
        long found = work.pend();
        if (WorkState.refuses(found)) {
            return false;
        }
        int generation = WorkState.generation(found) + 1;
        submit(work, found, generation, cpu);
        return phase == OPEN || stands(work, generation);
    }

    /**
     * Queues a direct instance of a tasklet.
     *
     * @param cpu index of the CPU
     * @return false, and nothing done, where the item is not idle, or a dead entry of it is in a ring
     */
    boolean queueDirect(DirectEntry entry, int cpu) {
        if (phase != OPEN) {
            admit();
        }
        Softirq item = entry.item;
        long found = item.pendDirect();
        if (!Softirq.isFree(found)) {
            return false;
        }
        int generation = WorkState.generation(found) + 1;
        if (!trySubmit(entry, generation, cpu) && item.makeOrdinary(generation)) { // else taken back, or started
            submit(item, found, generation, cpu);
        }
        return phase == OPEN || stands(item, generation);
    }

    /** Puts the entry into the ring; false where there is no room, or it must not be there. */
    private boolean trySubmit(DirectEntry entry, int generation, int cpu) {
        try {
            if (!entry.tasklet.isPlain()) {
                return false;
            }
            BoundShare share = (BoundShare) shares.at(cpu);
            entry.place(share);
            return share.trySubmit(entry);
        } catch (Throwable t) { // no stack left, before or after it is in the ring
            entry.item.takeBack(generation);
            throw t;
        }
    }

    /**
     * Queues a command, on the bound workqueue of its ledger.
     *
     * @return false, and nothing done, where the ring of the CPU is full
     */
    boolean trySubmit(Command command) {
        if (phase != OPEN) {
            admit();
        }
        if (!command.ledger.share.trySubmit(command)) {
            return false;
        }
        if (phase != OPEN && !stands(phase) && command.view().withdraw(command)) {
            throw rejection();
        }
        return true; // or started before it could be taken back
    }

    /** Puts the entry of a new instance into the queue; {@code found} says whether the item runs, and is linked. */
    private void submit(Work work, long found, int generation, int cpu) {
        try {
            Share share = WorkState.isRunning(found) ? placeOfRun(work, cpu) : shares.at(cpu);
            Entry entry = WorkState.isLinked(found) ? new StandIn(work) : work;
            if (entry.share != share) { // most likely it is the same: a store would cost more than the look
                entry.share = share;
            }
            entry.generation = generation;
            if (entry != work) {
                work.standIn = entry;
            }
            share.submit(entry);
        } catch (Throwable t) { // out of memory: the item must not stay pending for ever
            if (!WorkState.isLinked(found)) {
                work.unlink(work);
            }
            work.unpend(generation);
            throw t;
        }
    }

    // ---- delayed work ----

    /**
     * Queues an item on the caller's CPU when a time has passed ({@code queue_delayed_work}). Without a delay, or with
     * a negative one, it is queued at once (G43).
     *
     * @param work the item; from now on it is pending
     * @param nanos the delay
     * @return true if this call armed it. False as {@link #queue}: if it is pending already, its delay is not changed;
     *     {@link #modDelayed} does that
     * @throws RejectedExecutionException as {@link #queue}. A timer that expires while the workqueue is being drained
     *     or closed gives this exception to the exception handler, and leaves the item idle (J2)
     * @throws NullPointerException if {@code work} is null
     */
    public boolean queueDelayed(DelayedWork work, long nanos) {
        Carrier caller = work.countdown.caller();
        return delay(work, runtime.localCpu(caller), nanos, caller);
    }

    /**
     * The same.
     *
     * @param work the item
     * @param delay longer than 292 years is that long
     * @return as {@link #queueDelayed(DelayedWork, long)}
     * @throws RejectedExecutionException as there
     * @throws NullPointerException if {@code work} or {@code delay} is null
     */
    public boolean queueDelayed(DelayedWork work, Duration delay) {
        return queueDelayed(work, nanos(delay));
    }

    /**
     * Queues an item on a given CPU when a time has passed ({@code queue_delayed_work_on}).
     *
     * @param cpu number of a CPU, out of {@link WorkRuntime#cpus}: of the timer, and of the item
     * @param work the item
     * @param nanos the delay
     * @return as {@link #queueDelayed(DelayedWork, long)}
     * @throws IllegalArgumentException if the runtime has no such CPU
     * @throws RejectedExecutionException as there
     * @throws NullPointerException if {@code work} is null
     */
    public boolean queueDelayedOn(int cpu, DelayedWork work, long nanos) {
        return delay(work, runtime.indexOf(cpu), nanos, work.countdown.caller());
    }

    /**
     * The same.
     *
     * @param cpu number of a CPU, out of {@link WorkRuntime#cpus}
     * @param work the item
     * @param delay the delay
     * @return as {@link #queueDelayed(DelayedWork, long)}
     * @throws IllegalArgumentException if the runtime has no such CPU
     * @throws RejectedExecutionException as there
     * @throws NullPointerException if {@code work} or {@code delay} is null
     */
    public boolean queueDelayedOn(int cpu, DelayedWork work, Duration delay) {
        return queueDelayedOn(cpu, work, nanos(delay));
    }

    /**
     * Has an item run once when a time has passed from now on, whether it is idle, waits for its timer or is queued
     * already ({@code mod_delayed_work}, G46). A run in progress is not touched, and the new one comes after it. Of
     * several calls at once one wins.
     *
     * @param work the item
     * @param nanos the delay; zero or less for at once (R27)
     * @return whether it was pending; false also where it is disabled, and then it is left alone (J5)
     * @throws RejectedExecutionException as {@link #queueDelayed(DelayedWork, long)}; the item is left as it was,
     *     unless the workqueue was closed at the same time: then it is idle
     * @throws NullPointerException if {@code work} is null
     */
    public boolean modDelayed(DelayedWork work, long nanos) {
        Carrier caller = work.countdown.caller();
        return mod(work, runtime.localCpu(caller), nanos, caller);
    }

    /**
     * The same.
     *
     * @param work the item
     * @param delay the delay
     * @return as {@link #modDelayed(DelayedWork, long)}
     * @throws RejectedExecutionException as there
     * @throws NullPointerException if {@code work} or {@code delay} is null
     */
    public boolean modDelayed(DelayedWork work, Duration delay) {
        return modDelayed(work, nanos(delay));
    }

    /**
     * The same for a given CPU ({@code mod_delayed_work_on}).
     *
     * @param cpu number of a CPU, out of {@link WorkRuntime#cpus}
     * @param work the item
     * @param nanos the delay
     * @return as {@link #modDelayed(DelayedWork, long)}
     * @throws IllegalArgumentException if the runtime has no such CPU
     * @throws RejectedExecutionException as there
     * @throws NullPointerException if {@code work} is null
     */
    public boolean modDelayedOn(int cpu, DelayedWork work, long nanos) {
        return mod(work, runtime.indexOf(cpu), nanos, work.countdown.caller());
    }

    /**
     * Queues an item again and again, at a fixed rate without drift: for the first time when a period has passed, then
     * at each multiple of it. It does not overtake itself: where a run is not over at the moment of the next one, that
     * one is left out and counted ({@link DelayedWork#overruns}). An exception of the handler does not end it;
     * {@link Work#cancel}, {@link Work#cancelSync}, {@link Work#disable} and {@link Work#disableSync} do, and so does
     * the end of the workqueue, or a time that falls into a {@link #drain}: that is refused as any timer is then. After
     * {@code cancelSync} there is no stray run.
     *
     * @param work the item
     * @param nanos the period
     * @return true if this call armed it; false as {@link #queue}, and then nothing is changed
     * @throws IllegalArgumentException if the period is not positive
     * @throws RejectedExecutionException as {@link #queue}
     * @throws NullPointerException if {@code work} is null
     */
    public boolean queueEvery(DelayedWork work, long nanos) {
        if (nanos <= 0) {
            throw new IllegalArgumentException("the period must be positive, not " + nanos + " nanoseconds");
        }
        Objects.requireNonNull(work, "work");
        return work.recur(nanos, due -> armIdle(work, due));
    }

    /**
     * The same.
     *
     * @param work the item
     * @param period the period
     * @return as {@link #queueEvery(DelayedWork, long)}
     * @throws IllegalArgumentException if the period is not positive
     * @throws RejectedExecutionException as there
     * @throws NullPointerException if {@code work} or {@code period} is null
     */
    public boolean queueEvery(DelayedWork work, Duration period) {
        return queueEvery(work, nanos(period));
    }

    static long nanos(Duration delay) {
        Duration longest = Duration.ofNanos(Long.MAX_VALUE);
        return delay.isNegative() ? -1 : delay.compareTo(longest) > 0 ? Long.MAX_VALUE : delay.toNanos();
    }

    private boolean delay(DelayedWork work, int cpu, long nanos, @Nullable Carrier caller) {
        return nanos <= 0 ? queue(work, cpu)
                : armAt(work.countdown, cpu, runtime.ticks().after(System.nanoTime(), nanos), caller);
    }

    /** Arms an item that is not pending for a moment, on the caller's CPU. The state found. */
    private long armIdle(DelayedWork work, long deadline) {
        Carrier caller = work.countdown.caller();
        return armIdle(work.countdown, runtime.localCpu(caller), runtime.ticks().ceil(deadline), caller);
    }

    /** Arms an item that is not pending for a tick; true if it was not refused. */
    boolean armAt(Countdown countdown, int cpu, long tick, @Nullable Carrier caller) {
        return !WorkState.refuses(armIdle(countdown, cpu, tick, caller));
    }

    /** The same; the state found. */
    private long armIdle(Countdown countdown, int cpu, long tick, @Nullable Carrier caller) {
        if (phase != OPEN) {
            admit();
        }
        expectTimers();
        long found = countdown.arm(this, runtime.cpuAt(cpu), tick, WorkState.Arm.IDLE, caller);
        if (!WorkState.refuses(found) && phase != OPEN) {
            stands(countdown.work, WorkState.generation(found) + 1);
        }
        return found;
    }

    private boolean mod(DelayedWork work, int cpu, long nanos, @Nullable Carrier caller) {
        return modAt(work, cpu, nanos <= 0 ? 0 : runtime.ticks().after(System.nanoTime(), nanos),
                WorkState.Arm.ANY, caller);
    }

    /** Re-times an item, to a tick or, where that is 0, to now. */
    boolean modAt(DelayedWork work, int cpu, long tick, WorkState.Arm which, @Nullable Carrier caller) {
        if (phase != OPEN) {
            admit();
        }
        expectTimers();
        long found;
        if (tick > 0) {
            found = work.countdown.arm(this, runtime.cpuAt(cpu), tick, which, caller);
        } else {
            found = work.replace(which);
            if (!WorkState.refuses(found, which)) {
                if (WorkState.isTimed(found)) {
                    work.timerOver(WorkState.generation(found));
                }
                submit(work, found, WorkState.generation(found) + 1, cpu);
            }
        }
        if (WorkState.refuses(found, which)) {
            return false;
        }
        if (phase != OPEN) {
            stands(work, WorkState.generation(found) + 1);
        }
        return WorkState.isPending(found);
    }

    /** Whoever has revoked the bias of a timer that was armed; who closes may have found it in neither form. */
    void inherited(Work work, int generation) {
        if (phase != OPEN) {
            takeBack(work, generation);
        }
    }

    /** Owner of a CPU, who will find it closing before anything is swept there. Whether timers may be armed. */
    boolean takesTimers() {
        return phase == OPEN;
    }

    /** Timers of its items may lie in a wheel from now on. */
    void expectTimers() {
        if (!hasTimers) {
            hasTimers = true;
        }
    }

    /** Whether timers of its items may lie in a wheel. */
    boolean hasTimers() {
        return hasTimers;
    }

    /** Who closes it, before the last sweep: what that overlooks is taken back when it arrives at its wheel. */
    void endTimers() {
        hasEndedTimers = true;
    }

    /** Owner of a CPU, before it sets a timer that has come by the ring. */
    boolean hasEndedTimers() {
        return hasEndedTimers;
    }

    /** An arming is on its way to a wheel, by others. */
    void sent(Countdown.Arming arming) {
        onTheirWay.add(arming);
    }

    /** It is set there, or over. */
    void arrived(Countdown.Arming arming) {
        onTheirWay.remove(arming);
    }

    /** Who closes it. Takes back what is on its way. */
    void recallArmings() {
        for (Countdown.Arming arming : onTheirWay) {
            arming.takeBack();
        }
    }

    /** Owner of a CPU, or who closes it: takes back an instance that waits for its timer, unless it is over. */
    void takeBack(Work work, int generation) {
        if (work.sweep(generation)) {
            timerCancelled();
        }
    }

    /** Owner of a CPU, on behalf of who closes it: a timer was taken back. */
    void timerCancelled() {
        timersCancelled.increment();
    }

    long timersCancelled() {
        return timersCancelled.sum();
    }

    /** Whoever has run a recurring item. The state found when it was armed again; as if refused where that is over. */
    long recur(DelayedWork work, long due) {
        try {
            return armIdle(work, due);
        } catch (RejectedExecutionException e) { // this is the end of the workqueue
            work.endRecurrence();
        } catch (Throwable t) { // out of memory
            work.endRecurrence();
            report(work, t);
        }
        return WorkState.PENDING;
    }

    /**
     * Owner of the CPU on which the timer of an instance has expired; {@code found} as {@link WorkState#expire} or
     * {@link WorkState#pend}.
     */
    void expired(Work work, long found, int generation, Cpu cpu) {
        try {
            if (phase == OPEN) {
                submit(work, found, generation, cpu.index);
                if (phase == OPEN || !work.revoke(generation)) {
                    return;
                }
            } else {
                if (!WorkState.isLinked(found)) {
                    work.unlink(work);
                }
                if (!work.revoke(generation)) {
                    return;
                }
            }
            cpu.post(new Refusal(this, work));
        } catch (Throwable t) { // out of memory
            runtime.carrierFault(t);
        }
    }

    /** The timer of an item has expired while nothing could be queued: its exception handler is told (J2). */
    private record Refusal(Workqueue workqueue, Work work) implements Delivery {
        @Override
        public void deliver() {
            work.refused(workqueue, workqueue.rejection());
        }
    }

    /** G13: an item that runs goes where it runs, if that is a CPU of this runtime. */
    private Share placeOfRun(Work work, int cpu) {
        if (!work.staysWhereItRuns()) {
            return shares.at(cpu);
        }
        Share home = work.home;
        if (home != null && home.workqueue == this) {
            return home;
        }
        return home instanceof BoundShare bound && isBound() && bound.cpu.runtime == runtime
                ? shares.at(bound.cpu.index) : shares.at(cpu);
    }

    private void admit() {
        if (phase == CLOSED || phase == DRAINING && !isChained()) {
            throw rejection();
        }
    }

    /** The phase has changed while an instance was queued: whether it stands. */
    private boolean stands(Work work, int generation) {
        if (!stands(phase) && work.takeBack(generation)) {
            throw rejection();
        }
        return true; // started before it could be taken back, or cancelled by someone
    }

    private boolean stands(int now) {
        return now == OPEN || now == DRAINING && isChained();
    }

    /** Whether the caller is a handler that draining waits for; those of a BH workqueue never count (G59). */
    private boolean isChained() {
        Run run = Run.current();
        Share share = run == null ? null : run.share;
        return share != null && !share.workqueue.isBh()
                && (share.workqueue == this || runtime.isClosing() && share.workqueue.runtime == runtime);
    }

    private RejectedExecutionException rejection() {
        return new RejectedExecutionException("workqueue '" + name() + "' of runtime '" + runtime.name() + "' is "
                + (phase == CLOSED ? "closed" : "closing or draining, and takes work from its own handlers only"));
    }

    // ---- flush, drain, close ----

    /**
     * Waits until everything is over that was queued to this workqueue before the call, whether it waits for a slot or
     * runs ({@code flush_workqueue}, G55); not for what is queued later, by the handlers waited for or by others. Any
     * number of threads may flush at once (G56). While the workqueue is frozen, or where it waits behind something that
     * never ends, it waits as well (G57). What the items did happens before the return. An interrupt does not end the
     * wait; the flag is kept. On a system queue it waits for the items of others too.
     *
     * @throws WorkDeadlockException if called by a handler that it would have to wait for, directly or through others;
     *     perhaps some time after the call, once that is certain
     */
    public void flush() {
        refuseSelfWait("flush() of workqueue '" + name() + "'", share -> share.workqueue == this);
        reportDependency("flush() of it");
        if (shares.all().stream().allMatch(share -> share.quiet() >= 0)) {
            return;
        }
        await("flush", rounds.begin(false));
    }

    /** Waits for a round that was begun. */
    void await(String call, Round round) {
        WaitGraph.Wait wait = WaitGraph.begin(new WaitGraph.OfRound(call, this, round));
        try {
            rounds.await(round, wait);
        } finally {
            WaitGraph.end(wait);
        }
    }

    /**
     * Waits until nothing queued to this workqueue is pending or runs, refusing new items from outside meanwhile
     * ({@code drain_workqueue}, G59, G60). Handlers of its own items may go on queueing to it, and it does not return
     * before they stop; save those of a BH workqueue, which are refused too. Several threads may drain at once; the
     * last one opens the workqueue again. While the workqueue is frozen, and items wait in it, it waits as well. An
     * interrupt does not end the wait; the flag is kept. On a closed workqueue it returns at once.
     *
     * @throws WorkDeadlockException if called by a handler that it would have to wait for, directly or through others
     */
    public void drain() {
        refuseSelfWait("drain() of workqueue '" + name() + "'", share -> share.workqueue == this);
        reportDependency("drain() of it");
        List<Workqueue> self = List.of(this);
        WaitGraph.Wait wait =
                WaitGraph.begin(new WaitGraph.OfDrain("drain() of workqueue '" + name() + "'", false, self));
        startDraining();
        try {
            Rounds.drain(self, wait);
        } finally {
            WaitGraph.end(wait); // before anything can be queued again: that is none of this wait's business
            stopDraining();
        }
        await("drain", rounds.begin(false)); // who could not be turned away any more, since it had started (R57)
    }

    /**
     * Waits until nothing queued to this workqueue is pending or runs, and refuses new items meanwhile and from then on
     * ({@code destroy_workqueue}). Handlers of its own items may go on queueing to it until it is empty, save those of
     * a BH workqueue. A queueing at the same time either is accepted, and its run waited for, or throws and leaves the
     * item idle. Idempotent; an interrupt does not end the wait, and the flag is kept. A frozen workqueue with waiting
     * items is closed when it has been thawed.
     *
     * @throws WorkDeadlockException if called by a handler that it would have to wait for, directly or through others
     * @throws UnsupportedOperationException if this is a system queue: it is closed with its runtime
     */
    @Override
    public void close() {
        if (runtime.isSystem(this)) {
            throw new UnsupportedOperationException("'" + name() + "' is a system queue: close its runtime instead");
        }
        String call = "close() of workqueue '" + name() + "'";
        refuseSelfWait(call, share -> share.workqueue == this);
        WaitGraph.Wait wait = WaitGraph.begin(new WaitGraph.OfDrain(call, true, List.of(this)));
        try {
            runtime.lifecycle().close(this);
        } finally {
            WaitGraph.end(wait);
        }
    }

    /** A handler must not wait for a share that it, or the next instance of its own item, keeps busy (J6, G58). */
    static void refuseSelfWait(String call, Predicate<Share> isWaitedFor) {
        Run run = Run.current();
        Work work = run == null ? null : run.currentWork();
        if (run == null || work == null) {
            return;
        }
        if (run.share != null && isWaitedFor.test(run.share)) {
            throw new WorkDeadlockException(
                    call + " was called by the handler of " + work + ", which it would wait for");
        }
        Share next = work.pendingShare();
        if (next != null && isWaitedFor.test(next)) {
            throw new WorkDeadlockException(call + " was called by the handler of " + work
                    + ", which is queued there again and cannot run before this handler returns");
        }
    }

    /** G81: whoever is to make progress without memory must not wait for whoever may need some. Told once. */
    void reportDependency(String what) {
        Run run = Run.current();
        Share share = run == null ? null : run.share;
        if (share != null && share.workqueue.rescuer != null && rescuer == null && !isReportedAsDependency) {
            isReportedAsDependency = true;
            LOG.log(Level.WARNING, "workqueue ''{0}'' is memReclaim(), and a handler of it waits for workqueue ''{1}'',"
                    + " which is not ({2}): make that memReclaim() too", share.workqueue.name(), name(), what);
        }
    }

    /** Outside queueing is refused until a {@link #stopDraining} for each call. */
    synchronized void startDraining() {
        drains++;
        if (phase == OPEN) {
            phase = DRAINING;
        }
    }

    private synchronized void stopDraining() {
        drains--;
        if (drains == 0 && phase == DRAINING) {
            phase = OPEN;
        }
    }

    synchronized void endDraining() {
        phase = CLOSED;
    }

    /** It is open: shows what it was built to show. */
    void publish() {
        if (publication != null) {
            publication.publish();
        }
    }

    /** Closed for good: gives back what it holds. */
    void dispose() {
        if (publication != null) {
            publication.withdraw();
        }
        if (rescuer != null) {
            rescuer.end();
            runtime.forgetRescues(this);
        }
    }

    Rounds rounds() {
        return rounds;
    }

    // ---- executors ----

    /**
     * This workqueue as an executor without a bound: {@link #asExecutorService(Bound)} with {@link Bound#none}.
     *
     * @return a new executor
     * @throws IllegalStateException as there
     */
    public ExecutorService asExecutorService() {
        return asExecutorService(Bound.none());
    }

    /**
     * This workqueue as an executor. Each call makes another one: it is shut down by itself, without this workqueue
     * being closed, and waits for its own tasks only. When this workqueue is closed, or its runtime, its executors are
     * shut down: what is queued runs, what waits for a timer is cancelled, and nothing new is accepted, from tasks
     * neither.
     *
     * <p>{@link #maxActive} is how many tasks run at once, those that block included: on each CPU where this workqueue
     * is bound, in all where it is unbound. Take a bound one for many short tasks, which start on the CPU that
     * submitted them; an unbound one, with {@code maxActive(n)}, for a fixed number of tasks at once, as
     * {@code newFixedThreadPool(n)} has it ({@link Builder#maxActive} about machines with several nodes); an ordered
     * one for a task at a time.
     *
     * <p>Where n tasks wait for others that are behind them in the same workqueue, those never start; that is a
     * deadlock, as in a thread pool that is too small. A handler that waits in {@link java.util.concurrent.Future#get}
     * without a time limit, or in {@code invokeAll}, is told so by a {@link WorkDeadlockException}, some hundredths of
     * a second after that has become certain, and a second at most. Other waits of such a kind, in
     * {@link java.util.concurrent.CompletableFuture#join} or on a latch, are not known; the watchdog reports that
     * nothing goes on ({@link WorkRuntime.Builder#watchdog}).
     *
     * <p>Tasks start with a clear interrupt flag, and an interrupt by {@code cancel(true)} or {@code shutdownNow} is
     * over with the task it was meant for. A task that is cancelled before it starts is taken back at once, and what it
     * refers to is let go. {@code shutdownNow} returns the tasks that never started, what was given to {@code execute}
     * itself, else the futures, those of scheduled tasks too; it interrupts those that run. A task that starts at this
     * moment runs interrupted. What {@code execute} was given and throws goes to this workqueue's exception handler.
     * {@code close()} in a task of the executor itself throws a {@link WorkDeadlockException}.
     *
     * <p>Memory consistency: as {@link ExecutorService} says; and what the tasks did happens before
     * {@code awaitTermination} returns true.
     *
     * @param bound how many tasks may wait, and what becomes of others
     * @return a new executor
     * @throws IllegalStateException if this workqueue is BH, as tasks may block
     * @throws NullPointerException if {@code bound} is null
     */
    public ExecutorService asExecutorService(Bound bound) {
        checkBlocking();
        return views.add(new View(this, Objects.requireNonNull(bound, "bound")));
    }

    /**
     * This workqueue as an executor with timers, without a bound: {@link #asScheduledExecutorService(Bound)} with
     * {@link Bound#none}.
     *
     * @return a new executor
     * @throws IllegalStateException as there
     */
    public ScheduledExecutorService asScheduledExecutorService() {
        return asScheduledExecutorService(Bound.none());
    }

    /**
     * This workqueue as an executor with timers. As {@link #asExecutorService(Bound)}; besides:
     *
     * <p>A task is never early, and late as a {@link DelayedWork} may be. Zero and negative delays are none; those of
     * more than 146 years are that long. A periodic task ends by an exception, by being cancelled, and by the shutdown;
     * one with a fixed rate that is late makes up for it, each run after the one before. Tasks with a delay that has
     * not passed at the shutdown still run, as {@link java.util.concurrent.ScheduledThreadPoolExecutor} has it by
     * default. Where the time of a task comes while this workqueue is being {@linkplain #drain drained}, it is
     * cancelled.
     *
     * @param bound how many tasks may wait, for their time too, and what becomes of others
     * @return a new executor
     * @throws IllegalStateException if this workqueue is BH, as tasks may block
     * @throws NullPointerException if {@code bound} is null
     */
    public ScheduledExecutorService asScheduledExecutorService(Bound bound) {
        checkBlocking();
        return views.add(new ScheduledView(this, Objects.requireNonNull(bound, "bound")));
    }

    private void checkBlocking() {
        if (isBh()) {
            throw new IllegalStateException(this + " is bh(), its handlers must not block: it is no executor");
        }
    }

    /** Whoever closes it. What is submitted at this moment is refused or swept away a little later. */
    void endViews() {
        views.end();
    }

    // ---- limits and attributes ----

    /**
     * Changes the limit on active items ({@code workqueue_set_max_active}, G36): raised, what waits starts at once;
     * lowered, nothing that is active is touched. A {@link #minActive} above it is lowered to it.
     *
     * @param items 1 to {@value #MAX_ACTIVE_LIMIT}
     * @throws IllegalArgumentException if out of range (J16)
     * @throws IllegalStateException if this workqueue is ordered or BH, which have none
     */
    public void setMaxActive(int items) {
        WorkqueueSettings.checkMaxActive(items);
        if (settings.ordered() || settings.bh()) {
            throw new IllegalStateException(this + " is " + (settings.bh() ? "bh()" : "ordered()")
                    + ": its limit cannot be changed");
        }
        synchronized (this) {
            maxActive = items;
            minActive = Math.min(minActive, items);
        }
        shares.limiters().forEach(Limiter::limitChanged);
    }

    /**
     * Changes how many items of an unbound workqueue may be active on each node in any case
     * ({@code workqueue_set_min_active}, G34).
     *
     * @param items 0 to {@link #maxActive}
     * @throws IllegalArgumentException if out of range
     * @throws IllegalStateException if this workqueue is not unbound, or ordered
     */
    public void setMinActive(int items) {
        if (!settings.unbound() || settings.ordered()) {
            throw new IllegalStateException(this + " has no minActive: it is for unbound() workqueues");
        }
        synchronized (this) {
            if (items < 0 || items > maxActive) {
                throw new IllegalArgumentException("minActive must be 0 to maxActive, " + maxActive + ", not " + items);
            }
            minActive = items;
        }
        shares.limiters().forEach(Limiter::limitChanged);
    }

    /**
     * Changes where the items of an unbound or ordered workqueue run ({@code apply_workqueue_attrs}). All or nothing.
     * What is queued from now on goes by the new attributes; what was queued before may still run by the old ones, and
     * so does an item that queues itself again and again. An ordered workqueue stays in order (G39).
     *
     * @param attributes the new ones
     * @throws IllegalStateException if this workqueue is bound to CPUs, or its changes would give it more than 1,024
     *     pods in all
     * @throws IllegalArgumentException if none of the CPUs given is of the runtime
     * @throws NullPointerException if {@code attributes} is null
     */
    public void apply(Attributes attributes) {
        Objects.requireNonNull(attributes, "attributes");
        if (isBound()) {
            throw new IllegalStateException(this + " is bound to CPUs: attributes are for unbound() and ordered()");
        }
        runtime.checkCpus(attributes.cpus());
        shares.apply(attributes);
    }

    /**
     * Where the items of an unbound or ordered workqueue run.
     *
     * @return the attributes in force
     * @throws IllegalStateException if this workqueue is bound to CPUs
     */
    public Attributes attributes() {
        if (isBound()) {
            throw new IllegalStateException(this + " is bound to CPUs and has no attributes");
        }
        return shares.attributes();
    }

    /**
     * The most items of this workqueue that are active at a time: on a CPU where it is bound, in all where it is
     * unbound (divided among the nodes, G33), 1 where it is ordered. A BH workqueue has no limit.
     *
     * @return 1 to {@value #MAX_ACTIVE_LIMIT}, or {@link Integer#MAX_VALUE} of a BH workqueue
     */
    public int maxActive() {
        return maxActive;
    }

    /**
     * How many items of an unbound workqueue may be active on each node in any case. Means nothing for others.
     *
     * @return 0 to {@link #maxActive}
     */
    public int minActive() {
        return minActive;
    }

    /** The limit in force: none may start while it is frozen. */
    int limitNow() {
        return settings.freezable() && runtime.isFrozen() ? 0 : maxActive;
    }

    /** The CPUs that are online have changed. */
    void assign() {
        shares.assign();
    }

    // ---- looking ----

    /**
     * The name given to the builder.
     *
     * @return the name
     */
    public String name() {
        return settings.name();
    }

    /**
     * The runtime whose workers run the items.
     *
     * @return the runtime
     */
    public WorkRuntime runtime() {
        return runtime;
    }

    /**
     * Whether items wait for a slot on a CPU ({@code workqueue_congested}), of an unbound workqueue in the pod of that
     * CPU, of an ordered one at all: a snapshot.
     *
     * @param cpu number of a CPU, out of {@link WorkRuntime#cpus}
     * @return true if so
     * @throws IllegalArgumentException if the runtime has no such CPU
     */
    public boolean isCongested(int cpu) {
        return shares.at(runtime.indexOf(cpu)).isCongested();
    }

    /**
     * The counters, in all and for each CPU or pod. Nothing stops or waits for it, so they are weakly consistent.
     *
     * @return the counters, also of a closed workqueue
     */
    public WorkqueueStats stats() {
        return WorkqueueStats.of(this);
    }

    WorkqueueSettings settings() {
        return settings;
    }

    @Nullable
    Rescuer rescuer() {
        return rescuer;
    }

    /** That of a bound workqueue on a CPU. */
    BoundShare boundShare(int cpu) {
        return (BoundShare) shares.at(cpu);
    }

    /** All shares there have been; the index is the CPU's where it is bound. */
    List<Share> allShares() {
        return shares.all();
    }

    List<Limiter> limiters() {
        return shares.limiters();
    }

    boolean isBound() {
        return !settings.unbound();
    }

    boolean isOrdered() {
        return settings.ordered();
    }

    boolean isHighpri() {
        return settings.highpri();
    }

    boolean isBh() {
        return settings.bh();
    }

    boolean isCpuIntensive() {
        return settings.cpuIntensive();
    }

    boolean isFreezable() {
        return settings.freezable();
    }

    /** Whether a worker runs its items as its CPU's owner, and may block in them. */
    boolean isPlain() {
        return !settings.unbound() && !settings.cpuIntensive();
    }

    // ---- exceptions ----

    /** Gives what a handler threw to the exception handler. Called by the worker, as foreign code; throws nothing. */
    void report(Work work, Throwable thrown) {
        try {
            settings.exceptionHandler().accept(work, thrown);
        } catch (Throwable t) {
            reportFailure(thrown, t);
        }
    }

    /** The same, where the exception handler has failed, or cannot be called. */
    void reportFailure(Throwable thrown, Throwable ofHandler) {
        try {
            if (ofHandler != thrown) {
                ofHandler.addSuppressed(thrown);
            }
            LOG.log(Level.ERROR, "the exception handler of workqueue '" + name() + "' failed", ofHandler);
        } catch (Throwable t) {
            // there is nobody left to tell, and the worker must go on
        }
    }

    @Override
    public String toString() {
        return "Workqueue[" + name() + "]";
    }

    private static void log(Work work, Throwable thrown) {
        LOG.log(Level.ERROR, "the handler of " + work + " failed", thrown);
    }

    /**
     * Describes a workqueue to be made: the kernel's flags, one method each. Which of them go together is checked by
     * {@link #build}. Not for several threads at once.
     */
    public static final class Builder {
        private final WorkRuntime runtime;
        private final WorkqueueSettings.Draft draft;

        Builder(WorkRuntime runtime, String name) {
            this.runtime = runtime;
            this.draft = new WorkqueueSettings.Draft(name, Workqueue::log);
        }

        /**
         * The most items that may be active at a time: on each CPU, or in all where the workqueue is unbound. On a
         * machine with several NUMA nodes an unbound one divides it among them, in proportion to their CPUs, rounded up
         * and never below {@link #minActive}, so that the sum may be more (G33); with {@link Affinity#SYSTEM} it is one
         * limit for all of them.
         *
         * @param items 1 to {@value Workqueue#MAX_ACTIVE_LIMIT}; {@value Workqueue#DEFAULT_MAX_ACTIVE} if not given
         * @return this
         * @throws IllegalArgumentException if out of range (J16)
         */
        public Builder maxActive(int items) {
            WorkqueueSettings.checkMaxActive(items);
            draft.maxActive = items;
            return this;
        }

        /**
         * How many items of an unbound workqueue may be active on each node in any case, since so many may wait for
         * each other (G34).
         *
         * @param items 0 to {@link #maxActive}, else {@link #build} refuses it; {@value Workqueue#DEFAULT_MIN_ACTIVE}
         *     if not given, or maxActive if that is less
         * @return this
         * @throws IllegalArgumentException if negative
         */
        public Builder minActive(int items) {
            if (items < 0) {
                throw new IllegalArgumentException("minActive must not be negative: " + items);
            }
            draft.minActive = items;
            return this;
        }

        /**
         * Its items go before the normal ones of their CPU ({@code WQ_HIGHPRI}, G26): the next one starts when the
         * running handler ends or blocks. After 64 of them in a row a normal one has a turn.
         *
         * @return this
         */
        public Builder highpri() {
            draft.highpri = true;
            return this;
        }

        /**
         * Its items are bound to no CPU ({@code WQ_UNBOUND}): they are queued in the pod of the submitter's CPU and run
         * on whichever CPU of it has nothing else to do (G19, G25). The limit counts for all CPUs together (G33).
         *
         * @return this
         */
        public Builder unbound() {
            draft.unbound = true;
            return this;
        }

        /**
         * How the CPUs are divided into pods. Unbound and ordered workqueues only.
         *
         * @param scope the runtime's default if not given
         * @return this
         * @throws NullPointerException if {@code scope} is null
         */
        public Builder affinity(Affinity scope) {
            draft.affinity = Objects.requireNonNull(scope, "scope");
            return this;
        }

        /**
         * The CPUs of other pods keep off, even when they have nothing to do ({@code affn_strict}, A83). Unbound and
         * ordered workqueues only.
         *
         * @return this
         */
        public Builder strict() {
            draft.strict = true;
            return this;
        }

        /**
         * The CPUs that may run the items. Unbound and ordered workqueues only.
         *
         * @param numbers out of {@link WorkRuntime#cpus}; all if not given
         * @return this
         * @throws IllegalArgumentException if there is none, or one that the runtime has not
         */
        public Builder cpus(int... numbers) {
            if (numbers.length == 0) {
                throw new IllegalArgumentException("cpus() needs at least one CPU");
            }
            Set<Integer> set = new TreeSet<>();
            for (int number : numbers) {
                runtime.indexOf(number);
                set.add(number);
            }
            draft.cpus = set;
            return this;
        }

        /**
         * One item at a time, over all CPUs, in the order in which they were queued ({@code alloc_ordered_workqueue},
         * G39). It is unbound.
         *
         * @return this
         */
        public Builder ordered() {
            draft.ordered = true;
            return this;
        }

        /**
         * Its handlers compute for long ({@code WQ_CPU_INTENSIVE}, G27): each gives the CPU to another carrier before
         * it starts, and runs beside the items that come after it. Costs some tens of microseconds an item. Where no
         * other carrier is to be had ({@link WorkRuntime.Builder#maxCarriersPerCpu}), it starts as any other.
         *
         * @return this
         */
        public Builder cpuIntensive() {
            draft.cpuIntensive = true;
            return this;
        }

        /**
         * It has a thread of its own, the rescuer, made with it, that runs its items while no worker or carrier is to
         * be had, or nobody has taken anything from their pod for 10 milliseconds ({@code WQ_MEM_RECLAIM}, G68 to G71).
         * It guarantees one context: two items that wait for each other need two such workqueues.
         *
         * @return this
         */
        public Builder memReclaim() {
            draft.memReclaim = true;
            return this;
        }

        /**
         * {@link WorkRuntime#freeze} stops it ({@code WQ_FREEZABLE}, G72).
         *
         * @return this
         */
        public Builder freezable() {
            draft.freezable = true;
            return this;
        }

        /**
         * Its items run before all others, one at a time on each CPU, and must not block ({@code WQ_BH}, G73, G74): one
         * that does is reported once for its class, by a {@link BlockedInAtomicException} to the exception handler and
         * a Flight Recorder event (J7), and the CPU goes on, but for the BH items behind it. After 10 of them in a row
         * others have a turn. No limit; only {@link #highpri} goes with it. {@link Work#flush}, {@link Work#cancelSync}
         * and {@link Work#disableSync} do not block in a handler of it; {@link Workqueue#flush},
         * {@link Workqueue#drain} and {@link Workqueue#close} do.
         *
         * @return this
         */
        public Builder bh() {
            draft.bh = true;
            return this;
        }

        /**
         * Bound, or unbound if the runtime was built with {@link WorkRuntime.Builder#powerEfficient}
         * ({@code WQ_POWER_EFFICIENT}, J14).
         *
         * @return this
         */
        public Builder powerEfficient() {
            draft.powerEfficient = true;
            return this;
        }

        /**
         * Publishes attributes and counters as a {@link WorkqueueMXBean} until the workqueue is closed
         * ({@code WQ_SYSFS}, J15).
         *
         * @return this
         */
        public Builder mxBean() {
            draft.mxBean = true;
            return this;
        }

        /**
         * What is to be done with whatever a handler throws, {@link Error}s too. It runs on the worker, once for each
         * failed run, and may block; the item counts as running until it returns (J11). It also gets the
         * {@link BlockedInAtomicException} of a BH item, on a thread of its own.
         *
         * @param handler gets the item and what it threw; by default it is logged through {@link System.Logger}
         *     {@code io.kworker}
         * @return this
         * @throws NullPointerException if {@code handler} is null
         */
        public Builder exceptionHandler(BiConsumer<? super Work, ? super Throwable> handler) {
            draft.exceptionHandler = Objects.requireNonNull(handler, "handler");
            return this;
        }

        /**
         * Makes the workqueue.
         *
         * @return a new workqueue, open until it or its runtime is closed
         * @throws IllegalArgumentException if flags were given that make no sense together (J18), both are named; or if
         *     {@link #minActive} is more than {@link #maxActive}
         * @throws RejectedExecutionException if the runtime is closed or closing
         */
        public Workqueue build() {
            return runtime.open(settings());
        }

        WorkqueueSettings settings() {
            return draft.settle(runtime.settings);
        }
    }
}
