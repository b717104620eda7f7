// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/**
 * A queue of entries and the books on what of it may start (the kernel's worker_pool): the {@link Lane} of a CPU, or a
 * {@link Pod} that several CPUs share.
 *
 * <p>The books belong to the owner of the pool: of a lane, the owner of its CPU; of a pod, whoever holds its lock.
 * Ownership is a role; passing it on orders all plain fields here and in the {@link Share}s.
 */
abstract class Pool {
    /** Entries that did not start, between two looks at what else there is to do. */
    private static final int TURNS_PER_LOOK = 64;

    /** I. */
    final WorkRuntime runtime;

    /** I: queued work. */
    final EntryQueue queue;

    /** C: entries to be started before all others: they waited for a run of their own item. */
    private final EntryList ready = new EntryList();

    /** C: shares that have both waiting entries and a free slot, in the order in which they got so. */
    private @Nullable Share runnableHead;

    /** C: meaningful only while runnableHead is not null. */
    private @Nullable Share runnableTail;

    /** C: whether the ring is next, while both it and the runnable shares have something. */
    private boolean ringsTurn;

    Pool(WorkRuntime runtime, int ringCapacity) {
        this.runtime = runtime;
        this.queue = new EntryQueue(ringCapacity);
    }

    /** Any thread. Puts an entry into the queue and sees to it that someone looks. */
    abstract void submit(Entry entry);

    /** The CPU that this pool is about, for messages; any of them where it has several. */
    abstract Cpu cpu();

    /** For messages. */
    abstract String name();

    /** Owner. Whether something else has to be looked at. */
    abstract boolean isDisturbed();

    /** Owner. Whether {@link #fetch} could find something. */
    boolean hasWork() {
        return !queue.isEmpty() || hasListed();
    }

    /** Owner. Whether something waits that is not in the queue. */
    final boolean hasListed() {
        return runnableHead != null || !ready.isEmpty();
    }

    /**
     * Owner. Takes the next item that may start, marks it running, and puts it, its share and turn into {@code run}.
     * The caller has to run its handler, to {@link WorkState#finish} it and to report to {@link Share#finished}.
     */
    boolean fetch(Run run) {
        for (int turns = 1;; turns++) {
            if (turns % TURNS_PER_LOOK == 0 && isDisturbed()) {
                return false; // nothing of all this may start, perhaps, until who was woken has returned its slot
            }
            if (runnableHead != null || !ready.isEmpty()) {
                Entry entry = ready.pollFirst();
                if (entry != null) {
                    if (fetchReady(entry, run)) {
                        return true;
                    }
                    continue;
                }
                ringsTurn = !ringsTurn; // nothing is written on the usual way: others read this object's fields
                if (ringsTurn) {
                    if (fetchListed(run)) {
                        return true;
                    }
                    continue;
                }
            }
            Entry entry = queue.take();
            if (entry != null) {
                if (admit(entry, run)) {
                    return true;
                }
            } else if (runnableHead == null) {
                return false;
            }
        }
    }

    /** An entry that is being taken out of the queue. It is counted before that is over: see {@link Share#quiet}. */
    private boolean admit(Entry entry, Run run) {
        Share share = entry.share();
        Work work = entry.work();
        if (work == null && entry instanceof Marker || share.parked > 0 || !share.takeSlot()) {
            takeIn(entry, share);
            return false;
        }
        int turn = share.enter();
        queue.taken();
        return start(entry, work, share, turn, run);
    }

    /** The same, of one that cannot start. */
    private void takeIn(Entry taken, Share share) {
        Entry entry = taken.toWait();
        if (entry instanceof Marker marker) {
            share.arrive(marker);
            queue.taken();
        } else if (share.isClosed) { // the queuer takes its instance back and throws
            entry.refuse();
            queue.taken();
            entry.unlink();
        } else {
            entry.park();
            int turn = share.enter();
            queue.taken();
            if (entry.isDead()) {
                entry.unlink();
                share.drop(turn);
            } else {
                entry.turn = turn;
                share.park(entry);
            }
        }
    }

    private boolean fetchReady(Entry entry, Run run) {
        Share share = entry.share();
        share.handOffs--;
        boolean started = false;
        if (share.takeSlot()) {
            started = start(entry, share, entry.turn, run);
            share.settle(); // the slot may be one that was granted for those that wait
        } else {
            share.unpark(entry); // older than all that wait there
        }
        return started;
    }

    private boolean fetchListed(Run run) {
        Share share = unlistFirst();
        boolean started = share.fetchWaiting(run);
        listIfRunnable(share);
        return started;
    }

    private Share unlistFirst() {
        Share share = runnableHead;
        assert share != null;
        runnableHead = share.nextRunnable;
        share.nextRunnable = null;
        share.isListed = false;
        return share;
    }

    /** Owner. Starts the instance of an entry for which a slot has been taken. */
    final boolean start(Entry entry, Share share, int turn, Run run) {
        Work work = entry.work();
        if (work == null) {
            entry.unlink(); // it may be among the parked ones
        }
        return start(entry, work, share, turn, run);
    }

    private static boolean start(Entry entry, @Nullable Work work, Share share, int turn, Run run) {
        return work == null ? startCommand((Command) entry, share, turn, run)
                : startWork(entry, work, share, turn, run);
    }

    private static boolean startCommand(Command command, Share share, int turn, Run run) {
        if (command.isDead()) {
            share.returnSlot();
            share.drop(turn);
            return false;
        }
        run.command = command;
        if (run.share != share) {
            run.share = share;
        }
        run.turn = turn;
        if (run.generation != CommandWork.GENERATION) {
            run.generation = CommandWork.GENERATION;
        }
        return true;
    }

    private static boolean startWork(Entry entry, Work work, Share share, int turn, Run run) {
        if (entry != work && entry instanceof DirectEntry direct) {
            return startDirect(direct, share, turn, run);
        }
        int generation = entry.generation; // once it has started, the entry may be in use again
        return switch (work.start(entry)) {
            case STARTED -> {
                run.work = work;
                if (run.share != share) {
                    run.share = share;
                }
                run.turn = turn;
                run.generation = generation;
                yield true;
            }
            case BUSY -> {
                share.returnSlot();
                entry.turn = turn;
                share.handOffs++;
                work.await(new Waiter.Handoff(entry));
                yield false;
            }
            case DEAD -> {
                share.returnSlot();
                share.drop(turn);
                yield false;
            }
        };
    }

    private static boolean startDirect(DirectEntry entry, Share share, int turn, Run run) {
        if (entry.start(share)) {
            run.direct = entry;
        } else if (entry.item.startDirect(share)) {
            run.work = entry.item;
            run.generation = entry.noted();
        } else {
            share.returnSlot();
            share.drop(turn);
            return false;
        }
        if (run.share != share) {
            run.share = share;
        }
        run.turn = turn;
        return true;
    }

    // ---- rescue ----

    /**
     * Owner that cannot run anything itself: hands what may start and has a rescuer to that rescuer. All that is in the
     * queue goes to the lists of its shares, in order.
     */
    void rescue() {
        for (Entry entry = queue.take(); entry != null; entry = queue.take()) {
            Share share = entry.share();
            takeIn(entry, share);
            listIfRunnable(share);
        }
        EntryList kept = new EntryList();
        for (Entry entry = ready.pollFirst(); entry != null; entry = ready.pollFirst()) {
            Rescuer rescuer = entry.share().workqueue.rescuer();
            if (rescuer == null || !rescuer.wants()) {
                kept.addLast(entry);
                continue;
            }
            Rescuer.Rescue rescue = new Rescuer.Rescue(cpu());
            if (fetchReady(entry, rescue)) {
                hand(rescue, rescuer);
            }
        }
        for (Entry entry = kept.pollFirst(); entry != null; entry = kept.pollFirst()) {
            ready.addLast(entry);
        }
        Share last = runnableTail;
        for (Share share = runnableHead; share != null; share = share == last ? null : runnableHead) {
            unlistFirst();
            rescue(share);
            listIfRunnable(share);
        }
    }

    private void rescue(Share share) {
        Rescuer rescuer = share.workqueue.rescuer();
        if (rescuer == null) {
            return;
        }
        share.maydays.increment();
        Rescuer.Rescue rescue = new Rescuer.Rescue(cpu());
        while (rescuer.wants() && share.isRunnable()) {
            if (share.fetchWaiting(rescue)) {
                hand(rescue, rescuer);
                rescue = new Rescuer.Rescue(cpu());
            }
        }
    }

    private static void hand(Rescuer.Rescue rescue, Rescuer rescuer) {
        rescuer.take(rescue);
    }

    static Work work(Entry entry) {
        Work work = entry.work();
        assert work != null;
        return work;
    }

    /** Owner. An entry whose item has ended the run that was in its way. */
    void handOff(Entry entry) {
        ready.addLast(entry);
    }

    /** Owner, as the last thing it does with the share. */
    void listIfRunnable(Share share) {
        if (share.isListed) {
            return;
        }
        if (!share.isRunnable()) {
            share.rest();
            return;
        }
        share.isListed = true;
        Share last = runnableTail;
        if (runnableHead == null || last == null) {
            runnableHead = share;
        } else {
            last.nextRunnable = share;
        }
        runnableTail = share;
    }
}
