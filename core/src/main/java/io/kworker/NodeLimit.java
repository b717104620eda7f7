// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntSupplier;
import org.jctools.queues.varhandle.MpmcVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * How many items of one unbound workqueue may be active on one node, over all its pods there (the kernel's
 * {@code wq_node_nr_active}; G33).
 *
 * <p>Guarantees: never more than the limit are active, save for those that were before it was lowered; a slot that
 * falls free while shares wait goes to the one that has waited for longest (G35), and no newcomer jumps the line (R47);
 * no slot stays free while a share waits (R44).
 *
 * <p>Progress: lock-free.
 */
final class NodeLimit implements Limiter {
    /*
     * word    63        32 31         0
     *         +-----------+-----------+
     *         |   limit   |   active  |
     *         +-----------+-----------+
     *
     *   active < limit, nobody waits  --tryTake (holder of a pod, CAS)-->  active + 1
     *   active < limit, somebody waits --grant  (anyone, CAS)-->           active + 1, the slot handed to the first
     *   active                        --release (anyone, add)-->           active - 1
     *   limit                         --setLimit (L, CAS)-->               another limit; then grant
     *
     * Not stranded:   share      into the line ; read the word  (await)
     *                 releaser   change the word ; read the line
     *
     * Both are store-load pairs in the total order of volatile operations: the share sees the free slot, or the
     * releaser sees the share. Whoever sees both grants.
     */
    private static final long ACTIVE_MASK = 0xFFFF_FFFFL;

    private static final VarHandle WORD = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "word", VarHandle.class, NodeLimit.class, long.class);
    private static final VarHandle QUIET = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "quiet", VarHandle.class, NodeLimit.class, CountDownLatch.class);

    /** M: see above. */
    private volatile long word;

    /** M: told once nothing is active and nothing may start. */
    private volatile @Nullable CountDownLatch quiet;

    /** I: shares with entries that wait for a slot, each at most once. */
    private final MpmcVarHandleArrayQueue<PodShare> line;

    /** I: what the limit is to be now. */
    private final IntSupplier wanted;

    /** @param shares the most shares that may ever use it */
    NodeLimit(IntSupplier wanted, int shares) {
        this.wanted = wanted;
        word = word(wanted.getAsInt(), 0);
        line = new MpmcVarHandleArrayQueue<>(Math.max(2, shares));
    }

    private static long word(int limit, int active) {
        return (long) limit << 32 | active;
    }

    private static int limit(long word) {
        return (int) (word >>> 32);
    }

    private static int active(long word) {
        return (int) (word & ACTIVE_MASK);
    }

    int limit() {
        return limit(word);
    }

    int active() {
        return active(word);
    }

    /** For a newcomer: takes a slot if one is free and nobody waits. */
    boolean tryTake() {
        return line.isEmpty() && tryTakeAny();
    }

    private boolean tryTakeAny() {
        for (;;) {
            long w = word;
            if (active(w) >= limit(w)) {
                return false;
            }
            if (WORD.compareAndSet(this, w, w + 1)) {
                return true;
            }
        }
    }

    /** Returns a slot. */
    void release() {
        long w = (long) WORD.getAndAdd(this, -1L) - 1;
        assert active(w) >= 0;
        if (!line.isEmpty()) {
            grant();
        }
        if (active(w) == 0 && quiet != null) {
            tellIfQuiet();
        }
    }

    /** Holder of the share's pod. The share has entries that wait; it is not in the line yet. */
    void await(PodShare share) {
        boolean taken = line.offer(share);
        assert taken : "more shares than were announced";
        grant();
    }

    /** Hands free slots to those that wait. */
    private void grant() {
        while (!line.isEmpty() && tryTakeAny()) {
            PodShare first = line.poll();
            if (first != null) {
                first.grant();
            } else {
                WORD.getAndAdd(this, -1L); // another one was faster; the line is looked at again
                tellIfQuiet();
            }
        }
    }

    /** Raising it starts what waits (G36); lowering it touches nothing that is active. */
    @Override
    public synchronized void limitChanged() { // of two at once the later one asks what is wanted after the earlier one
        setLimit(wanted.getAsInt());
    }

    private void setLimit(int limit) {
        for (;;) {
            long w = word;
            if (WORD.compareAndSet(this, w, word(limit, active(w)))) {
                break;
            }
        }
        grant();
    }

    @Override
    public synchronized void hold(CountDownLatch latch) {
        setLimit(0);
        quiet = latch;
        tellIfQuiet();
    }

    private void tellIfQuiet() {
        CountDownLatch latch = quiet;
        if (latch != null && word == 0 && QUIET.compareAndSet(this, latch, null)) { // not that of a later freeze
            latch.countDown();
        }
    }
}
