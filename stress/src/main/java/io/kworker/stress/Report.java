// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.stress;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.GradingResult;
import org.openjdk.jcstress.infra.grading.ReportUtils;

/** What the tests saw, in all passes together. */
final class Report {
    /** Outcomes that are printed of a test, the most frequent ones: some have dozens. */
    private static final int OUTCOMES = 4;

    private final List<String> tests;
    private final int minTests;
    private final long start = System.nanoTime();
    private final List<TestResult> results = new ArrayList<>();

    /** Tests that a pass was to run, and did not. */
    private final Set<String> missing = new TreeSet<>();

    /** Tests that are to be run, and how many there have to be. */
    Report(List<String> tests, int minTests) {
        this.tests = tests;
        this.minTests = minTests;
    }

    void add(Pass pass, Collection<TestResult> found) {
        Set<String> ran = found.stream()
                .filter(result -> result.status() != Status.NORMAL || result.getTotalCount() > 0)
                .map(TestResult::getName)
                .collect(Collectors.toSet());
        pass.tests().stream().filter(test -> !ran.contains(test)).forEach(missing::add);
        results.addAll(found);
    }

    /** Prints the table and the sums; true where all is well. */
    boolean print(PrintStream out) {
        Map<String, TestResult> merged = new HashMap<>();
        ReportUtils.mergedByName(results).forEach(result -> merged.put(result.getName(), result));
        Map<String, Verdict> verdicts = new TreeMap<>();
        out.printf("%n%-9s  %-41s %14s %11s %9s  %s%n",
                "", "test", "samples", "interesting", "forbidden", "outcomes: count");
        for (String test : tests) {
            TestResult result = merged.get(test);
            Verdict verdict =
                    result == null || missing.contains(test) ? Verdict.NOT_RUN : Verdict.of(test, result);
            verdicts.put(test, verdict);
            out.println(line(test, verdict, result));
        }
        return printSums(out, verdicts);
    }

    private static String line(String test, Verdict verdict, TestResult result) {
        String head = "%-9s  %-41s".formatted(verdict, shortName(test));
        return result == null
                ? head
                : "%s %,14d %,11d %,9d  %s".formatted(head, result.getTotalCount(),
                        Verdict.count(result, Expect.ACCEPTABLE_INTERESTING),
                        Verdict.count(result, Expect.FORBIDDEN), outcomes(result));
    }

    private static String outcomes(TestResult result) {
        List<GradingResult> seen = result.grading().gradingResults.values().stream()
                .filter(outcome -> outcome.count > 0)
                .sorted(Comparator.comparingLong((GradingResult outcome) -> outcome.count).reversed())
                .toList();
        String first = seen.stream()
                .limit(OUTCOMES)
                .map(outcome -> "(%s): %,d".formatted(outcome.id, outcome.count))
                .collect(Collectors.joining("  "));
        return seen.size() <= OUTCOMES ? first : first + "  and " + (seen.size() - OUTCOMES) + " more";
    }

    private boolean printSums(PrintStream out, Map<String, Verdict> verdicts) {
        List<String> unseen = verdicts.keySet().stream()
                .filter(test -> verdicts.get(test) == Verdict.UNSEEN)
                .map(Report::shortName)
                .toList();
        long twins = verdicts.values().stream().filter(Verdict::isTwin).count();
        long ran = verdicts.values().stream().filter(verdict -> verdict != Verdict.NOT_RUN).count();
        long passed = verdicts.values().stream().filter(Verdict::isPassed).count();
        long failed = Math.max(verdicts.size(), minTests) - passed;
        out.printf("%nbroken twins seen failing: %d of %d%s%n", twins - unseen.size(), twins,
                unseen.isEmpty() ? "" : ", not " + String.join(", ", unseen));
        out.printf("tests run: %d; in the list: %d; expected: at least %d%n", ran, verdicts.size(), minTests);
        out.printf("time: %d s%n", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
        out.printf("%d passed, %d failed%n", passed, failed);
        return failed == 0;
    }

    private static String shortName(String test) {
        return test.substring("io.kworker.".length());
    }
}
