// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The parent's side of a server in a JVM of its own, which prints its port, and ends when its standard input does. */
final class ServerProcess implements AutoCloseable {
    private final Process process;
    private final int port;

    /**
     * @param main the class to start
     * @param kind its argument
     */
    ServerProcess(Class<?> main, Enum<?> kind, Context context, String... jvmFlags) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(LaneProcess.FLAGS);
        command.addAll(List.of("-Xms256m", "-Xmx256m"));
        command.addAll(List.of(jvmFlags));
        if (context.smoke()) {
            command.add("-XX:TieredStopAtLevel=1"); // starts sooner
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName(), kind.name()));
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
            String line = answers.readLine();
            if (line == null) {
                throw new BenchException("a server ended: " + main.getSimpleName() + " " + kind);
            }
            port = Integer.parseInt(line);
        } catch (IOException e) {
            throw new BenchException("cannot start " + command, e);
        }
    }

    /** The server's side: tells the port, and ends the process when the parent has closed the pipe or is gone. */
    static void serve(int port) throws IOException {
        System.out.println(port);
        System.out.flush();
        while (System.in.read() >= 0) {
            // nothing is said
        }
        Runtime.getRuntime().halt(0);
    }

    /** Where it listens, on the loopback address. */
    int port() {
        return port;
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (process.waitFor(2, TimeUnit.SECONDS)) {
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
