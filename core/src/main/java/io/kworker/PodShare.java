// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * The share of an unbound workqueue in one pod. Its slots are those of the node ({@link NodeLimit}); its books belong
 * to the holder of the pod, while its items are ended by anyone.
 */
final class PodShare extends UnboundShare {
    /** I. */
    private final Pod pod;

    /** I. */
    final NodeLimit node;

    /** C: it is in the node's line, or has been granted a slot since. */
    private boolean isInLine;

    /** M: a slot of the node has been taken for it. Set by the granter, once for each time in the line. */
    private volatile boolean isGranted;

    /** S: by the owner: whether whoever ends an item has to have it looked at. */
    private volatile boolean isWatched;

    PodShare(Workqueue workqueue, Pod pod, NodeLimit node) {
        super(workqueue);
        this.pod = pod;
        this.node = node;
    }

    @Override
    void submit(Entry entry) {
        pod.submit(entry);
    }

    @Override
    Pod poolNow() {
        return pod;
    }

    @Override
    boolean isQueueEmpty() {
        return pod.queue.isEmpty();
    }

    @Override
    void handBack(Waiter.Handoff handOff) {
        pod.handBack(handOff.entry());
    }

    @Override
    void call(Waiter.Lookout lookout) {
        pod.stir(this);
    }

    @Override
    boolean isStuck() {
        return !isGranted && !hasActive();
    }

    /** Anyone, who has taken a slot of the node for this share. */
    void grant() {
        isGranted = true;
        pod.stir(this);
    }

    @Override
    boolean takeSlot() {
        return !isClosed && (useGrant() || node.tryTake());
    }

    private boolean useGrant() {
        if (!isGranted) {
            return false;
        }
        isGranted = false;
        isInLine = false;
        return true;
    }

    @Override
    void returnSlot() {
        node.release();
    }

    @Override
    boolean isRunnable() {
        return isGranted && !inactive.isEmpty();
    }

    @Override
    void finished(int turn) {
        leave(turn);
        node.release();
        if (isWatched) { // written before the owner looks at what has been counted out
            pod.stir(this);
        }
    }

    @Override
    void drop(int turn) {
        super.drop(turn);
        if (isWatched) {
            settle();
        }
    }

    @Override
    void settle() {
        if (hasMarkers() && !isWatched) {
            isWatched = true;
        }
        super.settle();
        if (isWatched && !hasMarkers()) {
            isWatched = false;
        }
        if (inactive.isEmpty()) {
            if (useGrant()) {
                node.release(); // what it was for has been cancelled: the next in the line (R45)
            }
        } else if (!isInLine) {
            isInLine = true;
            node.await(this);
        }
    }

    @Override
    int slots() {
        return node.limit();
    }

    @Override
    boolean sharesSlots(Share other) {
        return other instanceof PodShare share && share.node == node;
    }
}
