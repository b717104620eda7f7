// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** Reads files one after another on the calling thread: same chunks, same checksums. */
final class SequentialReader {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Chunks.SIZE);
    private final CRC32C crc = new CRC32C();

    List<FileRead> read(Map<Path, Long> files) {
        List<FileRead> reads = new ArrayList<>(files.size());
        files.forEach((path, size) -> reads.add(read(path, size)));
        return reads;
    }

    private FileRead read(Path path, long size) {
        FileRead read = new FileRead(path, size);
        for (int chunk = 0; chunk < read.chunks(); chunk++) {
            try {
                read.done(chunk, Chunks.checksum(read.channel(), buffer, (long) chunk * Chunks.SIZE,
                        Chunks.length(size, chunk), crc));
            } catch (IOException e) {
                read.failed(e);
            }
        }
        return read;
    }
}
