// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How a JVM of its own is started for a part of a benchmark, and ended. */
final class ChildJvm {
    /** The two that the jar's manifest gives to {@code java -jar} only, and quiet for JMH. */
    static final List<String> FLAGS = List.of("--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED", "-XX:-UsePerfData",
            "--sun-misc-unsafe-memory-access=allow");

    private static final int PATIENCE_SECONDS = 2;

    private ChildJvm() {
    }

    /** Starts a main class; its errors go to ours. */
    static Process start(Context context, List<String> flags, String classPath, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(FLAGS);
        command.addAll(flags);
        if (context.smoke()) {
            command.add("-XX:TieredStopAtLevel=1"); // starts sooner
        }
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException e) {
            throw new BenchException("cannot start " + command, e);
        }
    }

    /** Closes its standard input, at which it is to end; soon it is made to. */
    static void end(Process process) {
        try {
            process.getOutputStream().close();
            if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (IOException e) {
            // gone already
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
