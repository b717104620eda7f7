// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The words of this project's own texts, counted in parallel, and compared with a count one after another. */
@Timeout(60)
class WordCountTest {
    /** Lines of a text that are counted in one go. */
    private static final int CHUNK = 64;

    private static List<String> lines;
    private static Map<String, Integer> expected;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    @BeforeAll
    static void read() throws IOException {
        List<Path> texts = new ArrayList<>(List.of(Checkout.file("LICENSE"), Checkout.file("README.md")));
        try (Stream<Path> documents = Files.list(Checkout.file("docs"))) {
            documents.filter(path -> path.toString().endsWith(".md")).sorted().forEach(texts::add);
        }
        try (Stream<Path> sources = Files.list(Checkout.file("core/src/main/java/io/kworker"))) {
            sources.filter(path -> path.toString().endsWith(".java")).sorted().forEach(texts::add);
        }
        lines = new ArrayList<>();
        for (Path text : texts) {
            lines.addAll(Files.readAllLines(text));
        }
        expected = count(lines);
        assertTrue(lines.size() > 10_000 && expected.get("the") > 1_000, lines.size() + " lines");
    }

    private static Map<String, Integer> count(List<String> some) {
        Map<String, Integer> counts = new HashMap<>();
        for (String line : some) {
            for (String word : line.toLowerCase(Locale.ROOT).split("[^a-z]+")) {
                if (!word.isEmpty()) {
                    counts.merge(word, 1, Integer::sum);
                }
            }
        }
        return counts;
    }

    private static Map<String, Integer> add(Map<String, Integer> to, Map<String, Integer> counts) {
        counts.forEach((word, count) -> to.merge(word, count, Integer::sum));
        return to;
    }

    @BeforeEach
    void itemsAreTheViews() {
        runtimes.doNotCountRuns();
    }

    @Test
    void by_items() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "chunks");
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        int[] cpus = runtime.cpus();
        for (int from = 0; from < lines.size(); from += CHUNK) {
            List<String> chunk = chunk(from);
            workqueue.queueOn(cpus[from / CHUNK % cpus.length],
                    runtimes.item(work -> count(chunk).forEach((word, n) -> counts.merge(word, n, Integer::sum))));
        }
        workqueue.flush();
        assertEquals(expected, counts);
    }

    private static List<String> chunk(int from) {
        return lines.subList(from, Math.min(from + CHUNK, lines.size()));
    }

    @Test
    void by_invoke_all() throws Exception {
        WorkRuntime runtime = runtimes.runtime();
        for (Workqueue.Builder builder : List.of(runtime.workqueue("bound").maxActive(2),
                runtime.workqueue("unbound").unbound().maxActive(2), runtime.workqueue("ordered").ordered())) {
            List<Callable<Map<String, Integer>>> tasks = new ArrayList<>();
            for (int from = 0; from < lines.size(); from += CHUNK) {
                List<String> chunk = chunk(from);
                tasks.add(() -> count(chunk));
            }
            try (ExecutorService executor = runtimes.queue(builder).asExecutorService()) {
                Map<String, Integer> counts = new HashMap<>();
                for (Future<Map<String, Integer>> future : executor.invokeAll(tasks)) {
                    add(counts, future.get());
                }
                assertEquals(expected, counts);
            }
        }
    }

    /** As a fork-join pool has it: who has split its part counts one half itself, and waits for the other one. */
    @Test
    void by_tasks_that_wait_for_their_parts() throws Exception {
        WorkRuntime runtime = runtimes.runtime();
        for (Workqueue.Builder builder : List.of(runtime.workqueue("bound"), runtime.workqueue("unbound").unbound())) {
            try (ExecutorService executor = runtimes.queue(builder).asExecutorService()) {
                assertEquals(expected, executor.submit(() -> countInParts(executor, lines)).get());
            }
        }
    }

    private static Map<String, Integer> countInParts(ExecutorService executor, List<String> part) throws Exception {
        if (part.size() <= CHUNK) {
            return count(part);
        }
        int middle = part.size() / 2;
        Future<Map<String, Integer>> rest =
                executor.submit(() -> countInParts(executor, part.subList(middle, part.size())));
        Map<String, Integer> counts = countInParts(executor, part.subList(0, middle));
        return add(counts, rest.get());
    }

    /**
     * Each level has a workqueue of its own, with one task at a time: whoever waits, waits for a level below, of which
     * the last one waits for nobody. So there is progress, however small the limits are.
     */
    @Test
    void by_levels_of_one_task_at_a_time() throws Exception {
        WorkRuntime runtime = runtimes.oneCpu();
        List<ExecutorService> levels = new ArrayList<>();
        for (int size = lines.size(); size > CHUNK; size = (size + 1) / 2) {
            levels.add(runtimes.queue(runtime, "level " + levels.size(), 1).asExecutorService());
        }
        levels.add(runtimes.queue(runtime, "leaves", 1).asExecutorService());
        assertEquals(expected, levels.getFirst().submit(() -> countByLevels(levels, 0, lines)).get());
        levels.forEach(ExecutorService::close);
    }

    private static Map<String, Integer> countByLevels(List<ExecutorService> levels, int level, List<String> part)
            throws Exception {
        if (part.size() <= CHUNK) {
            return count(part);
        }
        int middle = part.size() / 2;
        ExecutorService below = levels.get(level + 1);
        List<Callable<Map<String, Integer>>> halves =
                List.of(() -> countByLevels(levels, level + 1, part.subList(0, middle)),
                        () -> countByLevels(levels, level + 1, part.subList(middle, part.size())));
        Map<String, Integer> counts = new HashMap<>();
        for (Future<Map<String, Integer>> half : below.invokeAll(halves)) {
            add(counts, half.get());
        }
        return counts;
    }
}
