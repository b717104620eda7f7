// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;

/**
 * A short handler that is run soon on the CPU that scheduled it, before all other work there, and never on two CPUs at
 * once (the kernel's {@code struct tasklet_struct}). For what must follow an event at once and does not block: the
 * second half of an interrupt, an acknowledgement, the waking of others.
 *
 * <p>Subclass it, so that the object which holds the data is the tasklet itself ({@code from_tasklet}), or make one
 * from a handler with {@link #of}. It needs no closing.
 *
 * <p>After a call of {@link #schedule} or {@link #hiSchedule} the handler runs at least once (T8). Any number of calls
 * before it starts is one run; a call while it runs, also by itself, is one more run after that. It runs on the CPU of
 * the call that scheduled it (T11), also where it runs on another one at the moment: then after that run. The tasklets
 * of a CPU run one at a time, in the order in which they were scheduled, those scheduled by {@code hiSchedule} before
 * the others (T12, T15); one that schedules itself again goes behind those that wait. After 10 runs in a row other work
 * has a turn, so that one which schedules itself for ever starves nobody (T19).
 *
 * <p>The handler must not block: one that does is reported once for its class, by a {@link BlockedInAtomicException}
 * (J7), and the CPU goes on, but for the tasklets behind it. It may schedule, disable and enable any tasklet, its own
 * too, and queue work items. It runs with the interrupt flag clear. What it throws goes to the exception handler of the
 * runtime's system queue, {@link WorkRuntime#systemBh} or {@link WorkRuntime#systemBhHighpri}, which logs it; the run
 * counts as completed. The item that an exception handler is given there, and that {@link Work#current} is in the
 * handler, is the engine's own, to be looked at and not to be queued; its text is that of the tasklet.
 *
 * <p>Memory consistency: what a thread does before a call that schedules the tasklet, whether that returns true or
 * false, happens before the run that follows it; a run happens before the next one, and before the return of a
 * {@link #disable} or {@link #kill} that found it over or waited for it.
 *
 * <p>All methods may be called from any thread. {@code disable} and {@code kill} may have to wait: they park the
 * caller; in the handler of a tasklet or BH item, where nobody may block, they spin. The others are lock-free, never
 * wait, and allocate nothing, save for a tasklet that was killed while it was scheduled, and where the CPU's ring is
 * full.
 */
public abstract class Tasklet extends TaskletPad {
    /*
     * The tasklet is an item that goes to the BH queues of the runtime. The item's state word is the kernel's SCHED and
     * RUN: one instance pending, one running. What it lacks is a disabling that keeps what was scheduled. So the item
     * is never disabled (but during kill): it starts, looks at this word, and where that says disabled it leaves the
     * schedule here and ends without having called the handler. Whoever enables schedules it again. A disabled tasklet
     * costs its CPU one look, not one a pass (T13).
     *
     * As long as the word is 0, what is scheduled of an idle tasklet is a direct instance (see DirectEntry).
     *
     * word   63      32 31      19    18       17     16  15                0
     *        +---------+----------+---------+------+------+------------------+
     *        |   CPU   |          | GENERAL | HIGH | KEPT |  disable depth   |
     *        +---------+----------+---------+------+------+------------------+
     *
     * KEPT       it was scheduled and found disabled; only with depth > 0
     * HIGH, CPU  of that schedule: where it goes when the tasklet is enabled; only with KEPT
     * GENERAL    what is pending may be taken back: every run is claimed at its start, as that of any item
     *
     *   any                 --endDirect (any thread, CAS)--> GENERAL, for good
     *   any                 --disable  (any thread, CAS)--> depth + 1
     *   depth > 1           --enable   (any thread, CAS)--> depth - 1
     *   depth = 1           --enable   (any thread, CAS)--> 0, no KEPT; if that was set, the caller owes a queueing
     *   depth > 0           --keep     (runner, CAS)--> KEPT with HIGH and CPU
     *   depth > 0, KEPT     --keep     (runner, CAS of the same value)--> unchanged: one run for both
     *   depth > 0, KEPT     --schedule (any thread, CAS of the same value)--> unchanged: refused
     *   KEPT                --kill     (any thread, CAS, while the item is disabled and idle)--> KEPT cleared
     *
     * No start after disable returned (T14):
     *      disabler  depth + 1 (CAS) ; look, which claims a run that is unclaimed ; read RUNNING of the item
     *      runner    RUNNING set (CAS) ; read depth        (of a direct instance: share.direct ; fence ; read the word)
     * One of the two sees the other: the runner keeps, or the disabler waits.
     *
     * No schedule is lost. It is a pending instance, or KEPT. The runner that has taken the instance either calls the
     * handler or, by a CAS from a word with depth > 0, makes it KEPT; an enable to 0 in between fails that CAS, and the
     * runner looks again. KEPT is cleared by the enable to 0, which queues the item (refused only if an instance is
     * pending, which looks at the word after this enable), and by kill. Who is refused has done a read-modify-write on
     * the word that enable reads, or on the item's state, so the run that comes sees what it wrote.
     *
     * kill drops in the window in which the item is disabled and idle: no runner can keep. An enable that has returned
     * before has queued the item, and that run is waited for or taken back; one at the same time is as a schedule at
     * the same time: taken back, refused, or after the kill.
     */
    private static final long DEPTH_MASK = 0xFFFF;
    private static final long KEPT = 1 << 16;
    private static final long HIGH = 1 << 17;
    private static final long GENERAL = 1 << 18;
    private static final int CPU_SHIFT = 32;

    private static final VarHandle WORD = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "word", VarHandle.class, TaskletFields.class, long.class);

    /**
     * Makes an enabled tasklet that is not scheduled ({@code tasklet_setup}). One that is to be disabled at first
     * ({@code DECLARE_TASKLET_DISABLED}): call {@link #disableNoSync}.
     *
     * @param runtime on whose CPUs it is to run
     * @throws NullPointerException if {@code runtime} is null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed and had no tasklets before
     */
    protected Tasklet(WorkRuntime runtime) {
        super(runtime);
    }

    /** What a tasklet made by {@link Tasklet#of} runs. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Does the work. Must not block.
         *
         * @param tasklet the tasklet that runs
         * @throws Exception whatever goes wrong: it is logged
         */
        void run(Tasklet tasklet) throws Exception;
    }

    /**
     * Makes a tasklet from a handler.
     *
     * @param runtime on whose CPUs it is to run
     * @param handler what to run
     * @return an enabled tasklet that is not scheduled
     * @throws NullPointerException if an argument is null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed and had no tasklets before
     */
    public static Tasklet of(WorkRuntime runtime, Handler handler) {
        return new HandlerTasklet(runtime, Objects.requireNonNull(handler, "handler"));
    }

    /**
     * The handler. Must not block.
     *
     * @throws Exception whatever goes wrong
     */
    protected abstract void run() throws Exception;

    /**
     * Has the handler run soon on the caller's CPU ({@code tasklet_schedule}): within a handler that of its worker,
     * else the CPU that the calling thread runs on at the moment. Of a {@linkplain #disable disabled} tasklet the run
     * is kept until it is enabled.
     *
     * @return true if this call scheduled it; false if it is scheduled already, by whichever of the two calls, and the
     *     run to come sees all that the caller did before; false also, and no run follows for this call, while somebody
     *     is in {@link #kill} for it. While it is disabled, several calls may be told true, for one run
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed or closing, for a handler of it
     *     too; nothing is changed then
     */
    public final boolean schedule() {
        return schedule(normal);
    }

    /**
     * As {@link #schedule}, but before all that was not scheduled so ({@code tasklet_hi_schedule}).
     *
     * @return as {@link #schedule}
     * @throws java.util.concurrent.RejectedExecutionException as {@link #schedule}
     */
    public final boolean hiSchedule() {
        return schedule(highpri);
    }

    private boolean schedule(Workqueue workqueue) {
        return schedule(workqueue, workqueue.localCpu());
    }

    /** @param cpu index of the CPU */
    final boolean schedule(Workqueue workqueue, int cpu) {
        return isPlain() && workqueue.queueDirect(direct, cpu) || scheduleAgain(workqueue, cpu);
    }

    /** Of one that is not idle, disabled, or was killed. */
    private boolean scheduleAgain(Workqueue workqueue, int cpu) {
        if (isKept()) {
            return false;
        }
        item.look();
        return workqueue.queue(item, cpu);
    }

    /** Whether a direct instance may start unclaimed. */
    final boolean isPlain() {
        return word == 0;
    }

    /** Whether there are to be no direct instances any more. */
    final boolean isGeneral() {
        return (word & GENERAL) != 0;
    }

    /** There are to be none from here on. */
    final void endDirect() {
        long w;
        do {
            w = word;
        } while ((w & GENERAL) == 0 && !cas(w, w | GENERAL));
    }

    /** Whether it is scheduled already and kept, being disabled; then the run to come sees what the caller wrote. */
    private boolean isKept() {
        for (;;) {
            long w = word;
            if ((w & KEPT) == 0) {
                return false;
            }
            if (cas(w, w)) {
                return true;
            }
        }
    }

    /**
     * No run starts from here on until as many calls of {@link #enable}, at most 65,535 levels; a run in progress goes
     * on ({@code tasklet_disable_nosync}). What is scheduled, before or meanwhile, is kept (T13). Never waits.
     *
     * @throws IllegalStateException if disabled 65,535 times already; nothing is changed then
     */
    public final void disableNoSync() {
        for (;;) {
            long w = word;
            if ((w & DEPTH_MASK) == DEPTH_MASK) {
                throw new IllegalStateException(
                        "disabled 65535 times already: enable it before disabling it again: " + this);
            }
            if (cas(w, w + 1)) {
                return;
            }
        }
    }

    /**
     * As {@link #disableNoSync}, and waits for a run in progress ({@code tasklet_disable},
     * {@code tasklet_disable_in_atomic}): after the return the handler does not run, and does not start before the
     * matching {@link #enable} (T14). An interrupt does not end the wait; the flag is kept.
     *
     * @throws WorkDeadlockException if called by the tasklet's own handler, or by one that the run in progress waits
     *     for, directly or through others; nothing is changed then
     * @throws IllegalStateException as {@link #disableNoSync}
     */
    public final void disable() {
        item.refuseSelfWait("disable");
        WaitGraph.Wait wait = WaitGraph.begin(new WaitGraph.OfStop("disable", item));
        try {
            disableNoSync();
            item.look();
            item.awaitRun(wait);
        } finally {
            WaitGraph.end(wait);
        }
    }

    /**
     * Takes back one {@link #disable} or {@link #disableNoSync} ({@code tasklet_enable}). If that was the last, what is
     * scheduled runs now, on the CPU on which it was scheduled.
     *
     * @throws IllegalStateException if the tasklet is not disabled; nothing is changed then (J4)
     * @throws java.util.concurrent.RejectedExecutionException if something is scheduled, and the runtime is closed or
     *     closing: the tasklet is enabled and not scheduled then
     */
    public final void enable() {
        long w;
        long left;
        do {
            w = word;
            if ((w & DEPTH_MASK) == 0) {
                throw new IllegalStateException("not disabled, so it cannot be enabled: " + this);
            }
            left = (w & DEPTH_MASK) == 1 ? w & GENERAL : w - 1;
        } while (!cas(w, left));
        if ((left & DEPTH_MASK) == 0 && (w & KEPT) != 0) {
            ((w & HIGH) == 0 ? normal : highpri).queue(item, (int) (w >>> CPU_SHIFT));
        }
    }

    /**
     * Waits until the tasklet is neither scheduled nor running ({@code tasklet_kill}). What was scheduled before the
     * call runs before it returns, unless the tasklet is disabled: then it is dropped (the kernel waits for ever).
     * A run that is scheduled during the call, by the handler too, may be dropped, so that a tasklet which always
     * schedules itself again is stopped as any other. Afterwards it can be scheduled again (T16): who calls this for
     * the last time sees to it that nobody schedules or enables it at the same time or later. An interrupt does not end
     * the wait; the flag is kept.
     *
     * @throws WorkDeadlockException if called by the tasklet's own handler, or by one that it waits for, directly or
     *     through others: by a handler, or for its turn on a CPU; nothing is changed then
     */
    public final void kill() {
        item.refuseSelfWait("kill");
        item.flush("kill");
        item.stop("kill", false);
        try {
            dropKept();
        } finally {
            item.enableOnce();
        }
    }

    private void dropKept() {
        long w;
        do {
            w = word;
        } while ((w & KEPT) != 0 && !cas(w, w & (GENERAL | DEPTH_MASK)));
    }

    /**
     * Whether a run is to come: a snapshot. Also of a disabled tasklet, which runs when it is enabled.
     *
     * @return true if scheduled and not started
     */
    public final boolean isScheduled() {
        return (word & KEPT) != 0 || WorkState.isPending(item.stateAsClaimed());
    }

    /**
     * Whether a CPU has begun with it and is not done: a snapshot. That is while the handler runs, and for a moment
     * where the CPU finds the tasklet disabled.
     *
     * @return true if running
     */
    public final boolean isRunning() {
        return WorkState.isRunning(item.stateAsClaimed());
    }

    /** Runner. Calls the handler; where the tasklet is disabled, that is kept for later. */
    final void perform(Share where) throws Exception {
        if ((word & DEPTH_MASK) == 0 || !keep(where)) {
            run();
        }
    }

    /** Runner. False where the tasklet has been enabled meanwhile. */
    private boolean keep(Share where) {
        BoundShare share = (BoundShare) where;
        long schedule = (long) share.cpu.index << CPU_SHIFT | (share.workqueue == highpri ? HIGH : 0) | KEPT;
        for (;;) {
            long w = word;
            if ((w & DEPTH_MASK) == 0) {
                return false;
            }
            if (cas(w, (w & KEPT) != 0 ? w : w | schedule)) {
                return true;
            }
        }
    }

    private boolean cas(long from, long to) {
        return WORD.compareAndSet(this, from, to);
    }

    /** For reports about tasklets of one kind. */
    Class<?> function() {
        return getClass();
    }

    @Override
    public String toString() {
        long w = word;
        return function().getName() + '@' + Integer.toHexString(System.identityHashCode(item)) // as in dumps
                + (isScheduled() ? " scheduled" : "") + (isRunning() ? " running" : "")
                + ((w & DEPTH_MASK) > 0 ? " disabled" : "");
    }

    /** A tasklet with a handler. */
    private static final class HandlerTasklet extends Tasklet {
        private final Handler handler;

        HandlerTasklet(WorkRuntime runtime, Handler handler) {
            super(runtime);
            this.handler = handler;
        }

        @Override
        protected void run() throws Exception {
            handler.run(this);
        }

        @Override
        Class<?> function() {
            return handler.getClass();
        }
    }
}

abstract class TaskletFields extends Lead {
    /** I. */
    final Workqueue normal;

    /** I. */
    final Workqueue highpri;

    /** I: what is queued and run. */
    final Softirq item;

    /** I: what of it lies in the rings if it was idle. */
    final DirectEntry direct;

    /** M: see the transitions in {@link Tasklet}. */
    volatile long word;

    TaskletFields(WorkRuntime runtime) {
        normal = runtime.systemBh();
        highpri = runtime.systemBhHighpri();
        direct = new DirectEntry((Tasklet) this);
        item = direct.item;
    }
}

/** And away from the fields of subclasses. */
abstract class TaskletPad extends TaskletFields {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;

    TaskletPad(WorkRuntime runtime) {
        super(runtime);
    }
}
