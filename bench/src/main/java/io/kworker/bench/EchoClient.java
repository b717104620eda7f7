// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Sends numbered messages over several connections, a thread each, and checks what comes back. */
final class EchoClient {
    /** Bytes of a message: number of the connection, number of the message, and bytes made from both. */
    static final int LENGTH = 64;

    private EchoClient() {
    }

    /**
     * What came of it.
     *
     * @param nanos from the first message to the last echo of all connections
     * @param wrong echoes that were not what was sent
     */
    record Round(long echoes, long nanos, Samples samples, long wrong) {
    }

    private record Part(long start, long end, Samples samples, long wrong) {
    }

    static Round run(int port, int connections, int messages, int window) {
        CyclicBarrier together = new CyclicBarrier(connections);
        List<FutureTask<Part>> tasks = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            int number = i;
            FutureTask<Part> task = new FutureTask<>(() -> talk(port, number, messages, window, together));
            tasks.add(task);
            Thread.ofPlatform().daemon().name("client-" + i).start(task);
        }
        List<Part> parts = tasks.stream().map(EchoClient::result).toList();
        Samples samples = new Samples();
        parts.forEach(part -> samples.add(part.samples()));
        long start = parts.stream().mapToLong(Part::start).min().orElseThrow();
        long end = parts.stream().mapToLong(Part::end).max().orElseThrow();
        return new Round((long) connections * messages, end - start, samples,
                parts.stream().mapToLong(Part::wrong).sum());
    }

    private static Part result(FutureTask<Part> task) {
        try {
            return task.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new BenchException("a connection to the echo server failed: " + e, e);
        }
    }

    private static Part talk(int port, int number, int messages, int window, CyclicBarrier together)
            throws Exception {
        try (Socket socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(IrqEcho.patienceMillis());
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            together.await();
            return talk(socket, number, messages, window);
        }
    }

    private static Part talk(Socket socket, int number, int messages, int window) throws IOException {
        OutputStream out = socket.getOutputStream();
        DataInputStream in = new DataInputStream(socket.getInputStream());
        Samples samples = new Samples();
        long[] sent = new long[window];
        byte[] message = new byte[LENGTH];
        byte[] echo = new byte[LENGTH];
        long wrong = 0;
        long start = System.nanoTime();
        for (int i = 0; i < messages + window; i++) {
            if (i >= window) {
                in.readFully(echo);
                samples.add(System.nanoTime() - sent[i % window]);
                fill(message, number, i - window);
                wrong += Arrays.equals(message, echo) ? 0 : 1;
            }
            if (i < messages) {
                fill(message, number, i);
                sent[i % window] = System.nanoTime();
                out.write(message);
            }
        }
        return new Part(start, System.nanoTime(), samples, wrong);
    }

    private static void fill(byte[] message, int connection, int number) {
        long bits = ((long) connection << Integer.SIZE) + number;
        ByteBuffer buffer = ByteBuffer.wrap(message).putInt(connection).putInt(number);
        while (buffer.hasRemaining()) {
            bits = bits * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L; // any sequence would do
            buffer.putLong(bits);
        }
    }
}
