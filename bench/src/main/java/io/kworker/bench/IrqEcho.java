// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Real interrupts: readable TCP channels raise an {@link io.kworker.irq.IrqLine} each, whose threaded handler echoes.
 * Against it, one virtual thread a connection with blocking calls.
 *
 * <pre>
 *   this JVM                    JVM of a server
 *   8 connections               selector loop             carriers of all CPUs
 *   +---------------+  loop-    +----------------------+  +--------------------------------------+
 *   | send window,  |  back     | readable: line.raise |  | threaded handler: read, write back   |
 *   | check each    | -------&gt;  |  mask: no interest   |--&gt;  when it is done, unmask: interest,  |
 *   | byte of the   | &lt;-------  |  primary: WAKE_THREAD|  |  wake the selector                   |
 *   | echo, send on |           +----------------------+  +--------------------------------------+
 *   +---------------+
 * </pre>
 *
 * <p>Measured: echoes a second over all connections, and the time from the sending of a message until its echo has been
 * read, with one and with more messages under way on each connection. Nothing is pinned by us, client and server share
 * the CPUs. Checked: each byte of each echo.
 */
final class IrqEcho implements Scenario {
    private static final String NAME = "irq";
    private static final String RESULT = "irq-echo";
    private static final int CONNECTIONS = 8;
    private static final int MESSAGES = 5_000;
    private static final int[] WINDOWS = {1, 16};
    private static final int WARM_UPS = 3;
    private static final int ROUNDS = 7;
    private static final double MICROSECOND = 1e3;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "echoes over TCP by threaded interrupts, and by a virtual thread a connection";
    }

    @Override
    public void run(Context context) {
        int rounds = context.amount(ROUNDS, 1);
        int messages = context.amount(MESSAGES, 100);
        Map<EchoServer.Kind, ServerProcess> servers = new LinkedHashMap<>();
        try {
            for (EchoServer.Kind kind : EchoServer.Kind.values()) {
                servers.put(kind, new ServerProcess(EchoServer.class, kind, context));
            }
            for (int i = context.amount(WARM_UPS, 0); i > 0; i--) {
                for (int window : WINDOWS) {
                    context.progress().step(RESULT + ", warm-up");
                    servers.values().forEach(server -> round(server, messages, window));
                }
            }
            Table table = new Table("%s: %d connections, %d messages of %d bytes on each; %s".formatted(RESULT,
                    CONNECTIONS, messages, EchoClient.LENGTH, Table.medians(rounds)),
                    "executor", "under way", "echoes/s", "p50 us", "p99 us", "wrong answers");
            for (int window : WINDOWS) {
                measure(context, servers, window, rounds, messages, table);
            }
            context.print(table);
        } finally {
            servers.values().forEach(ServerProcess::close);
        }
    }

    private static EchoClient.Round round(ServerProcess server, int messages, int window) {
        return EchoClient.run(server.port(), CONNECTIONS, messages, window);
    }

    private static void measure(Context context, Map<EchoServer.Kind, ServerProcess> servers, int window, int rounds,
            int messages, Table table) {
        Map<EchoServer.Kind, List<EchoClient.Round>> all = new LinkedHashMap<>();
        for (int i = 1; i <= rounds; i++) {
            context.progress().phase("%s, %d under way, round %d/%d".formatted(RESULT, window, i, rounds));
            servers.forEach((kind, server) -> all.computeIfAbsent(kind, key -> new ArrayList<>())
                    .add(round(server, messages, window)));
        }
        all.forEach((kind, list) -> report(context, kind, window, list, table));
    }

    private static void report(Context context, EchoServer.Kind kind, int window, List<EchoClient.Round> rounds,
            Table table) {
        double rate = Median.of(rounds.stream().map(round -> round.echoes() * 1e9 / round.nanos()).toList());
        double p50 = Median.of(rounds.stream().map(round -> round.samples().percentile(50)).toList());
        double p99 = Median.of(rounds.stream().map(round -> round.samples().percentile(99)).toList());
        long wrong = rounds.stream().mapToLong(EchoClient.Round::wrong).sum();
        String prefix = "w" + window + "-";
        context.results().add(RESULT, kind.label, prefix + "ops", "echoes/s", rate);
        context.results().add(RESULT, kind.label, prefix + "p50", "ns", p50);
        context.results().add(RESULT, kind.label, prefix + "p99", "ns", p99);
        context.results().add(RESULT, kind.label, prefix + "wrong", "echoes", wrong);
        table.line(kind.label, Table.whole(window), Table.whole(rate), Table.decimal(p50 / MICROSECOND),
                Table.decimal(p99 / MICROSECOND), Table.whole(wrong));
        if (wrong != 0) {
            throw new BenchException(RESULT + ", " + kind.label + ": " + wrong + " wrong answers");
        }
    }

    /** How long anybody waits for the other side. */
    static int patienceMillis() {
        return (int) TimeUnit.SECONDS.toMillis(20);
    }
}
