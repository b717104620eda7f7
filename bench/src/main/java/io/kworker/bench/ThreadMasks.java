// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The CPUs that the kernel lets each thread of this process run on, and how often each has begun to. */
final class ThreadMasks {
    /** One thread: its number, the first 15 characters of its name, {@code Cpus_allowed_list}, context switches. */
    record Entry(int threadId, String name, String mask, long switches) {
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

    /** Context switches of all threads that are confined to one CPU, save the calling one: of kworker's carriers. */
    static long switchesOfConfined() {
        int self = Libc.threadId();
        return all().stream().filter(thread -> thread.mask().matches("\\d+") && thread.threadId() != self)
                .mapToLong(Entry::switches).sum();
    }

    private static Entry read(Path status, int threadId) throws IOException {
        String name = "";
        String mask = null;
        long switches = 0;
        for (String line : Files.readAllLines(status)) {
            String value = line.substring(line.indexOf(':') + 1).strip();
            if (line.startsWith("Name:")) {
                name = value;
            } else if (line.startsWith("Cpus_allowed_list:")) {
                mask = value;
            } else if (line.startsWith("voluntary_ctxt_switches:") || line.startsWith("nonvoluntary_ctxt_switches:")) {
                switches += Long.parseLong(value);
            }
        }
        if (mask == null) {
            throw new IOException("no Cpus_allowed_list in " + status);
        }
        return new Entry(threadId, name, mask, switches);
    }
}
