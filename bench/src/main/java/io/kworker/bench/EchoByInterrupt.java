// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.WorkRuntime;
import io.kworker.irq.IrqAction;
import io.kworker.irq.IrqChip;
import io.kworker.irq.IrqFlag;
import io.kworker.irq.IrqLine;
import io.kworker.irq.IrqReturn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/** A selector loop that raises the level line of each channel that is readable; see {@link IrqEcho}. */
final class EchoByInterrupt implements Runnable {
    static final int BUFFER = 16 * 1024;

    private static final long FULL_NANOS = 50_000;

    private final ServerSocketChannel server;
    private final WorkRuntime runtime;
    private final Selector selector;
    private volatile Thread loop = Thread.currentThread();

    EchoByInterrupt(ServerSocketChannel server, WorkRuntime.Mode mode) throws IOException {
        this.server = server;
        this.runtime = WorkRuntime.builder().name("echo").carrierScheduler(mode).build();
        this.selector = Selector.open();
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
    }

    @Override
    public void run() {
        loop = Thread.currentThread();
        try {
            while (true) {
                selector.select(this::react);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void react(SelectionKey key) {
        if (key.attachment() instanceof Connection connection) {
            connection.line.raise();
            return;
        }
        try {
            SocketChannel channel = server.accept();
            if (channel != null) {
                new Connection(channel);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One channel, which is both the device and its interrupt controller. */
    private final class Connection implements IrqChip {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final IrqLine line;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);

        /** The loop only. */
        Connection(SocketChannel channel) throws IOException {
            this.channel = channel;
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            key = channel.register(selector, 0, this);
            line = IrqLine.level(runtime, "channel", this)
                    .exceptionHandler((where, thrown) -> EchoServer.fail(thrown))
                    .build();
            line.request(action -> check(), this::echo, "echo", IrqFlag.ONESHOT);
        }

        @Override
        public void mask() {
            want(0);
        }

        @Override
        public void unmask() {
            want(SelectionKey.OP_READ);
            if (Thread.currentThread() != loop) {
                selector.wakeup();
            }
        }

        private void want(int operations) {
            try {
                key.interestOps(operations);
            } catch (CancelledKeyException e) {
                // the handler has closed the channel
            }
        }

        private IrqReturn check() {
            return key.isReadable() ? IrqReturn.WAKE_THREAD : IrqReturn.NONE;
        }

        /** Reads what is there; if more comes, the line is raised again. */
        private void echo(IrqAction action) throws IOException {
            int count = channel.read(buffer.clear());
            if (count < 0) {
                channel.close();
                return;
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                if (channel.write(buffer) == 0) {
                    LockSupport.parkNanos(FULL_NANOS); // a threaded handler may sleep
                }
            }
        }
    }
}
