// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** The peer: a virtual thread a connection, which blocks in reads and writes. */
final class EchoByThread implements Runnable {
    private final ServerSocketChannel server;

    EchoByThread(ServerSocketChannel server) {
        this.server = server;
    }

    @Override
    public void run() {
        try {
            while (true) {
                SocketChannel channel = server.accept();
                Thread.startVirtualThread(() -> echo(channel));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void echo(SocketChannel channel) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(EchoByInterrupt.BUFFER);
        try (channel) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            while (channel.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }
        } catch (IOException e) {
            EchoServer.fail(e);
        }
    }
}
