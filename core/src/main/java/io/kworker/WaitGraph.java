// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which handlers wait for what, and whether a wait that begins could ever end (J6; what lockdep does in the kernel).
 *
 * <p>Only handlers are nodes: nobody waits for other threads. A handler that waits cannot go on before its wait is
 * over, and cannot leave this graph while a thread looks at it, so what is found to be a knot is one: a set of waits of
 * which each needs another one of the set to end. From outside it could only be cut by cancelling an item that has not
 * started, by raising a limit, or by interrupting who waits for a future.
 *
 * <p>Assumption: a handler has one wait at a time, which it begins and ends itself.
 */
final class WaitGraph {
    /** After so long a handler that waits looks again, then after twice as long, and so on up to the other. */
    static final long FIRST_LOOK_NANOS = 10_000_000;
    private static final long LAST_LOOK_NANOS = 1_000_000_000;

    private static final ReentrantLock LOCK = new ReentrantLock();

    /** Tries before a thread parks for the lock, which is held for a few microseconds. */
    private static final int SPINS = 10_000;

    /** L: by the item that waits; it runs at most once at a time (J1). */
    private static final IdentityHashMap<Work, Wait> WAITS = new IdentityHashMap<>();

    private WaitGraph() {}

    /** A wait for so many nanoseconds at most. */
    interface Pause {
        /** True where it is over. */
        boolean await(long nanos) throws InterruptedException;
    }

    /** What a handler waits for. Looked at under the lock. */
    interface Target {
        /** Whether the wait is over, though perhaps the handler does not know yet. */
        boolean isOver();

        /** The waits, out of all there are, that may be in the way. */
        Collection<Wait> obstacles();

        /** Whether it cannot end while those of its obstacles that are in {@code stuck} go on. */
        boolean isBlocked(Set<Wait> stuck);

        /** For people: the call, and what it waits for. */
        String describe();
    }

    /** A handler that waits. */
    record Wait(Work item, Share share, int turn, int generation, Target target) {
        /** Whether an entry of the handler's item, out of its queue, waits for this run to end. */
        boolean holdsUp(Predicate<Entry> what) {
            return item.handOffs().stream().anyMatch(what);
        }

        /** The lane that stands still while this handler waits, since BH items run one at a time; or null. */
        @Nullable
        Pool serialLane() {
            return share.workqueue.isBh() ? share.poolNow() : null;
        }

        @Override
        public String toString() {
            return item + " (workqueue '" + share.workqueue.name() + "') waits in " + target.describe();
        }
    }

    /**
     * The calling thread begins to wait; to be followed by {@link #end}.
     *
     * @return null where the caller runs no handler
     * @throws WorkDeadlockException if the wait could never end; it has not begun then
     */
    static @Nullable Wait begin(Target target) {
        Run run = Run.current();
        Work item = run == null ? null : run.currentWork();
        Share share = run == null ? null : run.share;
        if (run == null || item == null || share == null) {
            return null;
        }
        Wait wait = new Wait(item, share, run.turn, run.generation, target);
        lock();
        try {
            WAITS.put(item, wait); // it holds a slot itself
            refuseIfStuck(wait);
        } catch (Throwable t) {
            WAITS.remove(item);
            throw t;
        } finally {
            LOCK.unlock();
        }
        return wait;
    }

    /**
     * Looks again: whether an entry is in the way that had not left its queue when the wait began.
     *
     * @throws WorkDeadlockException if the wait can never end; it is still to be ended by {@link #end}
     */
    static void check(@Nullable Wait wait) {
        if (wait != null) {
            lock();
            try {
                refuseIfStuck(wait);
            } finally {
                LOCK.unlock();
            }
        }
    }

    /** Waits, whatever interrupts it, until that is over; a handler looks from time to time whether it can be. */
    static void await(@Nullable Wait wait, Pause pause) {
        boolean interrupted = false;
        long nanos = wait == null ? Long.MAX_VALUE : FIRST_LOOK_NANOS;
        try {
            for (boolean isOver = false; !isOver;) {
                try {
                    isOver = pause.await(nanos);
                    if (!isOver && wait != null) {
                        check(wait);
                        nanos = later(nanos);
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** How long to wait for the next look, after a look after so long. */
    static long later(long nanos) {
        return Math.min(2 * nanos, LAST_LOOK_NANOS);
    }

    static void end(@Nullable Wait wait) {
        if (wait != null) {
            lock();
            try {
                WAITS.remove(wait.item());
            } finally {
                LOCK.unlock();
            }
        }
    }

    /** Handlers in the graph: for tests. */
    static int size() {
        lock();
        try {
            return WAITS.size();
        } finally {
            LOCK.unlock();
        }
    }

    /** Parks as good as never: the caller may be a handler that must not (G75). */
    private static void lock() {
        for (int i = 0; i < SPINS; i++) {
            if (LOCK.tryLock()) {
                return;
            }
            Thread.onSpinWait();
        }
        LOCK.lock();
    }

    /** Throws if the wait is part of a knot. */
    private static void refuseIfStuck(Wait wait) {
        if (wait.target().obstacles().isEmpty()) {
            return; // nearly always
        }
        List<Wait> reachable = reachable(wait);
        Set<Wait> stuck = Collections.newSetFromMap(new IdentityHashMap<>());
        stuck.addAll(reachable);
        int before;
        do {
            before = stuck.size();
            for (Wait one : reachable.reversed()) { // a long chain is free from its end
                // in this order: a target that is not over after the look at what blocks it was the one looked at
                if (stuck.contains(one) && (!one.target().isBlocked(stuck) || one.target().isOver())) {
                    stuck.remove(one); // what has become free may free others
                }
            }
            if (!stuck.contains(wait)) {
                return;
            }
        } while (stuck.size() < before);
        throw new WorkDeadlockException(chain(wait, stuck));
    }

    /** It, and all that may be in its way, directly or through others; those farther away come later. */
    private static List<Wait> reachable(Wait from) {
        Set<Wait> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Wait> order = new ArrayList<>();
        Deque<Wait> left = new ArrayDeque<>(List.of(from));
        while (!left.isEmpty()) {
            Wait wait = left.pop();
            if (seen.add(wait)) {
                order.add(wait);
                left.addAll(wait.target().obstacles());
            }
        }
        return order;
    }

    private static String chain(Wait first, Set<Wait> stuck) {
        StringBuilder text = new StringBuilder("this wait could never end:");
        Set<Wait> told = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Wait> left = new ArrayDeque<>(List.of(first));
        while (!left.isEmpty()) {
            Wait wait = left.pop();
            if (told.add(wait)) {
                text.append("\n  ").append(wait);
                wait.target().obstacles().stream().filter(stuck::contains).forEach(left::add);
            }
        }
        return text.toString();
    }

    // ---- targets ----

    /** An item is to be over that was busy in that state, up to the newest instance of that state. */
    record OfItem(String call, Work item, long state, Waiter.Parked waiter) implements Target {
        @Override
        public boolean isOver() {
            return waiter.isReleased() || item.isOverSince(state);
        }

        /**
         * The run in progress, if it waits. Where that is a later instance, the one waited for is over, which the state
         * word alone does not tell if it was cancelled: the waiter may have taken that run for its own.
         */
        private List<Wait> obstacle() {
            Holdup runner = runner(item);
            if (runner != null && runner.generation() - WorkState.generation(state) > 0) {
                waiter.release();
                return List.of();
            }
            return runner == null ? List.of() : List.of(runner.by());
        }

        @Override
        public Collection<Wait> obstacles() {
            return both(obstacle(), holdersOfAll(item.pendingShare(state)));
        }

        /** The run in progress has to end, and the pending instance needs a slot. */
        @Override
        public boolean isBlocked(Set<Wait> stuck) {
            return obstacle().stream().anyMatch(stuck::contains) || isWithoutSlot(item.pendingShare(state), stuck);
        }

        @Override
        public String describe() {
            Share share = item.isRunning() ? null : item.pendingShare(state);
            return call + "() for " + item + need(share);
        }
    }

    /** A task of an executor is to be over. The wait ends by an interrupt as well, so it is left alone then. */
    record OfTask(TaskFuture<?> future, Thread waiter) implements Target {
        @Override
        public boolean isOver() {
            return future.isDone() || waiter.isInterrupted();
        }

        /** The run in progress, if it waits. */
        private List<Wait> obstacle() {
            Work item = future.item();
            Holdup runner = item == null ? null : runner(item);
            return runner == null ? List.of() : List.of(runner.by());
        }

        private @Nullable Share pendingShare() {
            Work item = future.item();
            return item == null ? null : item.pendingShare();
        }

        @Override
        public Collection<Wait> obstacles() {
            return both(obstacle(), holdersOfAll(pendingShare()));
        }

        @Override
        public boolean isBlocked(Set<Wait> stuck) {
            return obstacle().stream().anyMatch(stuck::contains) || isWithoutSlot(pendingShare(), stuck);
        }

        @Override
        public String describe() {
            return "Future.get() for " + future.item() + need(pendingShare());
        }
    }

    private static Collection<Wait> both(List<Wait> some, List<Wait> others) {
        List<Wait> all = new ArrayList<>(some);
        all.addAll(others);
        return all;
    }

    private static String need(@Nullable Share share) {
        return share == null ? ""
                : ", which needs a slot of workqueue '" + share.workqueue.name() + "' (" + share.slots() + " in all)";
    }

    /** The wait that keeps the run of an item from ending, and which instance it is that runs. */
    private record Holdup(Wait by, int generation) {}

    /** Of the handler that runs the item; or, where a rescuer has it and has not come to it, of what that runs. */
    private static @Nullable Holdup runner(Work item) {
        Wait runner = WAITS.get(item);
        if (runner != null) {
            return new Holdup(runner, runner.generation());
        }
        Share share = item.isRunning() ? item.home : null;
        Rescuer rescuer = share == null ? null : share.workqueue.rescuer();
        return rescuer == null ? null : holdup(rescuer, item);
    }

    /** A rescuer runs one after another. Whoever waits stays what it runs, so what is seen after that is certain. */
    private static @Nullable Holdup holdup(Rescuer rescuer, Work item) {
        Run before = rescuer.current();
        Work inFront = before == null ? null : before.work();
        Wait wait = inFront == null ? null : WAITS.get(inFront);
        if (before == null || wait == null || rescuer.current() != before || before.work() != inFront) {
            return null;
        }
        Run run = rescuer.waiting(item);
        return run == null ? null : new Holdup(wait, run.generation);
    }

    /** An item is not to run: it cannot start any more, or is about to be kept from it. */
    record OfStop(String call, Work item) implements Target {
        @Override
        public boolean isOver() {
            return !item.isRunning();
        }

        @Override
        public Collection<Wait> obstacles() {
            Holdup runner = runner(item);
            return runner == null ? List.of() : List.of(runner.by());
        }

        @Override
        public boolean isBlocked(Set<Wait> stuck) {
            return obstacles().stream().anyMatch(stuck::contains);
        }

        @Override
        public String describe() {
            return call + "() for " + item;
        }
    }

    /**
     * The waiting handlers that hold a slot which items of that share need, or in an ordered one run an item that those
     * wait behind.
     */
    private static List<Wait> holders(Share share) {
        List<Wait> holders = new ArrayList<>();
        for (Wait wait : WAITS.values()) {
            if (wait.share().sharesSlots(share)
                    || share instanceof OrderedShare && wait.holdsUp(entry -> entry.share == share)) {
                holders.add(wait);
            }
        }
        return holders;
    }

    /** The same where they hold all slots there are: else an item of that share starts when others end. */
    private static List<Wait> holdersOfAll(@Nullable Share share) {
        List<Wait> holders = share == null ? List.of() : holders(share);
        return share != null && isAll(holders.size(), share) ? holders : List.of();
    }

    /** Whether an item that is queued there gets no slot while those go on. */
    private static boolean isWithoutSlot(@Nullable Share share, Set<Wait> stuck) {
        return share != null && isAll(holders(share).stream().filter(stuck::contains).count(), share);
    }

    /** Of a workqueue that is frozen it cannot be said. */
    private static boolean isAll(long slots, Share share) {
        int limit = share.slots();
        return limit > 0 && slots >= limit;
    }

    /** Everything is to be over that was queued to a workqueue before a round. */
    record OfRound(String call, Workqueue workqueue, Round round) implements Target {
        @Override
        public boolean isOver() {
            return round.isOver();
        }

        @Override
        public Collection<Wait> obstacles() {
            return WAITS.values().stream().filter(this::isBefore).toList();
        }

        private boolean isBefore(Wait wait) {
            return isBefore(wait.share(), wait.turn()) || wait.holdsUp(entry -> isBefore(entry.share(), entry.turn))
                    || isInLane(wait.serialLane());
        }

        private boolean isBefore(Share share, int turn) {
            return share.workqueue == workqueue && round.waitsFor(share, turn);
        }

        private boolean isInLane(@Nullable Pool serial) {
            return serial != null && round.waitsFor(serial);
        }

        @Override
        public boolean isBlocked(Set<Wait> stuck) {
            return stuck.stream().anyMatch(this::isBefore);
        }

        @Override
        public String describe() {
            return call + "() of workqueue '" + workqueue.name() + "'";
        }
    }

    /** Some workqueues are to be empty, whatever is queued to them meanwhile. */
    record OfDrain(String call, boolean closes, Collection<Workqueue> workqueues) implements Target {
        @Override
        public boolean isOver() {
            return false;
        }

        @Override
        public Collection<Wait> obstacles() {
            return WAITS.values().stream().filter(this::isInside).toList();
        }

        private boolean isInside(Wait wait) {
            Share next = wait.item().pendingShare();
            return workqueues.contains(wait.share().workqueue) || next != null && workqueues.contains(next.workqueue)
                    || wait.holdsUp(entry -> workqueues.contains(entry.share().workqueue)) || holdsUpLane(wait);
        }

        /** What closes goes through every lane, what drains through those where something is. */
        private boolean holdsUpLane(Wait wait) {
            Pool lane = wait.serialLane();
            return lane != null && workqueues.stream().flatMap(workqueue -> workqueue.allShares().stream())
                    .anyMatch(share -> share.poolNow() == lane && (closes || share.quiet() < 0));
        }

        @Override
        public boolean isBlocked(Set<Wait> stuck) {
            return stuck.stream().anyMatch(this::isInside);
        }

        @Override
        public String describe() {
            return call;
        }
    }
}
