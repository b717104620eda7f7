// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.varhandle.MpscLinkedVarHandleQueue;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that a {@code memReclaim} workqueue always has, made with it (G68, G71): it runs items of that
 * workqueue while a pool cannot, because no worker or carrier is to be had. Who owns the pool starts them and hands
 * them over, at most {@link #BATCH} at a time.
 */
final class Rescuer extends Thread {
    /** The kernel's number. */
    private static final int BATCH = 16;

    private final Doorbell doorbell = new Doorbell();
    private final MpscLinkedVarHandleQueue<Rescue> rescues = new MpscLinkedVarHandleQueue<>();

    /** M: those that it has not come to, by what they run, which counts as running all the same. */
    private final Map<Object, Rescue> waiting = new ConcurrentHashMap<>();

    /** M: rescues handed over and not ended. */
    private final AtomicInteger left = new AtomicInteger();

    /** S: by the rescuer: what it runs now. */
    private volatile @Nullable Rescue current;

    /** S: by whoever closes the workqueue. */
    private volatile boolean isClosing;

    Rescuer(String workqueue) {
        super(null, null, "kworker/R-" + workqueue, 0, false);
        setDaemon(true);
    }

    /** Owner of a pool. Whether it takes one more. */
    boolean wants() {
        return left.get() < BATCH;
    }

    /** Owner of a pool. Takes an item that has been started. */
    void take(Rescue rescue) {
        left.incrementAndGet();
        rescue.thread = this;
        waiting.put(rescue.what(), rescue);
        rescues.offer(rescue);
        doorbell.ring();
    }

    /** Any thread. What it runs now, or null. */
    @Nullable
    Rescue current() {
        return current;
    }

    /** Any thread. The context of an item that was handed over and has not begun; null where there is none. */
    @Nullable
    Run waiting(Work item) {
        return waiting.get(item);
    }

    /** After the workqueue was drained. What has been handed over is run first (R61). */
    void end() {
        isClosing = true;
        doorbell.ring();
        Threads.join(this);
    }

    @Override
    public void run() {
        for (;;) {
            boolean closing = isClosing;
            Rescue rescue = rescues.poll();
            if (rescue != null) {
                waiting.remove(rescue.what());
                current = rescue;
                rescue.run();
                current = null;
                left.decrementAndGet();
            } else if (closing) {
                return;
            } else {
                doorbell.announce();
                if (rescues.isEmpty() && !isClosing) {
                    doorbell.await();
                } else {
                    doorbell.withdraw();
                }
            }
        }
    }

    /** One run on a rescuer. */
    static final class Rescue extends Run implements Runnable {
        private @Nullable Rescuer thread;

        Rescue(Cpu cpu) {
            super(cpu);
        }

        /** An item that was started for another context, which could not run it. */
        static Rescue of(Run run) {
            Rescue rescue = new Rescue(run.cpu);
            run.handOver(rescue);
            return rescue;
        }

        @Override
        @Nullable
        Thread thread() {
            return thread;
        }

        private Object what() {
            Object what = subject();
            assert what != null;
            return what;
        }

        @Override
        boolean isRescuer() {
            return true;
        }

        @Override
        public void run() {
            Share of = share;
            assert of != null;
            becomeCurrent();
            startedAt = System.nanoTime();
            Command command = perform(of);
            if (isDescribed()) {
                forgetDescription();
            }
            finish(command, false);
            of.rescued.increment();
            if (of instanceof BoundShare bound) {
                bound.cpu.post(new Ended(bound, turn));
            } else {
                of.finished(turn);
            }
        }
    }

    /** An item of a bound share is over that did not run on its CPU. */
    record Ended(BoundShare share, int turn) implements Delivery {
        @Override
        public void deliver() {
            share.finished(turn);
        }
    }
}
