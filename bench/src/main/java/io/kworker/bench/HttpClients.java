// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Asks a web server over several connections, a thread each, and checks every answer. */
final class HttpClients {
    private HttpClients() {
    }

    /**
     * What came of it.
     *
     * @param nanos from the first question to the last answer of all connections
     * @param wrong answers that were not what they should be
     */
    record Round(long answers, long nanos, Samples samples, long wrong) {
    }

    private record Part(long start, long end, Samples samples, long wrong) {
    }

    static Round run(int port, HttpQuestions questions, int connections, int requests) {
        CyclicBarrier together = new CyclicBarrier(connections);
        List<FutureTask<Part>> tasks = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            int first = i * HttpQuestions.COUNT / connections;
            FutureTask<Part> task = new FutureTask<>(() -> ask(port, questions, first, requests, together));
            tasks.add(task);
            Thread.ofPlatform().daemon().name("client-" + i).start(task);
        }
        List<Part> parts = tasks.stream().map(HttpClients::result).toList();
        Samples samples = new Samples();
        parts.forEach(part -> samples.add(part.samples()));
        long start = parts.stream().mapToLong(Part::start).min().orElseThrow();
        long end = parts.stream().mapToLong(Part::end).max().orElseThrow();
        return new Round(samples.count(), end - start, samples, parts.stream().mapToLong(Part::wrong).sum());
    }

    private static Part result(FutureTask<Part> task) {
        try {
            return task.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new BenchException("a connection to the web server failed: " + e, e);
        }
    }

    private static Part ask(int port, HttpQuestions questions, int first, int requests, CyclicBarrier together)
            throws Exception {
        try (HttpConnection connection = new HttpConnection(port)) {
            Samples samples = new Samples();
            long wrong = 0;
            together.await();
            long start = System.nanoTime();
            long before = start;
            for (int i = 0; i < requests; i++) {
                int question = (first + i) % HttpQuestions.COUNT;
                connection.send(questions.request(question));
                wrong += connection.receives(questions.expected(question)) ? 0 : 1;
                long now = System.nanoTime();
                samples.add(now - before);
                before = now;
            }
            return new Part(start, before, samples, wrong);
        }
    }
}
