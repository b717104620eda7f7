// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;

/** What the clients ask, and the answers: for a number, the checksum of a block of data made from it. */
final class HttpQuestions {
    /** Answers at once. */
    static final String WORK = "/work";

    /** Sleeps first, for as long as somebody behind the server would take. */
    static final String SLEEP = "/sleep";

    static final long SLEEP_MILLIS = 5;

    /** Different questions; the clients know the answers beforehand. */
    static final int COUNT = 1024;

    private static final int BLOCK = 2048;

    private final byte[][] requests = new byte[COUNT][];
    private final byte[][] answers = new byte[COUNT][];

    HttpQuestions(String path) {
        for (int i = 0; i < COUNT; i++) {
            String request = "GET " + path + "?n=" + i + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
            requests[i] = request.getBytes(StandardCharsets.US_ASCII);
            answers[i] = answer("n=" + i);
        }
    }

    byte[] request(int question) {
        return requests[question];
    }

    byte[] expected(int question) {
        return answers[question];
    }

    /** The work of a request: some microseconds. */
    static byte[] answer(String query) {
        SplittableRandom random =
                new SplittableRandom(Long.parseLong(query, query.indexOf('=') + 1, query.length(), 10));
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        while (block.hasRemaining()) {
            block.putLong(random.nextLong());
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(block.array());
            return (query + " " + HexFormat.of().formatHex(digest)).getBytes(StandardCharsets.US_ASCII);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e); // every JDK has it
        }
    }
}
