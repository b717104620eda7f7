// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Trees of tasks, each of which submits two and waits for them, measured in a forked JVM.
 *
 * <pre>
 *   producer ---- submit(root).get() ----&gt;  executor:   root: submit(left), submit(right), left.get() + right.get()
 *                                                       /  \
 *                                                     ...  ...   8 levels below: 511 tasks, 255 of them wait
 * </pre>
 *
 * <p>The next tree follows at once. The JDK's thread pool has a thread for each task that may wait, and one more. The
 * checks: the root counts all tasks, and each has run once.
 */
final class TreeRound {
    static final int TASKS = 511;

    private static final int DEPTH = 8;
    private static final int FIRST_TREES = 2;

    private final Lane lane;
    private final Cpus cpus;
    private long trees;
    private long nanos;

    TreeRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long millis) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        try (ViewPeer peer = ViewPeer.open(lane, cpus, threads, TASKS / 2 + 1)) {
            ExecutorService executor = peer.executor();
            for (int i = 0; i < FIRST_TREES; i++) {
                tree(executor);
            }
            trees = 0;
            nanos = 0;
            Producers.run(cpus.producers(1), index -> produce(executor, millis), threads::verify);
        }
        return Map.of("ops", trees * TASKS * 1e9 / nanos);
    }

    private void produce(ExecutorService executor, long millis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        do {
            tree(executor);
        } while (System.nanoTime() - deadline < 0);
    }

    private void tree(ExecutorService executor) {
        Node root = new Node(executor, DEPTH);
        long start = System.nanoTime();
        int tasks;
        try {
            tasks = executor.submit(root).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new BenchException("a tree failed: " + e, e);
        }
        nanos += System.nanoTime() - start;
        trees++;
        if (tasks != TASKS || root.ranOnce() != TASKS) {
            throw new BenchException("of " + TASKS + " tasks " + tasks + " were counted, " + root.ranOnce()
                    + " ran once");
        }
    }

    /** One task. */
    private static final class Node implements Callable<Integer> {
        private final ExecutorService executor;
        private final int depth;
        private int runs;
        private @Nullable Node left;
        private @Nullable Node right;

        Node(ExecutorService executor, int depth) {
            this.executor = executor;
            this.depth = depth;
        }

        @Override
        public Integer call() throws InterruptedException, ExecutionException {
            runs++;
            if (depth == 0) {
                return 1;
            }
            left = new Node(executor, depth - 1);
            right = new Node(executor, depth - 1);
            Future<Integer> ofLeft = executor.submit(left);
            Future<Integer> ofRight = executor.submit(right);
            return 1 + ofLeft.get() + ofRight.get();
        }

        /** Tasks of this tree that have run once. */
        int ranOnce() {
            return (runs == 1 ? 1 : 0) + (left == null ? 0 : left.ranOnce()) + (right == null ? 0 : right.ranOnce());
        }
    }
}
