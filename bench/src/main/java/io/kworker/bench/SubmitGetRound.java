// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The round trip of one task whose result a thread waits for, measured in a forked JVM.
 *
 * <pre>
 *   producer CPU                                 consumer CPU (or unpinned, or the producer's)
 *   +----------+   future = submit(answer)       +-------------------------+
 *   | producer | -----------------------------&gt;  | executor: answer.call() |
 *   |  blocks  | &lt;-----------------------------  |                         |
 *   +----------+   future.get()                  +-------------------------+
 *        |__ one sample: from before submit to the result __|
 * </pre>
 *
 * <p>The next task is submitted at once. The check: each get has the task's result, and it has run that often.
 */
final class SubmitGetRound {
    private static final int CHUNK = 16;
    private static final int FIRST_TASKS = 64;

    private final Lane lane;
    private final Cpus cpus;
    private final Answer answer = new Answer();
    private final Samples samples = new Samples();
    private long sent;

    SubmitGetRound(Lane lane, Cpus cpus) {
        this.lane = lane;
        this.cpus = cpus;
    }

    Map<String, Double> run(long millis) {
        PeerThreads threads = new PeerThreads(lane, cpus);
        double[] ops = new double[1];
        try (ViewPeer peer = ViewPeer.open(lane, cpus, threads)) {
            ExecutorService executor = peer.executor();
            for (int i = 0; i < FIRST_TASKS; i++) {
                roundTrip(executor);
            }
            Producers.run(cpus.producers(1), index -> ops[0] = produce(executor, millis), threads::verify);
        }
        answer.check(sent);
        return Map.of("ops", ops[0], "p50", samples.percentile(50), "p99", samples.percentile(99));
    }

    private double produce(ExecutorService executor, long millis) {
        long start = System.nanoTime();
        long deadline = start + TimeUnit.MILLISECONDS.toNanos(millis);
        long now;
        do {
            for (int i = 0; i < CHUNK; i++) {
                samples.add(roundTrip(executor));
            }
            now = System.nanoTime();
        } while (now - deadline < 0);
        return samples.count() * 1e9 / (now - start);
    }

    private long roundTrip(ExecutorService executor) {
        sent++;
        long start = System.nanoTime();
        Answer result;
        try {
            result = executor.submit(answer).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new BenchException("a task failed: " + e, e);
        }
        long nanos = System.nanoTime() - start;
        result.check(sent);
        return nanos;
    }
}
