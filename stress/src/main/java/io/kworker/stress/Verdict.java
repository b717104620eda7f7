// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.stress;

import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.ReportUtils;

/** What is to be said of one test. */
enum Verdict {
    OK("ok"),
    /** A broken twin that was seen failing. */
    SEEN("seen"),
    /** A broken twin that was not seen failing, for which chance may be to blame. */
    UNSEEN("not seen"),
    FORBIDDEN("FORBIDDEN"),
    /** It threw, hung or crashed. */
    ERROR("ERROR"),
    NOT_RUN("NOT RUN");

    private final String text;

    Verdict(String text) {
        this.text = text;
    }

    static Verdict of(String test, TestResult result) {
        if (!ReportUtils.statusToPassed(result)) {
            return count(result, Expect.FORBIDDEN) > 0 ? FORBIDDEN : ERROR;
        }
        if (!test.contains(".Broken")) {
            return OK;
        }
        return count(result, Expect.ACCEPTABLE_INTERESTING) > 0 ? SEEN : UNSEEN;
    }

    /** How often a test had an outcome of this kind. */
    static long count(TestResult result, Expect expect) {
        return result.grading().gradingResults.values().stream()
                .filter(outcome -> outcome.expect == expect)
                .mapToLong(outcome -> outcome.count)
                .sum();
    }

    boolean isPassed() {
        return compareTo(FORBIDDEN) < 0;
    }

    boolean isTwin() {
        return this == SEEN || this == UNSEEN;
    }

    @Override
    public String toString() {
        return text;
    }
}
