// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.WorkRuntime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;

/** The JVM of an echo server. */
final class EchoServer {
    private EchoServer() {
    }

    /** How it echoes. */
    enum Kind {
        KWORKER("kworker"),
        FALLBACK("kworker-fallback"),
        VIRTUAL("virtual-threads");

        final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    public static void main(String[] args) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Runnable loop = switch (Kind.valueOf(args[0])) {
            case KWORKER -> new EchoByInterrupt(server, WorkRuntime.Mode.ON);
            case FALLBACK -> new EchoByInterrupt(server, WorkRuntime.Mode.OFF);
            case VIRTUAL -> new EchoByThread(server);
        };
        Thread.ofPlatform().daemon().name("echo").start(() -> {
            try {
                loop.run();
            } catch (Throwable t) {
                fail(t);
            }
        });
        ServerProcess.serve(server.socket().getLocalPort());
    }

    /** The client must not take a broken server for a slow one. */
    static void fail(Throwable thrown) {
        thrown.printStackTrace();
        Runtime.getRuntime().halt(1);
    }
}
