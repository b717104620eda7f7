// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** A connection to a web server that is kept, one question at a time: as little HTTP as serves to measure that. */
final class HttpConnection implements AutoCloseable {
    private static final String OK = "http/1.1 200 ";
    private static final String LENGTH = "\r\ncontent-length: ";

    private final Socket socket = new Socket();
    private final OutputStream out;
    private final InputStream in;
    private final byte[] buffer = new byte[4096];

    HttpConnection(int port) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(IrqEcho.patienceMillis());
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        out = socket.getOutputStream();
        in = socket.getInputStream();
    }

    void send(byte[] request) throws IOException {
        out.write(request);
    }

    /** Reads an answer; whether it is a good one with that body. */
    boolean receives(byte[] body) throws IOException {
        int filled = 0;
        int bodyAt = 0;
        while (bodyAt == 0) {
            filled = readMore(filled);
            bodyAt = endOfHeaders(filled);
        }
        String headers = new String(buffer, 0, bodyAt, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
        int end = bodyAt + lengthOf(headers);
        while (filled < end) {
            filled = readMore(filled);
        }
        return headers.startsWith(OK) && filled == end && Arrays.equals(buffer, bodyAt, end, body, 0, body.length);
    }

    private int readMore(int filled) throws IOException {
        int read = in.read(buffer, filled, buffer.length - filled);
        if (read <= 0) {
            throw new EOFException("the server has closed the connection, or sends too much");
        }
        return filled + read;
    }

    /** Behind the empty line; 0 where that has not come yet. */
    private int endOfHeaders(int filled) {
        for (int i = 3; i < filled; i++) {
            if (buffer[i] == '\n' && buffer[i - 1] == '\r' && buffer[i - 2] == '\n') {
                return i + 1;
            }
        }
        return 0;
    }

    private static int lengthOf(String headers) throws IOException {
        int at = headers.indexOf(LENGTH);
        if (at < 0) {
            throw new IOException("an answer without a length: " + headers);
        }
        int from = at + LENGTH.length();
        return Integer.parseInt(headers, from, headers.indexOf('\r', from), 10);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
