// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits with a deadline, for what has to happen. */
public final class Await {
    /** Only a test that fails waits for so long. */
    static final Duration DEADLINE = Duration.ofSeconds(20);

    /** How long a condition is left alone between two looks. */
    private static final Duration LOOK = Duration.ofNanos(200_000);

    /** For how long a thing that must not happen is given the opportunity to. */
    private static final Duration OPPORTUNITY = Duration.ofMillis(30);

    private Await() {}

    public static void until(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                fail("waited in vain until " + what + '\n' + TestThreads.dump());
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    public static void open(String what, CountDownLatch latch) {
        try {
            if (!latch.await(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                fail("waited in vain until " + what + '\n' + TestThreads.dump());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting until " + what, e);
        }
    }

    /** Gives something wrong the time to happen; fails if it does. */
    public static void never(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + OPPORTUNITY.toNanos();
        do {
            if (condition.getAsBoolean()) {
                fail("it happened that " + what);
            }
            LockSupport.parkNanos(LOOK.toNanos());
        } while (System.nanoTime() - end < 0);
    }
}
