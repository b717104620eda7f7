// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param scenarios what to run
 * @param all whether that is everything
 * @param before the classes of the kworker to measure beside this one, if any
 * @param json where to write the results, if anywhere
 */
record Options(List<Scenario> scenarios, boolean all, boolean smoke, boolean help, Path directory,
        @Nullable Path before, @Nullable Path json) {
    private static final List<Scenario> USUAL =
            List.of(new Handoff(), new Throughput(), new Isolation(), new DeferredIo(), new Alloc());

    /** Those too that run when they are named, or in smoke. */
    private static final List<Scenario> SCENARIOS =
            Stream.concat(USUAL.stream(),
                    Stream.of(new Features(), new Before(), new Tasklets(), new Timers(), new Idle(),
                            new Blocking(), new Views(), new IrqEcho(), new Http()))
                    .toList();

    static Options parse(String[] args, Path checkout, Path results) {
        List<Scenario> scenarios = List.of();
        boolean smoke = false;
        boolean help = false;
        Path directory = null;
        Path before = null;
        Path json = null;
        Deque<String> words = new ArrayDeque<>(List.of(args));
        while (!words.isEmpty()) {
            String word = words.pop();
            switch (word) {
                case "--smoke" -> smoke = true;
                case "--help", "-h" -> help = true;
                case "--json" -> json = Path.of(valueOf(word, words));
                case "--before" -> before = classes(valueOf(word, words));
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
        return new Options(all ? smoke ? SCENARIOS : USUAL : scenarios, all, smoke, help,
                directory == null ? checkout : directory, before,
                json == null && all && !smoke ? results : json);
    }

    private static Path classes(String name) {
        Path path = Path.of(name).toAbsolutePath();
        if (!Files.isRegularFile(path) && !Files.exists(path.resolve("io/kworker/WorkRuntime.class"))) {
            throw new UsageException(name + " is neither a jar nor a folder with the classes of kworker");
        }
        return path;
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
            throw new UsageException(option + " needs a path");
        }
        return words.pop();
    }

    static String usage() {
        StringBuilder text = new StringBuilder("""
                usage: ./bench/run [NAME [DIR]] [--json FILE] [--before CP] [--smoke]
                       ./bench/run jmh [JMH OPTIONS]

                Without a name all but those marked * run (90 s), and bench/target/results.json is written.

                names:
                """);
        for (Scenario scenario : SCENARIOS) {
            String mark = USUAL.contains(scenario) ? " " : "*";
            text.append("%s %-12s %s%n".formatted(mark, scenario.name(), scenario.summary()));
        }
        return text.append("""
                  jmh          hands the rest of the line to JMH

                options:
                  --json FILE  writes the results to FILE
                  --before CP  before, handoff, throughput, features, timers, views: that kworker (jar, folder) too
                  --smoke      tiny rounds: does everything work? (the figures mean nothing)
                  --help       this text
                """).toString();
    }
}
