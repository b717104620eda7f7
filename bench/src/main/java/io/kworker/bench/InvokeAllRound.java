// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Batches of tasks whose end a thread waits for, measured in a forked JVM.
 *
 * <pre>
 *   producer CPU                             consumer CPU (or unpinned, or the producer's)
 *   +----------+   invokeAll(64 answers)     +-------------------------+
 *   | producer | -------------------------&gt;  | executor: answer.call() |
 *   |  blocks  | &lt;-------------------------  |                         |
 *   +----------+   when all have run         +-------------------------+
 * </pre>
 *
 * <p>The next batch follows at once. The check: each task has run once for each batch.
 */
final class InvokeAllRound {
    static final int BATCH = 64;

    private static final int FIRST_BATCHES = 4;

    private final Lane lane;
    private final Cpus cpus;
    private final List<Answer> answers = Stream.generate(Answer::new).limit(BATCH).toList();
    private long batches;

    InvokeAllRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long millis) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        double[] ops = new double[1];
        try (ViewPeer peer = ViewPeer.open(lane, cpus, threads)) {
            ExecutorService executor = peer.executor();
            for (int i = 0; i < FIRST_BATCHES; i++) {
                invokeAll(executor);
            }
            Producers.run(cpus.producers(1), index -> ops[0] = produce(executor, millis), threads::verify);
        }
        return Map.of("ops", ops[0]);
    }

    private double produce(ExecutorService executor, long millis) {
        long before = batches;
        long start = System.nanoTime();
        long deadline = start + TimeUnit.MILLISECONDS.toNanos(millis);
        long now;
        do {
            invokeAll(executor);
            now = System.nanoTime();
        } while (now - deadline < 0);
        return (batches - before) * BATCH * 1e9 / (now - start);
    }

    private void invokeAll(ExecutorService executor) {
        batches++;
        List<Future<Answer>> futures;
        try {
            futures = executor.invokeAll(answers);
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
        for (Future<Answer> future : futures) {
            future.resultNow().check(batches);
        }
    }
}
