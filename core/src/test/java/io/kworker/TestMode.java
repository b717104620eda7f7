// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** How the runtimes of this JVM run their handlers: the suite runs once for each. */
enum TestMode {
    /** On the carrier scheduler. */
    CARRIER,
    /** Without it, as in a JVM that was not given the flag. */
    FALLBACK;

    static final TestMode CURRENT = find();

    /** An IDE that sets no property gets the mode that its flags allow. */
    private static TestMode find() {
        String mode = System.getProperty("kworker.test.mode");
        if (mode == null) {
            return CarrierScheduler.problem() == null ? CARRIER : FALLBACK;
        }
        return switch (mode) {
            case "carrier" -> CARRIER;
            case "fallback" -> FALLBACK;
            default ->
                throw new IllegalArgumentException("kworker.test.mode is '" + mode + "', not carrier or fallback");
        };
    }

    static boolean isCarrier() {
        return CURRENT == CARRIER;
    }

    WorkRuntime.Mode setting() {
        return this == CARRIER ? WorkRuntime.Mode.ON : WorkRuntime.Mode.OFF;
    }
}
