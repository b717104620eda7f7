// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.stress;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.openjdk.jcstress.infra.runners.TestList;

/** Runs the stress tests by jcstress, prints what they saw, and tells by its exit status whether all is well. */
public final class Main {
    /** The tests there are, at the least: a list that came out empty or short must not pass for a good run. */
    private static final int MIN_TESTS = 330;

    private static final String USAGE = """
            usage: ./stress/run [--ci] [--tests REGEX] [-- JCSTRESS-OPTION...]

              (none)         all tests in jcstress's quick mode, the better part of an hour
              --ci           all tests for a short time, a few minutes
              --tests REGEX  only the tests in whose names it is found, such as WakeByRing or 'TakeOver.*Actual'
              -- ...         options for jcstress, which win over ours: -v, -m default, -time 1000, ...
              --help         this text

            Exit status: 0 all is well, 1 a test failed or did not run, 2 wrong usage.
            """;

    private Main() {}

    /**
     * Runs the tests.
     *
     * @param args see the usage text
     * @throws Exception if jcstress cannot be started, or its results cannot be read
     */
    public static void main(String[] args) throws Exception {
        boolean isShort = false;
        String regex = "";
        List<String> options = List.of();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--help" -> {
                    System.out.print(USAGE);
                    return;
                }
                case "--ci" -> isShort = true;
                case "--tests" -> {
                    i++;
                    regex = i < args.length ? args[i] : refuse("--tests needs a regular expression");
                }
                case "--" -> {
                    options = List.of(args).subList(i + 1, args.length);
                    i = args.length;
                }
                default -> refuse("no such option: " + args[i]);
            }
        }
        System.exit(run(isShort, regex, options) ? 0 : 1);
    }

    private static boolean run(boolean isShort, String regex, List<String> options) throws Exception {
        List<String> tests = tests(regex);
        Report report = new Report(tests, regex.isEmpty() ? MIN_TESTS : 1);
        for (Pass pass : isShort ? Pass.shortOnes(tests) : Pass.quick(tests)) {
            report.add(pass, pass.run(directory(), options));
        }
        return report.print(System.out);
    }

    private static List<String> tests(String regex) {
        try {
            Pattern pattern = Pattern.compile(regex);
            List<String> tests = TestList.tests().stream().filter(pattern.asPredicate()).sorted().toList();
            return tests.isEmpty() && !regex.isEmpty() ? List.of(refuse("no test has a match of " + regex)) : tests;
        } catch (PatternSyntaxException e) {
            return List.of(refuse("--tests: " + e.getMessage()));
        }
    }

    /** Where jcstress may write: beside the jar, or the classes, that we were started from. */
    private static Path directory() throws URISyntaxException {
        Path code = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        return code.resolveSibling("jcstress");
    }

    private static String refuse(String why) {
        System.err.println("stress/run: " + why);
        System.err.print(USAGE);
        System.exit(2);
        throw new AssertionError();
    }
}
