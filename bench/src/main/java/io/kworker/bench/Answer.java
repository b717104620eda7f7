// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.concurrent.Callable;

/** A tiny task with a result, itself. It is in flight once at most, and looked at by who has the result. */
final class Answer implements Callable<Answer> {
    private long runs;

    @Override
    public Answer call() {
        runs++;
        return this;
    }

    void check(long expected) {
        if (runs != expected) {
            throw new BenchException("a task was submitted " + expected + " times and ran " + runs + " times");
        }
    }
}
