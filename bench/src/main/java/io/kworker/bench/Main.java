// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;

/** {@code ./bench/run}. Exit status 0; 1 when a check failed; 2 for a wrong command line. */
public final class Main {
    private Main() {
    }

    /** Runs the scenarios that are asked for, or all. */
    public static void main(String[] args) throws IOException {
        if (args.length > 0 && args[0].equals("jmh")) {
            org.openjdk.jmh.Main.main(Arrays.copyOfRange(args, 1, args.length));
            return;
        }
        System.exit(run(args));
    }

    private static int run(String[] args) {
        try {
            Path target = target();
            Path checkout = target.endsWith("bench/target") ? target.getParent().getParent() : Path.of("");
            Options options = Options.parse(args, checkout, target.resolve("results.json"));
            if (options.help()) {
                System.out.print(Options.usage());
            } else {
                measure(options);
            }
            return 0;
        } catch (UsageException e) {
            System.err.println("bench: " + e.getMessage());
            System.err.print(Options.usage());
            return 2;
        } catch (BenchException e) {
            System.err.println();
            System.err.println("bench: FAILED: " + e.getMessage());
            return 1;
        }
    }

    private static void measure(Options options) {
        Cpus cpus = Cpus.ofProcess();
        Progress progress = new Progress();
        Results results = new Results();
        Context context = new Context(cpus, options.smoke(), options.directory().toAbsolutePath().normalize(),
                options.before(), progress, results);
        System.out.printf("kworker bench, Java %s, CPUs %s: producer on %d, consumer on %d%s%n", Runtime.version(),
                cpus.mask(), cpus.producer(), cpus.consumer(), options.smoke() ? " (smoke: figures mean nothing)" : "");
        for (Scenario scenario : options.scenarios()) {
            scenario.run(context);
        }
        if (options.all() && !options.smoke()) {
            context.print(new Targets(results).table());
        }
        Path json = options.json();
        if (json != null) {
            results.write(json);
        }
        System.out.printf("%n%s%.0f s%n", json == null ? "" : json + " written, ", progress.seconds());
    }

    /** The folder that the jar, or the classes, are in. */
    private static Path target() {
        try {
            return Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
