// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** The chunks of many files, given out one by one to whoever asks, from any thread. */
final class ReadPlan {
    private final List<FileRead> reads = new ArrayList<>();
    private final long[] firstChunks;
    private final long chunks;
    private final AtomicLong next = new AtomicLong();

    ReadPlan(Map<Path, Long> files) {
        firstChunks = new long[files.size()];
        long count = 0;
        for (Map.Entry<Path, Long> file : files.entrySet()) {
            FileRead read = new FileRead(file.getKey(), file.getValue());
            firstChunks[reads.size()] = count;
            count += read.chunks();
            reads.add(read);
        }
        chunks = count;
    }

    List<FileRead> reads() {
        return reads;
    }

    /** How many chunks have been given out. */
    long progress() {
        return Math.min(next.get(), chunks);
    }

    /** Fills the next chunk into {@code request}; false where there is none left. */
    boolean assign(ReadRequest request) {
        long chunk = next.getAndIncrement();
        if (chunk >= chunks) {
            return false;
        }
        int place = Arrays.binarySearch(firstChunks, chunk);
        int file = place >= 0 ? place : -place - 2;
        request.set(reads.get(file), (int) (chunk - firstChunks[file]));
        return true;
    }
}
