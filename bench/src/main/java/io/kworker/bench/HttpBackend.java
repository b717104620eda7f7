// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kworker.WorkRuntime;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** The JVM of a web server: the JDK's, on one executor or another. */
final class HttpBackend {
    /** Without it an answer waits for the acknowledgement of its headers, up to 40 ms. */
    static final String FLAG = "-Dsun.net.httpserver.nodelay=true";

    private static final int OK = 200;

    private HttpBackend() {
    }

    /** What runs its exchanges. */
    enum Kind {
        /** A task of an unbound workqueue for each. */
        KWORKER("kworker"),
        /** A virtual thread on a carrier of ours for each. */
        THREADS("kworker-threads"),
        /** A virtual thread of the JDK's scheduler for each. */
        VIRTUAL("vt"),
        /** A pool with a thread for each connection, so that none has to wait for one. */
        POOL("pool");

        final String label;

        Kind(String label) {
            this.label = label;
        }

        private Executor executor() {
            return switch (this) {
                case KWORKER -> runtime().workqueue("http").unbound().build().asExecutorService();
                case THREADS -> Executors.newThreadPerTaskExecutor(runtime().threadFactory());
                case VIRTUAL -> Executors.newVirtualThreadPerTaskExecutor();
                case POOL -> Executors.newFixedThreadPool(Http.CONNECTIONS);
            };
        }

        private static WorkRuntime runtime() {
            return WorkRuntime.builder().carrierScheduler(WorkRuntime.Mode.ON).build();
        }
    }

    public static void main(String[] args) throws IOException {
        HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Http.CONNECTIONS);
        server.setExecutor(Kind.valueOf(args[0]).executor());
        server.createContext(HttpQuestions.WORK, HttpBackend::answer);
        server.createContext(HttpQuestions.SLEEP, HttpBackend::sleepAndAnswer);
        server.start();
        ServerProcess.serve(server.getAddress().getPort());
    }

    private static void answer(HttpExchange exchange) throws IOException {
        byte[] body = HttpQuestions.answer(exchange.getRequestURI().getQuery());
        exchange.sendResponseHeaders(OK, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static void sleepAndAnswer(HttpExchange exchange) throws IOException {
        try {
            Thread.sleep(HttpQuestions.SLEEP_MILLIS);
        } catch (InterruptedException e) {
            throw new IOException(e); // nobody does that; the client will miss the answer
        }
        answer(exchange);
    }
}
