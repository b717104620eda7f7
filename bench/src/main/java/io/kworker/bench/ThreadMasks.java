// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The CPUs that the kernel lets each thread of this process run on. */
final class ThreadMasks {
    /** One thread: its number, the first 15 characters of its name, and its {@code Cpus_allowed_list}. */
    record Entry(int threadId, String name, String mask) {
    }

    private ThreadMasks() {
    }

    static String current() {
        try {
            return read(Path.of("/proc/thread-self/status"), 0).mask();
        } catch (IOException e) {
            throw new BenchException("cannot read /proc/thread-self/status: the benchmarks need Linux", e);
        }
    }

    static List<Entry> all() {
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                try {
                    entries.add(read(task.resolve("status"), Integer.parseInt(task.getFileName().toString())));
                } catch (IOException e) {
                    continue; // the thread has ended
                }
            }
        } catch (IOException e) {
            throw new BenchException("cannot list /proc/self/task", e);
        }
        return entries;
    }

    private static Entry read(Path status, int threadId) throws IOException {
        String name = "";
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("Name:")) {
                name = line.substring(5).strip();
            } else if (line.startsWith("Cpus_allowed_list:")) {
                return new Entry(threadId, name, line.substring(18).strip());
            }
        }
        throw new IOException("no Cpus_allowed_list in " + status);
    }
}
