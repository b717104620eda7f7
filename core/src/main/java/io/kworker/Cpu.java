// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ForkJoinPool;
import org.jctools.queues.varhandle.MpscLinkedVarHandleQueue;
import org.jspecify.annotations.Nullable;

/**
 * One CPU: what others put into it (a queue of entries, an inbox of messages, a doorbell), and the books, which belong
 * to whoever owns the CPU at the moment: its carrier, or the worker mounted on that carrier.
 *
 * <p>Ownership is a role. It changes hands only by {@link Tenure} and orders all plain fields here and in the
 * {@link Share}s.
 */
final class Cpu {
    /** Entries that did not start, between two looks at the inbox. */
    private static final int TURNS_PER_LOOK = 64;

    // ---- for anyone ----

    /** I. */
    final WorkRuntime runtime;

    /** I: position in the runtime's array of CPUs. */
    final int index;

    /** I: the operating system's number of this CPU. */
    final int number;

    /** I: queued work. */
    final EntryQueue queue;

    /** I. */
    final Doorbell doorbell = new Doorbell();

    /**
     * I: continuations ready to run, and deliveries. It never refuses (a refused continuation is lost), and the
     * exchange by which it takes a message is the first half of the pair with the doorbell's word.
     */
    private final MpscLinkedVarHandleQueue<Runnable> inbox = new MpscLinkedVarHandleQueue<>();

    /** M: 0 while someone owns the CPU; 1 after its end; 2 while someone evacuates the inbox. */
    private volatile int isAbandoned;

    private static final VarHandle ABANDONED = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "isAbandoned", VarHandle.class, Cpu.class, int.class);

    // ---- C: the books ----

    /** C: entries to be started before all others: they waited for a run of their own item. */
    private final EntryList ready = new EntryList();

    /** C: shares that have both waiting entries and a free slot, in the order in which they got so. */
    private @Nullable Share runnableHead;

    /** C: meaningful only while runnableHead is not null. */
    private @Nullable Share runnableTail;

    /** C: whether the ring is next, while both it and the runnable shares have something. */
    private boolean ringsTurn;

    /** C: set once the runtime is drained and stops. */
    private boolean isStopping;

    Cpu(WorkRuntime runtime, int index, int number, int ringCapacity) {
        this.runtime = runtime;
        this.index = index;
        this.number = number;
        this.queue = new EntryQueue(ringCapacity);
    }

    // ---- any thread ----

    /** Puts an entry into the queue and sees to it that someone looks. */
    void submit(Entry entry) {
        queue.offer(entry);
        doorbell.ring();
    }

    /** Puts a message into the inbox and sees to it that someone looks. Never blocks, refuses or throws. */
    void post(Runnable message) {
        inbox.offer(message);
        doorbell.ring();
        if (isAbandoned != 0) {
            evacuate();
        }
    }

    /** Whether a message waits. */
    boolean hasMessages() {
        return !inbox.isEmpty();
    }

    /**
     * Whether anything waits for the owner. The monitor calls it too: while foreign code runs, the owner's fields stand
     * still, and reading that phase has made them visible.
     */
    boolean hasWaiting() {
        return hasMessages() || hasWork();
    }

    // ---- owner ----

    /** Owner. The next message, or null where there is none or a hole. */
    @Nullable
    Runnable nextMessage() {
        return inbox.relaxedPoll();
    }

    /** Owner. Whether {@link #fetch} could find something. */
    boolean hasWork() {
        return !queue.isEmpty() || runnableHead != null || !ready.isEmpty();
    }

    /** Owner. A cheap look for a spinning owner. */
    boolean stirs() {
        return queue.hasNext() || hasMessages();
    }

    /**
     * Owner. Takes the next item that may start, marks it running, and puts it and its share into {@code run}. The
     * caller has to run its handler, to {@link WorkState#finish} it and to report to {@link #finished}.
     */
    boolean fetch(Run run) {
        for (int turns = 1;; turns++) {
            if (turns % TURNS_PER_LOOK == 0 && hasMessages()) {
                return false; // nothing of all this may start, perhaps, until who was woken has returned its slot
            }
            Entry entry = ready.pollFirst();
            if (entry != null) {
                if (fetchReady(entry, run)) {
                    return true;
                }
                continue;
            }
            if (runnableHead != null) { // nothing is written on the usual way: producers read this object's fields
                ringsTurn = !ringsTurn;
                if (ringsTurn) {
                    if (fetchInactive(run)) {
                        return true;
                    }
                    continue;
                }
            }
            entry = queue.poll();
            if (entry != null) {
                if (admit(entry, run)) {
                    return true;
                }
            } else if (runnableHead == null) {
                return false;
            }
        }
    }

    /** An entry out of the ring. */
    private boolean admit(Entry entry, Run run) {
        Share share = entry.share();
        if (entry instanceof Marker marker) {
            share.arrive(marker);
            return false;
        }
        if (!share.mustWait()) {
            return start(entry, share, run);
        }
        Work work = work(entry);
        if (share.isClosed || WorkState.isDead(entry, work.state())) {
            work.unlink(entry); // where the share is closed, the queuer takes its instance back and throws
        } else {
            share.inactive.addLast(entry);
        }
        return false;
    }

    private boolean fetchReady(Entry entry, Run run) {
        Share share = entry.share();
        share.handOffs--;
        boolean started = false;
        if (share.active >= share.limit) {
            share.inactive.addFirst(entry); // older than all that wait there
        } else {
            started = start(entry, share, run);
        }
        share.passMarkersIfIdle();
        return started;
    }

    private boolean fetchInactive(Run run) {
        Share share = runnableHead;
        assert share != null;
        runnableHead = share.nextRunnable;
        share.nextRunnable = null;
        share.isListed = false;
        Entry entry = share.isRunnable() ? share.inactive.pollFirst() : null;
        boolean started = entry != null && start(entry, share, run);
        listIfRunnable(share);
        share.passMarkersIfIdle(); // the last that waited may have been cancelled
        return started;
    }

    private boolean start(Entry entry, Share share, Run run) {
        Work work = work(entry);
        return switch (work.start(entry)) {
            case STARTED -> {
                share.active++;
                share.started++;
                run.work = work;
                run.share = share;
                yield true;
            }
            case BUSY -> {
                Waiter handOff = new Waiter.Handoff(this, entry);
                share.handOffs++;
                work.await(handOff);
                yield false;
            }
            case DEAD -> false;
        };
    }

    private static Work work(Entry entry) {
        Work work = entry.work();
        assert work != null;
        return work;
    }

    /** Owner. An item of this share is over: its slot goes to the next that waits. */
    void finished(Share share) {
        share.active--;
        assert share.active >= 0;
        if (!share.inactive.isEmpty()) {
            listIfRunnable(share);
        } else {
            share.passMarkersIfIdle();
        }
    }

    /** Owner. An entry whose item has ended the run that was in its way. */
    void handOff(Entry entry) {
        ready.addLast(entry);
    }

    private void listIfRunnable(Share share) {
        if (share.isListed || !share.isRunnable()) {
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

    /** Owner. Nothing will be queued any more: the carrier ends once all workers have. */
    void stop() {
        isStopping = true;
    }

    boolean isStopping() {
        return isStopping;
    }

    /**
     * Last owner. Threads that handlers started may outlive the runtime: their continuations go to the common pool from
     * here on. Whoever posts after this sees it and evacuates; what was posted before is evacuated here.
     */
    void abandon() {
        isAbandoned = 1;
        evacuate();
    }

    boolean isAbandoned() {
        return isAbandoned != 0;
    }

    private void evacuate() {
        while (!inbox.isEmpty() && ABANDONED.compareAndSet(this, 1, 2)) {
            for (Runnable message = inbox.poll(); message != null; message = inbox.poll()) {
                ForkJoinPool.commonPool().execute(message);
            }
            isAbandoned = 1;
        }
    }
}
