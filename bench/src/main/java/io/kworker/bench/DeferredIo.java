// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Real files read through a workqueue, the "complete example" of a Linux driver, against a plain loop.
 *
 * <pre>
 *   main thread            carriers of CPUs 0, 1, ...: a queue with maxActive(4)
 *   +---------+  queueOn   +--------------------------------------------------------+
 *   |  start  | ---------&gt; | request.run(): read up to 64 KiB at its offset, CRC32C |
 *   |         |            |   completed.accept(request): fill in the next chunk,   |
 *   |  wait   | &lt;--------- |   queue the request again; none left: one fewer        |
 *   +---------+            +--------------------------------------------------------+
 *          8 requests a CPU, each a work item with its own buffer
 * </pre>
 *
 * <p>Measured: bytes a second of a whole pass (open, read, checksum, close; the files are in the page cache after the
 * first pass), the two ways taking turns. Checked on every pass: both ways got the same checksums. A file that differs
 * is read once more both ways, since somebody may have written to it; where the two agree then, or somebody is still
 * writing, it counts as changed.
 */
final class DeferredIo implements Scenario {
    private static final String NAME = "deferred-io";
    private static final int ROUNDS = 15;
    private static final int FEWEST = 3;
    private static final long WARM_UP = TimeUnit.SECONDS.toNanos(1);
    private static final long BUDGET = TimeUnit.SECONDS.toNanos(5);
    private static final int NAMED_AT_MOST = 100;

    private final SequentialReader sequential = new SequentialReader();
    private final Set<Path> mismatches = new LinkedHashSet<>();
    private final Set<Path> changed = new LinkedHashSet<>();
    private final Map<Path, String> unreadable = new LinkedHashMap<>();

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "reads and checksums every file under a directory by work items (takes a directory)";
    }

    @Override
    public void run(Context context) {
        context.progress().phase(NAME + ", listing " + context.directory());
        FileTree tree = new FileTree(context.directory());
        unreadable.putAll(tree.unreadable());
        List<Double> ofSequential = new ArrayList<>();
        List<Double> ofKworker = new ArrayList<>();
        List<FileRead> last;
        try (DeferredReader kworker = new DeferredReader()) {
            context.progress().phase(NAME + ", warm-up");
            long deadline = System.nanoTime() + WARM_UP;
            do {
                last = bothWays(tree, kworker, new ArrayList<>(), new ArrayList<>());
            } while (!context.smoke() && System.nanoTime() - deadline < 0);
            context.progress().phase(NAME + ", rounds");
            deadline = System.nanoTime() + BUDGET;
            int rounds = context.amount(ROUNDS, 1);
            for (int i = 1; i <= rounds && (i <= FEWEST || System.nanoTime() - deadline < 0); i++) {
                context.progress().step(NAME + ", round " + i + "/" + rounds);
                last = bothWays(tree, kworker, ofSequential, ofKworker);
            }
        }
        report(context, last, Median.of(ofKworker), Median.of(ofSequential), ofKworker.size());
        if (!mismatches.isEmpty()) {
            throw new BenchException(NAME + ": " + mismatches.size() + " files read differently: " + mismatches);
        }
    }

    private List<FileRead> bothWays(FileTree tree, DeferredReader kworker, List<Double> ofSequential,
            List<Double> ofKworker) {
        List<FileRead> expected = pass(tree, sequential::read, ofSequential);
        List<FileRead> actual = pass(tree, kworker::read, ofKworker);
        compare(kworker, expected, actual);
        return actual;
    }

    private static List<FileRead> pass(FileTree tree, Function<Map<Path, Long>, List<FileRead>> reader,
            List<Double> rates) {
        long start = System.nanoTime();
        List<FileRead> reads = reader.apply(tree.sizes());
        double seconds = (System.nanoTime() - start) / 1e9;
        rates.add(bytes(reads) / 1e6 / seconds);
        return reads;
    }

    private static long bytes(List<FileRead> reads) {
        return reads.stream().filter(read -> read.error().isEmpty()).mapToLong(FileRead::size).sum();
    }

    private void compare(DeferredReader kworker, List<FileRead> expected, List<FileRead> actual) {
        for (int i = 0; i < expected.size(); i++) {
            FileRead one = expected.get(i);
            FileRead other = actual.get(i);
            if (!one.sameAs(other)) {
                compareAgain(kworker, one.path());
            } else {
                one.error().ifPresent(why -> unreadable.put(one.path(), why));
            }
        }
    }

    private void compareAgain(DeferredReader kworker, Path path) {
        try {
            BasicFileAttributes before = Files.readAttributes(path, BasicFileAttributes.class);
            Map<Path, Long> file = Map.of(path, before.size());
            boolean same = sequential.read(file).getFirst().sameAs(kworker.read(file).getFirst());
            BasicFileAttributes after = Files.readAttributes(path, BasicFileAttributes.class);
            boolean touched = !before.lastModifiedTime().equals(after.lastModifiedTime());
            (same || touched ? changed : mismatches).add(path);
        } catch (IOException e) {
            unreadable.put(path, e.toString());
        }
    }

    private void report(Context context, List<FileRead> reads, double kworker, double plain, int rounds) {
        long files = reads.stream().filter(read -> read.error().isEmpty()).count();
        Results results = context.results();
        results.add(NAME, "kworker", "mb-per-s", "MB/s", kworker);
        results.add(NAME, "sequential", "mb-per-s", "MB/s", plain);
        results.add(NAME, "kworker", "mismatches", "files", mismatches.size());
        results.add(NAME, "kworker", "files", "files", files);
        results.add(NAME, "kworker", "bytes", "bytes", bytes(reads));
        results.add(NAME, "kworker", "unreadable", "files", unreadable.size());
        results.add(NAME, "kworker", "changed", "files", changed.size());
        Table table = new Table("%s: %s; %s".formatted(NAME, context.directory(), Table.medians(rounds)),
                "executor", "MB/s", "files", "bytes", "mismatches", "unreadable", "changed");
        for (String executor : List.of("kworker", "sequential")) {
            table.line(executor, Table.whole(executor.equals("kworker") ? kworker : plain), Table.whole(files),
                    Table.whole(bytes(reads)), Table.whole(mismatches.size()), Table.whole(unreadable.size()),
                    Table.whole(changed.size()));
        }
        unreadable.entrySet().stream().limit(NAMED_AT_MOST)
                .forEach(entry -> table.note("unreadable: " + entry.getKey() + " (" + entry.getValue() + ")"));
        changed.stream().limit(NAMED_AT_MOST).forEach(path -> table.note("changed meanwhile: " + path));
        context.print(table);
    }
}
