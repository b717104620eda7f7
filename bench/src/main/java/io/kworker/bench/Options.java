// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param scenarios what to run
 * @param all whether that is everything
 * @param json where to write the results, if anywhere
 */
record Options(List<Scenario> scenarios, boolean all, boolean smoke, boolean help, Path directory,
        @Nullable Path json) {
    static final List<Scenario> SCENARIOS =
            List.of(new Handoff(), new Throughput(), new Isolation(), new DeferredIo(), new Alloc());

    static Options parse(String[] args, Path checkout, Path results) {
        List<Scenario> scenarios = List.of();
        boolean smoke = false;
        boolean help = false;
        Path directory = null;
        Path json = null;
        Deque<String> words = new ArrayDeque<>(List.of(args));
        while (!words.isEmpty()) {
            String word = words.pop();
            switch (word) {
                case "--smoke" -> smoke = true;
                case "--help", "-h" -> help = true;
                case "--json" -> json = Path.of(valueOf(word, words));
                default -> {
                    if (word.startsWith("-")) {
                        throw new UsageException("no option " + word);
                    } else if (scenarios.isEmpty()) {
                        scenarios = List.of(scenario(word));
                    } else if (scenarios.getFirst() instanceof DeferredIo && directory == null) {
                        directory = directory(word);
                    } else {
                        throw new UsageException("what is " + word + " for?");
                    }
                }
            }
        }
        boolean all = scenarios.isEmpty();
        return new Options(all ? SCENARIOS : scenarios, all, smoke, help, directory == null ? checkout : directory,
                json == null && all && !smoke ? results : json);
    }

    private static Scenario scenario(String name) {
        return SCENARIOS.stream().filter(scenario -> scenario.name().equals(name)).findFirst()
                .orElseThrow(() -> new UsageException("no scenario " + name));
    }

    private static Path directory(String name) {
        Path directory = Path.of(name);
        if (!Files.isDirectory(directory)) {
            throw new UsageException("no directory " + name);
        }
        return directory;
    }

    private static String valueOf(String option, Deque<String> words) {
        if (words.isEmpty()) {
            throw new UsageException(option + " needs a file");
        }
        return words.pop();
    }

    static String usage() {
        StringBuilder text = new StringBuilder("""
                usage: ./bench/run [NAME [DIR]] [--json FILE] [--smoke]
                       ./bench/run jmh [JMH OPTIONS]

                Without a name all scenarios run (90 s), and bench/target/results.json is written.

                names:
                """);
        for (Scenario scenario : SCENARIOS) {
            text.append("  %-12s %s%n".formatted(scenario.name(), scenario.summary()));
        }
        return text.append("""
                  jmh          hands the rest of the line to JMH

                options:
                  --json FILE  writes the results to FILE
                  --smoke      tiny rounds: does everything work? (the figures mean nothing)
                  --help       this text
                """).toString();
    }
}
