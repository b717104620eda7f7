// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A real server on our executors: the JDK's {@link com.sun.net.httpserver.HttpServer}, which gives each exchange to the
 * executor that it was told to use. Nothing else differs.
 *
 * <pre>
 *   this JVM                       JVM of a server
 *   48 connections, kept           dispatcher                executor
 *   +---------------------+  loop- +---------------------+   +-----------------------------------------+
 *   | thread: ask, read   |  back  | selector: readable, |   | read the request, (sleep 5 ms), make    |
 *   | the answer, compare |  ----&gt; | execute(exchange)   |--&gt;| and checksum 2 KiB, write the answer    |
 *   | it, ask the next    |  &lt;---- | wait for the next   |&lt;--| hand the connection back                |
 *   +---------------------+        +---------------------+   +-----------------------------------------+
 * </pre>
 *
 * <p>Measured: answers a second over all connections, and the time from a question until its answer has been read: with
 * few connections, with many, and with many of which each request waits for somebody else. A connection has one
 * question under way, so with many the latency is the time in the queue. Nothing is pinned by us, clients and server
 * share the CPUs. Checked: status, length and each byte of each answer.
 */
final class Http implements Scenario {
    /** The pool has as many threads. */
    static final int CONNECTIONS = 48;

    private static final String NAME = "http";
    private static final int FEW = 4;
    private static final int REQUESTS = 16_000;
    private static final int SLEEPING_REQUESTS = 4_800;
    private static final int WARM_UPS = 3;
    private static final int ROUNDS = 7;
    private static final double MICROSECOND = 1e3;

    /** What is asked. */
    private enum Load {
        FEW_WORKING("c4", "work", HttpQuestions.WORK, FEW, REQUESTS),
        WORKING("c48", "work", HttpQuestions.WORK, CONNECTIONS, REQUESTS),
        SLEEPING("sleep-c48", "sleep 5 ms, work", HttpQuestions.SLEEP, CONNECTIONS, SLEEPING_REQUESTS);

        private final String prefix;
        private final String handler;
        private final HttpQuestions questions;
        private final int connections;
        private final int requests;

        Load(String prefix, String handler, String path, int connections, int requests) {
            this.prefix = prefix;
            this.handler = handler;
            this.questions = new HttpQuestions(path);
            this.connections = connections;
            this.requests = requests;
        }

        private HttpClients.Round round(Context context, ServerProcess server) {
            return HttpClients.run(server.port(), questions, connections,
                    context.amount(requests / connections, 50));
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "the JDK's web server on a workqueue, on threads on our carriers, on virtual threads, on a pool";
    }

    @Override
    public void run(Context context) {
        int rounds = context.amount(ROUNDS, 1);
        Map<HttpBackend.Kind, ServerProcess> servers = new LinkedHashMap<>();
        try {
            for (HttpBackend.Kind kind : HttpBackend.Kind.values()) {
                servers.put(kind, new ServerProcess(HttpBackend.class, kind, context, HttpBackend.FLAG));
            }
            for (int i = context.amount(WARM_UPS, 0); i > 0; i--) {
                for (Load load : Load.values()) {
                    context.progress().step(NAME + ", warm-up");
                    servers.values().forEach(server -> load.round(context, server));
                }
            }
            Table table = new Table("%s: the JDK's HttpServer by executor; %s".formatted(NAME, Table.medians(rounds)),
                    "executor", "connections", "handler", "requests/s", "p50 us", "p99 us", "p99.9 us",
                    "wrong answers");
            for (Load load : Load.values()) {
                measure(context, servers, load, rounds, table);
            }
            context.print(table);
        } finally {
            servers.values().forEach(ServerProcess::close);
        }
    }

    private static void measure(Context context, Map<HttpBackend.Kind, ServerProcess> servers, Load load, int rounds,
            Table table) {
        Map<HttpBackend.Kind, List<HttpClients.Round>> all = new LinkedHashMap<>();
        for (int i = 1; i <= rounds; i++) {
            context.progress().phase("%s, %s, round %d/%d".formatted(NAME, load.prefix, i, rounds));
            servers.forEach((kind, server) -> all.computeIfAbsent(kind, key -> new ArrayList<>())
                    .add(load.round(context, server)));
        }
        all.forEach((kind, list) -> report(context, kind, load, list, table));
    }

    private static void report(Context context, HttpBackend.Kind kind, Load load, List<HttpClients.Round> rounds,
            Table table) {
        double rate = Median.of(rounds.stream().map(round -> round.answers() * 1e9 / round.nanos()).toList());
        double p50 = percentile(rounds, 50);
        double p99 = percentile(rounds, 99);
        double p999 = percentile(rounds, 99.9);
        long wrong = rounds.stream().mapToLong(HttpClients.Round::wrong).sum();
        String prefix = load.prefix + "-";
        context.results().add(NAME, kind.label, prefix + "ops", "requests/s", rate);
        context.results().add(NAME, kind.label, prefix + "p50", "ns", p50);
        context.results().add(NAME, kind.label, prefix + "p99", "ns", p99);
        context.results().add(NAME, kind.label, prefix + "p99.9", "ns", p999);
        context.results().add(NAME, kind.label, prefix + "wrong", "answers", wrong);
        table.line(kind.label, Table.whole(load.connections), load.handler, Table.whole(rate),
                Table.whole(p50 / MICROSECOND), Table.whole(p99 / MICROSECOND), Table.whole(p999 / MICROSECOND),
                Table.whole(wrong));
        if (wrong != 0) {
            throw new BenchException(NAME + ", " + kind.label + ": " + wrong + " wrong answers");
        }
    }

    private static double percentile(List<HttpClients.Round> rounds, double percentile) {
        return Median.of(rounds.stream().map(round -> round.samples().percentile(percentile)).toList());
    }
}
