// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The parent's side of a server in a JVM of its own, which prints its port, and ends when its standard input does. */
final class ServerProcess implements AutoCloseable {
    private final Process process;
    private final int port;

    /**
     * @param main the class to start
     * @param kind its argument
     */
    ServerProcess(Class<?> main, Enum<?> kind, Context context, String... jvmFlags) {
        List<String> flags = new ArrayList<>(List.of("-Xms256m", "-Xmx256m"));
        flags.addAll(List.of(jvmFlags));
        process = ChildJvm.start(context, flags, System.getProperty("java.class.path"), main, kind.name());
        try {
            BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
            String line = answers.readLine();
            if (line == null) {
                throw new BenchException("a server ended: " + main.getSimpleName() + " " + kind);
            }
            port = Integer.parseInt(line);
        } catch (IOException e) {
            throw new BenchException("cannot hear from a server: " + main.getSimpleName() + " " + kind, e);
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
        ChildJvm.end(process);
    }
}
