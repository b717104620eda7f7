// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The first screen of the README, and what the documentation of the classes says in words. */
@Timeout(60)
class ReadmeExamplesTest {
    private static final String THIS_FILE = "core/src/test/java/io/kworker/ReadmeExamplesTest.java";

    @TempDir Path directory;

    private FileChannel channel;
    private final long offset = 0;

    class Read extends Work {
        final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);

        @Override
        protected void run() throws IOException {
            channel.read(buffer, offset);
        }
    }

    @Test
    void a_request_that_is_its_own_item() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "what the kernel calls deferred work");
        channel = FileChannel.open(file);
        Workqueue reads = WorkRuntime.shared().workqueue("reads").maxActive(4).build();
        Read read = new Read();
        reads.queue(read);
        reads.queue(read);
        read.flush();
        assertTrue(read.buffer.position() > 0);
        assertEquals(0, read.buffer.position() % Files.size(file));
        reads.close();
        channel.close();
    }

    private final List<Path> logged = new ArrayList<>();

    /** An ordered workqueue runs one item at a time: the list needs no lock. */
    private Work entry(Path file) {
        return Work.of(work -> logged.add(file));
    }

    @Test
    void workqueues_with_flags() {
        List<Path> files = IntStream.range(0, 100).mapToObj(i -> Path.of("file" + i)).toList();
        Path lastFile = files.getLast();
        WorkRuntime runtime = WorkRuntime.shared();
        Workqueue log = runtime.workqueue("log").ordered().build();
        Workqueue scans = runtime.workqueue("scans").unbound().maxActive(16).build();
        Workqueue alarms = runtime.workqueue("alarms").highpri().build();
        for (Path file : files) {
            scans.queue(Work.of(scan -> log.queue(entry(file))));
        }
        alarms.queue(Work.of(alarm -> log.queue(entry(lastFile))));
        scans.flush();
        alarms.flush();
        log.drain();
        assertEquals(files.size() + 1, logged.size());
        assertEquals(Set.copyOf(files), Set.copyOf(logged));
        List.of(log, scans, alarms).forEach(Workqueue::close);
    }

    /** The handler gets its item, and may queue it again. */
    @Test
    void an_item_made_from_a_lambda() {
        try (WorkRuntime runtime = WorkRuntime.builder().name("example").build();
                Workqueue words = runtime.workqueue("words").maxActive(2).build()) {
            Map<String, Integer> counts = new ConcurrentHashMap<>();
            List<Work> items = new ArrayList<>();
            for (String word : "the next one starts when the one before has ended or blocks".split(" ")) {
                items.add(Work.of(work -> counts.merge(word, 1, Integer::sum)));
            }
            items.forEach(words::queue);
            items.forEach(Work::flush);
            assertEquals(2, counts.get("the"));
            assertEquals(2, counts.get("one"));
        }
    }

    /**
     * Examples that do not compile any more are worse than none: each line of the README's is one of this file's, in
     * order.
     */
    @Test
    void the_readmes_examples_are_the_ones_tested_here() throws IOException {
        List<String> here = code(Files.readString(Checkout.file(THIS_FILE)));
        String[] parts = Files.readString(Checkout.file("README.md")).split("```java");
        assertEquals(2, parts.length - 1);
        for (String part : List.of(parts).subList(1, parts.length)) {
            List<String> example = code(part.substring(0, part.indexOf("```")));
            assertTrue(example.size() >= 10, example::toString);
            int from = here.indexOf(example.getFirst());
            for (String line : example) {
                int found = from < 0 ? -1 : here.subList(from, here.size()).indexOf(line);
                assertTrue(found >= 0, () -> "the README says: " + line);
                from += found + 1;
            }
        }
    }

    /** The lines of code, without indentation and comments. */
    private static List<String> code(String text) {
        return text.lines().map(line -> line.replaceAll("//.*", "").trim()).filter(line -> !line.isEmpty()).toList();
    }
}
