// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One file read once: the checksum of each chunk, or why it could not be read. Chunks may come in any order. */
final class FileRead {
    static final FileRead NONE = new FileRead(Path.of(""), 0);

    private final Path path;
    private final long size;
    private final long[] checksums;
    private final AtomicInteger remaining;
    private final AtomicReference<String> error = new AtomicReference<>();
    private @Nullable FileChannel channel;

    FileRead(Path path, long size) {
        this.path = path;
        this.size = size;
        checksums = new long[Chunks.count(size)];
        remaining = new AtomicInteger(checksums.length);
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    int chunks() {
        return checksums.length;
    }

    /** The open file; whoever needs it first opens it. */
    synchronized FileChannel channel() throws IOException {
        if (channel == null) {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        }
        return channel;
    }

    void done(int index, long checksum) {
        checksums[index] = checksum;
        oneLess();
    }

    void failed(IOException e) {
        error.compareAndSet(null, e.toString());
        oneLess();
    }

    private void oneLess() {
        if (remaining.decrementAndGet() == 0) {
            close();
        }
    }

    private synchronized void close() {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            error.compareAndSet(null, e.toString());
        }
    }

    Optional<String> error() {
        return Optional.ofNullable(error.get());
    }

    boolean sameAs(FileRead other) {
        return error().isPresent() == other.error().isPresent() && Arrays.equals(checksums, other.checksums);
    }
}
