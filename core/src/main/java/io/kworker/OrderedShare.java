// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * The one share of an ordered workqueue (G39): a queue of its own, from which one item after another is started, in
 * whatever pod the workqueue's attributes name at the time. It is in a pod only while it has something to do, so that a
 * thousand ordered workqueues cost nothing while they are idle, and that the pod can change without anything being
 * overtaken.
 */
final class OrderedShare extends UnboundShare implements Limiter {
    /*
     * pod:  null  --wake (whoever has something for it, CAS)--> a pod of the workqueue, and stirs
     *       pod   --rest (holder of that pod, store)--> null, and looks at the queue again
     *
     * Not lost:  queuer  queue.offer ; pod == null? wake        holder  pod = null ; queue empty? else wake
     */
    private static final int RING = 256;

    private static final VarHandle POD = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "pod", VarHandle.class, OrderedShare.class, Pod.class);
    private static final VarHandle QUIET = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "quiet", VarHandle.class, OrderedShare.class, CountDownLatch.class);
    private static final VarHandle MARKERS_SENT = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "markersSent", VarHandle.class, OrderedShare.class, int.class);

    /** I: they belong to the workqueue, which has none yet while this is made. */
    private final Shares shares;

    /** I. */
    final EntryQueue queue;

    /** M: whose holder owns this share; null while there is nothing to do. */
    private volatile @Nullable Pod pod;

    /** C: an item has started and was not seen to be over. */
    private boolean isActive;

    /** M: markers put into the queue. */
    private volatile int markersSent;

    /** C: markers taken out of it. */
    private int markersTaken;

    /** M: the item that was active is over; written by whoever ended it. */
    private volatile boolean isOver;

    /** M: the entry whose item ran elsewhere, when that run is over. */
    private volatile @Nullable Entry returned;

    /** L: nothing may start. */
    private volatile boolean isHeld;

    /** M: told once nothing is active, while held. */
    private volatile @Nullable CountDownLatch quiet;

    OrderedShare(Workqueue workqueue, Shares shares, int ringCapacity) {
        super(workqueue);
        this.shares = shares;
        queue = new EntryQueue(Math.min(RING, ringCapacity));
        isHeld = workqueue.limitNow() == 0;
    }

    // ---- any thread ----

    @Override
    void submit(Entry entry) {
        if (entry instanceof Marker) {
            MARKERS_SENT.getAndAdd(this, 1);
            queue.offer(entry);
            stir(); // the head of the queue may be dead: nobody has looked while it did not matter
            return;
        }
        queue.offer(entry);
        if (pod == null) {
            wake();
        }
    }

    private void wake() {
        Pod chosen = shares.podNow();
        if (POD.compareAndSet(this, null, chosen)) {
            chosen.stir(this);
        }
    }

    /** Has it looked at, whether or not there is something to do. */
    private void stir() {
        Pod now = pod;
        if (now == null) {
            wake();
        } else {
            now.stir(this); // where it leaves that pod, the holder sends the signal after it
        }
    }

    @Override
    @Nullable
    Pod poolNow() {
        return pod;
    }

    @Override
    boolean isQueueEmpty() {
        return queue.isEmpty();
    }

    @Override
    void handBack(Waiter.Handoff handOff) {
        returned = handOff.entry();
        stir();
    }

    @Override
    void finished(int turn) {
        leave(turn);
        isOver = true;
        stir();
    }

    @Override
    void call(Waiter.Lookout lookout) {
        stir();
    }

    @Override
    public synchronized void hold(CountDownLatch latch) {
        isHeld = true;
        quiet = latch;
        stir();
    }

    @Override
    public synchronized void limitChanged() { // of two at once the later one asks after the earlier one has answered
        isHeld = workqueue.limitNow() == 0;
        stir();
    }

    // ---- holder of the pod ----

    @Override
    void settle() {
        if (isOver) {
            isOver = false;
            isActive = false;
        }
        takeMarkers();
        super.settle();
        CountDownLatch latch = quiet;
        if (latch != null && isHeld && !isActive && QUIET.compareAndSet(this, latch, null)) {
            latch.countDown();
        }
    }

    /** Markers, and what was cancelled before one, need not wait until the next item can start. */
    private void takeMarkers() {
        for (Entry head = queue.peek(); head != null; head = queue.peek()) {
            if (head instanceof Marker marker) {
                queue.remove(marker);
                markersTaken++;
                arrive(marker);
            } else if (markersSent == markersTaken) {
                return;
            } else if (head.isDead()) {
                takeDead(head);
            } else {
                if (isStuck()) {
                    lookOutFor(head);
                }
                return;
            }
        }
    }

    private void takeDead(Entry head) {
        if (isClosed) {
            queue.remove(head);
            head.unlink();
            return;
        }
        int turn = enter();
        queue.remove(head);
        head.unlink();
        drop(turn);
    }

    @Override
    boolean isStuck() {
        return isHeld && !isActive && handOffs == 0;
    }

    /** An item that waits for a run elsewhere holds up those behind it. */
    @Override
    boolean isRunnable() {
        return !isActive && !isHeld && isAtHome() && (handOffs == 0 ? queue.peek() != null : returned != null);
    }

    private boolean isAtHome() {
        return handOffs > 0 || shares.isPodNow(pod);
    }

    @Override
    boolean fetchWaiting(Run run) {
        settle();
        if (!isRunnable()) {
            return false;
        }
        Entry entry = returned;
        int turn;
        if (entry != null) {
            returned = null;
            handOffs--;
            turn = entry.turn;
        } else {
            entry = queue.peek();
            assert entry != null;
            if (entry instanceof Marker) {
                return false; // it has come since the look above: the next turn takes it
            }
            if (isClosed) {
                takeDead(entry);
                return false;
            }
            turn = enter();
            queue.remove(entry);
        }
        isActive = true;
        boolean started = pool().start(entry, this, turn, run);
        if (!started) {
            settle();
        }
        return started;
    }

    @Override
    boolean takeSlot() {
        throw new IllegalStateException("entries of an ordered workqueue are not in the queue of a pod");
    }

    @Override
    void returnSlot() {
        isActive = false;
    }

    @Override
    void rest() {
        if (isActive || handOffs > 0 || hasMarkers()) {
            return; // the end of that stirs it
        }
        Pod now = pod;
        if (!queue.isEmpty() && isAtHome()) {
            if (now != null && (!isHeld || queue.peek() == null)) {
                now.stir(this); // the head of the queue is a hole
            }
            return;
        }
        pod = null;
        if (!queue.isEmpty() || isOver || quiet != null && isHeld) {
            wake();
        }
    }

    @Override
    int slots() {
        return isHeld ? 0 : 1;
    }

    @Override
    boolean isCongested() {
        return activeNow() > 0 && !queue.isEmpty();
    }
}
