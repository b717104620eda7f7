// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The parent's side of a {@link LaneMain}. */
final class LaneProcess implements AutoCloseable {
    private final Lane lane;
    private final Process process;
    private final Writer commands;
    private final BufferedReader answers;

    LaneProcess(Lane lane, Context context, String heap, String... more) {
        this.lane = lane;
        List<String> flags = new ArrayList<>(List.of("-Xms" + heap, "-Xmx" + heap));
        flags.addAll(lane.jvmFlags());
        flags.addAll(List.of(more));
        process = ChildJvm.start(context, flags, classPath(context), LaneMain.class,
                lane.contender().label(), lane.placement().name(), context.cpus().mask());
        commands = process.outputWriter(StandardCharsets.UTF_8);
        answers = process.inputReader(StandardCharsets.UTF_8);
    }

    /** The classes that are found first count. */
    private String classPath(Context context) {
        String usual = System.getProperty("java.class.path");
        return lane.contender() == Contender.KWORKER_BEFORE
                ? context.before() + File.pathSeparator + usual : usual;
    }

    Lane lane() {
        return lane;
    }

    /** Runs a round and returns its metrics. */
    Map<String, Double> round(String name, long amount) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        String where = name + ", " + lane + ": ";
        try {
            commands.write(name + " " + amount + "\n");
            commands.flush();
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                String[] words = line.split(" ", 3);
                switch (words[0]) {
                    case "metric" -> metrics.put(words[1], Double.valueOf(words[2]));
                    case "end" -> {
                        return metrics;
                    }
                    default -> throw new BenchException(where + line.substring(line.indexOf(' ') + 1));
                }
            }
        } catch (IOException e) {
            throw new BenchException(where + "its JVM is gone", e);
        }
        throw new BenchException(where + "its JVM ended");
    }

    @Override
    public void close() {
        ChildJvm.end(process);
    }
}
