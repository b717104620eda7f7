// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server that somebody else wrote, on our executors: the JDK's, with clients that keep their connections. */
@Timeout(120)
class HttpServerTest {
    private static final int CLIENTS = 16;
    private static final int REQUESTS = 200;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    static {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // else an answer takes 40 ms, and the test a minute
    }

    @Test
    void it_answers_on_a_bound_workqueue() throws IOException {
        serve(runtime -> runtimes.queue(runtime, "http").asExecutorService());
    }

    @Test
    void it_answers_on_an_unbound_workqueue() throws IOException {
        serve(runtime -> runtimes.queue(runtime.workqueue("http").unbound()).asExecutorService());
    }

    /** Fewer places than clients: the others wait for theirs. */
    @Test
    void it_answers_on_a_workqueue_with_few_places() throws IOException {
        serve(runtime -> runtimes.queue(runtime.workqueue("http").unbound().maxActive(3)).asExecutorService());
    }

    @Test
    void it_answers_on_threads_of_the_factory() throws IOException {
        serve(runtime -> Executors.newThreadPerTaskExecutor(runtime.threadFactory()));
    }

    @Test
    void it_answers_on_threads_of_one_cpu() throws IOException {
        serve(runtime -> Executors.newThreadPerTaskExecutor(runtime.threadFactory(runtime.cpus()[0])));
    }

    private void serve(Function<WorkRuntime, ExecutorService> executors) throws IOException {
        runtimes.doNotCountRuns();
        AtomicInteger answered = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), CLIENTS);
        try (ExecutorService executor = executors.apply(runtimes.runtime())) {
            server.setExecutor(executor);
            server.createContext("/", exchange -> {
                answer(exchange);
                answered.incrementAndGet();
            });
            server.start();
            TestThreads.together(CLIENTS, number -> ask(server.getAddress(), number));
        } finally {
            server.stop(0);
        }
        assertEquals(CLIENTS * REQUESTS, answered.get());
    }

    /** Some sleep, as for somebody behind the server. */
    private static void answer(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        if (query.endsWith("0")) {
            try {
                Thread.sleep(2);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        byte[] body = checksum(query).getBytes();
        exchange.sendResponseHeaders(200, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static String checksum(String query) {
        CRC32 crc = new CRC32();
        crc.update(query.getBytes());
        return query + " has " + crc.getValue();
    }

    private static void ask(InetSocketAddress server, int client) throws IOException {
        try (Socket socket = new Socket(server.getAddress(), server.getPort())) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(20_000);
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            for (int i = 0; i < REQUESTS; i++) {
                String query = "c" + client + "r" + i;
                out.write(("GET /?" + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes());
                assertEquals("HTTP/1.1 200 OK", line(in));
                int length = -1;
                for (String header = line(in); !header.isEmpty(); header = line(in)) {
                    if (header.toLowerCase(Locale.ROOT).startsWith("content-length: ")) {
                        length = Integer.parseInt(header.substring(header.indexOf(' ') + 1));
                    }
                }
                assertTrue(length > 0);
                assertEquals(checksum(query), new String(in.readNBytes(length)));
            }
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new IOException("the server has gone, after " + line);
            }
            line.append((char) b);
        }
        return line.toString().stripTrailing();
    }
}
