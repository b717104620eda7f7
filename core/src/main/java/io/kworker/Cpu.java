// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.List;
import org.jctools.queues.varhandle.MpscLinkedVarHandleQueue;
import org.jspecify.annotations.Nullable;

/**
 * One CPU: what others put into it (the queues of its lanes, an inbox of messages, a doorbell), and what its owner may
 * take from there and from the pods it serves.
 *
 * <p>Ownership is a role: it is that of the CPU's carrier, or of the worker mounted on that carrier. It changes hands
 * only by {@link Tenure} and orders all plain fields here, in the {@link Lane}s and in the {@link BoundShare}s.
 */
final class Cpu {
    /** BH items in a row (the kernel's BH_WORKER_RESTARTS). */
    private static final int BH_BUDGET = 10;

    /** High-priority items in a row; about what the kernel's scheduler gives to nice -20 against nice 0. */
    private static final int HIGHPRI_BUDGET = 64;

    /** Most entries in the rings of the lanes that are used less. */
    private static final int URGENT_RING = 1024;

    /** Items of the normal lane in a row, then the pods have a turn. */
    private static final int TURNS_PER_POD = 64;

    /**
     * Looks in vain at the urgent lanes, then the flag is cleared. Not at once: it lies beside what producers read, and
     * where urgent items come one by one each of them would write it twice.
     */
    static final int TURNS_WITHOUT_URGENT = 64;

    /** Messages of the owner to itself that have room at first. */
    private static final int ASIDE = 64;

    // ---- for anyone ----

    /** I. */
    final WorkRuntime runtime;

    /** I: position in the runtime's array of CPUs. */
    final int index;

    /** I: the operating system's number of this CPU. */
    final int number;

    /** I. */
    final Doorbell doorbell = new Doorbell();

    /** I. */
    final Lane normal;

    /** I. */
    final Timers timers;

    /** I: queued work of the normal lane. */
    final EntryQueue queue;

    /** I. */
    final Lane.Urgent highpri;

    /** I. */
    final Lane.Urgent bh;

    /** I. */
    final Lane.Urgent bhHighpri;

    /**
     * I: continuations ready to run, and deliveries. It never refuses (a refused continuation is lost), and the
     * exchange by which it takes a message is the first half of the pair with the doorbell's word.
     */
    private final MpscLinkedVarHandleQueue<Runnable> inbox = new MpscLinkedVarHandleQueue<>();

    /**
     * M: whether there may be something in the urgent lanes, or an operation for the timers. Set after that was put
     * there, cleared before the last look.
     */
    private volatile boolean isUrgent;

    /** S: under the lock of {@link Pods}: whether it serves any. */
    private volatile boolean hasPods;

    /** S: under the lock of {@link Pods}: those it serves, its own before those of others. */
    private volatile Pod[] highpriPods = {};

    /** S: the same. */
    private volatile Pod[] pods = {};

    /** I: by the owner: whether a worker spins and looks at the pods. */
    private final Flag watching = new Flag();

    /** M: 0 while someone owns the CPU; 1 after its end; 2 while someone evacuates the inbox. */
    private volatile int isAbandoned;

    private static final VarHandle ABANDONED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "isAbandoned", VarHandle.class, Cpu.class, int.class);

    // ---- C ----

    /** C: messages of the owner to itself, and those that an owner which cannot mount anything has left. */
    private ArrayDeque<Runnable> aside = new ArrayDeque<>(ASIDE);

    /** C: how many have room there. */
    private int asideRoom = ASIDE;

    /** C: whether there are any: asked between items. */
    private boolean hasAside;

    /** C: whether those are next, while both they and the inbox have something. */
    private boolean asidesTurn;

    /** C: set once the runtime is drained and stops. */
    private boolean isStopping;

    Cpu(WorkRuntime runtime, int index, int number, int ringCapacity) {
        this.runtime = runtime;
        this.index = index;
        this.number = number;
        timers = new Timers(this, runtime.ticks());
        int urgentRing = Math.min(URGENT_RING, ringCapacity);
        normal = new Lane(this, "", ringCapacity);
        queue = normal.queue;
        highpri = new Lane.Urgent(this, " highpri", urgentRing, HIGHPRI_BUDGET, false);
        bh = new Lane.Urgent(this, " bh", urgentRing, BH_BUDGET, true);
        bhHighpri = new Lane.Urgent(this, " bh highpri", urgentRing, BH_BUDGET, true);
    }

    Lane lane(boolean isBh, boolean isHighpri) {
        return isBh ? isHighpri ? bhHighpri : bh : isHighpri ? highpri : normal;
    }

    /** All of its lanes, the most urgent first. */
    List<Lane> lanes() {
        return List.of(bhHighpri, bh, highpri, normal);
    }

    // ---- any thread ----

    /** Puts a message into the inbox and sees to it that someone looks. Never blocks, refuses or throws. */
    void post(Runnable message) {
        inbox.offer(message);
        doorbell.ring();
        evacuateIfAbandoned();
    }

    /** There is something in an urgent lane, or for the timers. To be called after it was put there. */
    void raise() {
        if (!isUrgent) {
            isUrgent = true;
        }
    }

    /** Whether a message waits. */
    boolean hasMessages() {
        return !inbox.isEmpty() || hasAside;
    }

    /**
     * Whether anything waits for the owner. The monitor calls it too: while foreign code runs, the owner's fields stand
     * still, and reading that phase has made them visible; in a hold they may not, and it is a guess.
     */
    boolean hasWaiting(long now) {
        return hasMessages() || hasWork() || timers.hasOperations() || timers.isDue(now);
    }

    /** Whether a worker of this CPU spins, and will look at the pods before it does anything else. */
    boolean isWatching() {
        return watching.isUp();
    }

    /** Under the lock of {@link Pods}. */
    void serve(Pod[] highpri, Pod[] normal) {
        highpriPods = highpri;
        pods = normal;
        hasPods = highpri.length + normal.length > 0;
    }

    // ---- owner ----

    /** Owner. Puts by a message for the carrier, which may be the caller: to be taken as those of others are. */
    void setAside(Runnable message) {
        if (aside.size() == asideRoom) {
            growAside();
        }
        aside.add(message);
        hasAside = true;
    }

    /** Beforehand: an ArrayDeque that runs out of memory as it grows by itself has lost what is in it. */
    private void growAside() {
        ArrayDeque<Runnable> larger = new ArrayDeque<>(2 * asideRoom);
        larger.addAll(aside);
        aside = larger;
        asideRoom *= 2;
    }

    /** Owner. The next message, or null where there is none or a hole. */
    @Nullable
    Runnable nextMessage() {
        return hasAside ? nextOfBoth() : inbox.relaxedPoll();
    }

    private @Nullable Runnable nextOfBoth() {
        asidesTurn = !asidesTurn;
        Runnable message = asidesTurn ? null : inbox.relaxedPoll();
        if (message == null) {
            message = aside.poll();
            hasAside = !aside.isEmpty();
        }
        return message;
    }

    /** Owner that is no carrier. Runs the deliveries that wait, and keeps the continuations for the next carrier. */
    void deliver() {
        for (Runnable message = inbox.relaxedPoll(); message != null; message = inbox.relaxedPoll()) {
            if (message instanceof Delivery) {
                message.run();
            } else {
                setAside(message);
            }
        }
    }

    /** Owner. Whether {@link #fetch} could find something. */
    boolean hasWork() {
        return normal.hasWork() || isUrgent && urgentHaveWork() || hasPods && podsHaveWork();
    }

    private boolean urgentHaveWork() {
        return bhHighpri.hasWork() || bh.hasWork() || highpri.hasWork();
    }

    /** Owner. Whether something is queued on this CPU itself. */
    boolean hasOwnWork() {
        return normal.hasWork() || urgentHaveWork();
    }

    /** Whether a pod that this CPU serves has something. */
    boolean podsHaveWork() {
        return hasWork(highpriPods) || hasWork(pods);
    }

    /** Owner that cannot run anything itself. */
    void rescue() {
        for (Lane lane : lanes()) {
            lane.rescue();
        }
    }

    private static boolean hasWork(Pod[] pods) {
        for (Pod pod : pods) {
            if (pod.hasWork()) {
                return true;
            }
        }
        return false;
    }

    boolean hasPods() {
        return hasPods;
    }

    /** Owner. A cheap look for a spinning owner: whether an entry has come. */
    boolean hasEntry() {
        return queue.hasNext() || isUrgent && urgentStir() || stirPods();
    }

    /** Owner. Applies the operations for the timers, where nothing else is there to be fetched. */
    private boolean urgentStir() {
        if (bhHighpri.stirs() || bh.stirs() || highpri.stirs()) {
            return true;
        }
        timers.stir();
        return false;
    }

    private boolean stirPods() { // a method of its own, so that the one above is small enough to be compiled in
        return hasPods && (stir(highpriPods) || stir(pods));
    }

    private static boolean stir(Pod[] pods) {
        for (Pod pod : pods) {
            if (pod.stirs()) {
                return true;
            }
        }
        return false;
    }

    /** Owner. Takes the next item that may start. As {@link Pool#fetch}. */
    boolean fetch(Run run) {
        return isUrgent || hasPods ? fetchAny(run) : normal.fetch(run);
    }

    private boolean fetchAny(Run run) {
        run.isHeldBack = false;
        if (isUrgent && fetchUrgent(run, false) || fetchOfHighpriPods(run)) {
            return true;
        }
        if (++run.turnsWithoutPods >= TURNS_PER_POD) {
            run.turnsWithoutPods = 0;
            if (fetchOf(pods, run)) {
                return true;
            }
        }
        return normal.fetch(run) || fetchOf(pods, run) || fetchOf(highpriPods, run)
                || run.isHeldBack && fetchUrgent(run, true);
    }

    /** Owner. Takes the next item of a pod that may start. As {@link Pool#fetch}. */
    boolean fetchOfPods(Run run) {
        return fetchOf(highpriPods, run) || fetchOf(pods, run);
    }

    /** After their budget they stand back once, as the urgent lanes do. */
    private boolean fetchOfHighpriPods(Run run) {
        if (run.turnsOfHighpriPods < HIGHPRI_BUDGET && fetchOf(highpriPods, run)) {
            run.turnsOfHighpriPods++;
            return true;
        }
        run.turnsOfHighpriPods = 0;
        return false;
    }

    /** The urgent lanes; one that has had its budget stands back once, unless nobody else has anything. */
    private boolean fetchUrgent(Run run, boolean nobodyElse) {
        timers.stir();
        if (fetchOf(bhHighpri, run, nobodyElse) || fetchOf(bh, run, nobodyElse)
                || fetchOf(highpri, run, nobodyElse)) {
            run.turnsWithoutUrgent = 0;
            return true;
        }
        if (!run.isHeldBack && ++run.turnsWithoutUrgent >= TURNS_WITHOUT_URGENT) {
            run.turnsWithoutUrgent = 0;
            isUrgent = false;
            if (urgentHaveWork() || timers.stirs()) {
                isUrgent = true;
            }
        }
        return false;
    }

    private static boolean fetchOf(Lane.Urgent lane, Run run, boolean nobodyElse) {
        if (!lane.stirs()) {
            lane.endStreak();
            return false;
        }
        if (!nobodyElse && lane.isSpent()) {
            run.isHeldBack = true;
            return false;
        }
        return lane.fetch(run);
    }

    private static boolean fetchOf(Pod[] pods, Run run) {
        for (Pod pod : pods) {
            if (pod.stirs() && pod.fetch(run)) {
                return true;
            }
        }
        return false;
    }

    /** Owner. A worker spins from here on. */
    void watch() {
        watching.raise();
    }

    /**
     * Owner. It does not any more: whoever saw it spin has left its entry to be found by the looks that follow.
     *
     * @param fetches whether the caller looks at the pods now
     */
    void stopWatching(boolean fetches) {
        watching.lower();
        if (!fetches) {
            kickPods();
        }
    }

    /** Owner that has other things to do. Has another CPU look at the pods that have something. */
    void kickPods() {
        kick(highpriPods);
        kick(pods);
    }

    private static void kick(Pod[] pods) {
        for (Pod pod : pods) {
            if (pod.stirs()) { // where the head of the queue is a hole, its queuer kicks when it has filled it
                pod.kick();
            }
        }
    }

    /** Owner. Nothing will be queued any more: the carrier ends once all workers have. */
    void stop() {
        isStopping = true;
    }

    boolean isStopping() {
        return isStopping;
    }

    /**
     * Last owner. Threads of the user's may outlive the runtime: their continuations go to the JDK's own scheduler from
     * here on. Whoever posts after this sees it and evacuates; what was posted before is evacuated here.
     */
    void abandon() {
        timers.removeIf(timers::moveOut);
        for (Runnable message = aside.poll(); message != null; message = aside.poll()) {
            inbox.offer(message instanceof Worker worker ? worker.continuation() : message);
        }
        hasAside = false;
        isAbandoned = 1;
        evacuate();
    }

    boolean isAbandoned() {
        return isAbandoned != 0;
    }

    /** After something was put where the owner would look. */
    void evacuateIfAbandoned() {
        if (isAbandoned != 0) {
            evacuate();
        }
    }

    private void evacuate() {
        while ((!inbox.isEmpty() || timers.hasOperations()) && ABANDONED.compareAndSet(this, 1, 2)) {
            for (Runnable message = inbox.poll(); message != null; message = inbox.poll()) {
                CarrierScheduler.jdksOwn().execute(message);
            }
            timers.removeIf(timers::moveOut);
            isAbandoned = 1;
        }
    }
}
