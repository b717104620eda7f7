// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;

/** What both ways of reading a file do with 64 KiB of it. */
final class Chunks {
    static final int SIZE = 64 * 1024;

    private Chunks() {
    }

    static int count(long fileSize) {
        return (int) Math.max(1, (fileSize + SIZE - 1) / SIZE); // an empty file is opened too
    }

    static int length(long fileSize, int index) {
        return (int) Math.min(SIZE, fileSize - (long) index * SIZE);
    }

    /** Reads {@code length} bytes at {@code offset} through {@code buffer} and returns their checksum. */
    static long checksum(FileChannel channel, ByteBuffer buffer, long offset, int length, CRC32C crc)
            throws IOException {
        buffer.clear().limit(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, offset + buffer.position()) < 0) {
                throw new EOFException("shorter than when it was listed");
            }
        }
        crc.reset();
        crc.update(buffer.flip());
        return crc.getValue();
    }
}
