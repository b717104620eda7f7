// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Work;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * A request that is its own work item, as a Linux driver embeds its {@code work_struct}: buffer, offset, size, and
 * whom to call when it is done. Made once, used again and again.
 */
final class ReadRequest extends Work {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Chunks.SIZE);
    private final CRC32C crc = new CRC32C();
    private final int cpu;
    private final Consumer<ReadRequest> completed;
    private FileRead file = FileRead.NONE;
    private int chunk;
    private long offset;
    private int size;

    ReadRequest(int cpu, Consumer<ReadRequest> completed) {
        this.cpu = cpu;
        this.completed = completed;
    }

    /** The CPU it is queued on. */
    int cpu() {
        return cpu;
    }

    /** What to read. The queueing that follows publishes it. */
    void set(FileRead wanted, int index) {
        file = wanted;
        chunk = index;
        offset = (long) index * Chunks.SIZE;
        size = Chunks.length(wanted.size(), index);
    }

    @Override
    protected void run() {
        try {
            file.done(chunk, Chunks.checksum(file.channel(), buffer, offset, size, crc));
        } catch (IOException e) {
            file.failed(e);
        }
        completed.accept(this); // which may have queued it again: from here on it is not ours
    }
}
