// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.stress;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;

/**
 * One run of jcstress, in a process of its own, as it keeps its settings in static fields.
 *
 * @param name of its directory
 * @param tests to run
 * @param options of jcstress
 */
record Pass(String name, List<String> tests, Map<String, String> options) {
    /** For every JVM that jcstress starts: assertions, and no warning about native access. */
    private static final String JVM_ARGS = "-ea --enable-native-access=ALL-UNNAMED";

    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(20);

    static List<Pass> quick(List<String> tests) {
        return List.of(new Pass("quick", tests, Map.of("-m", "quick", "-jvmArgsPrepend", JVM_ARGS)));
    }

    /**
     * The tests of shipped classes; the models and their broken twins, for a shorter time; and once more the shipped
     * classes, with the compiler's freedom to reorder used to the full.
     */
    static List<Pass> shortOnes(List<String> tests) {
        List<String> actual = tests.stream().filter(test -> test.contains(".Actual")).toList();
        List<String> models = tests.stream().filter(test -> !actual.contains(test)).toList();
        return Stream.of(
                shortOne("short", actual, "5", ""),
                shortOne("models", models, "2", ""),
                shortOne("reordered", actual, "3", " -XX:-TieredCompilation -XX:+UnlockDiagnosticVMOptions"
                        + " -XX:+StressLCM -XX:+StressGCM"))
                .filter(pass -> !pass.tests().isEmpty())
                .toList();
    }

    private static Pass shortOne(String name, List<String> tests, String iterations, String jvmArgs) {
        return new Pass(name, tests, Map.of(
                "-f", "1", "-iters", iterations, "-time", "100", "-sc", "false", "-pth", "false", "-hs", "128",
                "-jvmArgs", JVM_ARGS + " -XX:+UseSerialGC" + jvmArgs));
    }

    /** Runs the tests, with further options that win over ours, and returns what they saw. */
    Collection<TestResult> run(Path parent, List<String> further) throws IOException, InterruptedException {
        Path directory = parent.resolve(name);
        delete(directory);
        Files.createDirectories(directory);
        Path log = directory.resolve("log.txt");
        System.out.println(name + ": " + tests.size() + " of the tests; log: "
                + Path.of("").toAbsolutePath().relativize(log));
        execute(command(further), directory, log);
        return results(directory, log);
    }

    private List<String> command(List<String> further) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp", Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(path -> Path.of(path).toAbsolutePath().toString())
                        .collect(Collectors.joining(File.pathSeparator)),
                "org.openjdk.jcstress.Main",
                "-t", tests.stream().map(Pattern::quote).collect(Collectors.joining("|", "^(", ")$")),
                "-r", "report"));
        options.forEach((option, value) -> {
            if (!further.contains(option)) { // jcstress takes each option once
                command.addAll(List.of(option, value));
            }
        });
        command.addAll(further);
        return command;
    }

    private static void execute(List<String> command, Path directory, Path log)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
        Thread killer = new Thread(() -> {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        });
        Runtime.getRuntime().addShutdownHook(killer);
        long start = System.nanoTime();
        long printed = start;
        try (BufferedReader output = process.inputReader(); BufferedWriter writer = Files.newBufferedWriter(log)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                writer.append(line).append('\n');
                long now = System.nanoTime();
                if (line.startsWith("(Results: ") && now - printed >= PROGRESS_NANOS) {
                    printed = now;
                    System.out.println("  after " + TimeUnit.NANOSECONDS.toSeconds(now - start) + " s: "
                            + line.substring("(Results: ".length(), line.length() - 1));
                }
            }
        }
        process.waitFor();
        Runtime.getRuntime().removeShutdownHook(killer);
    }

    private static Collection<TestResult> results(Path directory, Path log) throws IOException {
        InProcessCollector results = new InProcessCollector();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "jcstress-results-*.bin.gz")) {
            for (Path file : files) {
                DiskReadCollector reader = new DiskReadCollector(file.toString(), results);
                try {
                    reader.dump();
                } catch (ClassNotFoundException e) {
                    throw new IOException(e);
                } finally {
                    reader.close();
                }
            }
        }
        if (results.getTestResults().isEmpty()) {
            List<String> lines = Files.readAllLines(log);
            lines.subList(Math.max(0, lines.size() - 40), lines.size()).forEach(System.out::println);
        }
        return results.getTestResults();
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException e) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
