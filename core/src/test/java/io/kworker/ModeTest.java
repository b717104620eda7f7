// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What is in force, and that describe() says so: one line each, with the reason and the flag for what is not active.
 */
@Timeout(60)
class ModeTest {
    private static final String FLAG = "--add-opens java.base/java.lang=ALL-UNNAMED";

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static String line(WorkRuntime runtime, String key) {
        return runtime.describe().lines().filter(line -> line.startsWith(key + ": ")).findFirst().orElseThrow();
    }

    @Test
    void there_is_one_line_for_each_thing() {
        WorkRuntime runtime = runtimes.runtime();
        List<String> keys = runtime.describe().lines().map(line -> line.substring(0, line.indexOf(':'))).toList();
        assertEquals(List.of("runtime", "carriers", "pinning", "workers", "idle", "CPU-intensive threshold"), keys);
        assertEquals("runtime: test", line(runtime, "runtime"));
        for (int cpu : runtime.cpus()) {
            assertTrue(line(runtime, "carriers").contains("kworker/" + cpu), runtime::describe);
        }
        assertTrue(line(runtime, "carriers").startsWith("carriers: " + runtime.cpus().length + " "), runtime::describe);
        runtime.close();
        assertEquals("runtime: test (closed)", line(runtime, "runtime"));
    }

    /** Without the flag: the reason is the flag to add, and ON is refused with it. */
    @Test
    void without_the_flag_auto_falls_back_and_names_the_flag() {
        assumeTrue(!TestMode.isCarrier());
        try (WorkRuntime runtime = WorkRuntime.builder().build()) {
            assertTrue(line(runtime, "workers").contains("(fallback): add " + FLAG), runtime::describe);
        }
        String message = assertThrows(
                IllegalStateException.class, () -> WorkRuntime.builder().carrierScheduler(WorkRuntime.Mode.ON).build())
                .getMessage();
        assertTrue(message.contains("carrierScheduler(Mode.ON)") && message.contains(FLAG), message);
    }

    @Test
    void with_the_flag_auto_uses_the_carriers() {
        assumeTrue(TestMode.isCarrier());
        try (WorkRuntime runtime = WorkRuntime.builder().build()) {
            assertEquals("workers: virtual threads on the carriers", line(runtime, "workers"));
        }
    }

    /** In either JVM. */
    @Test
    void what_is_switched_off_is_off_and_says_by_what() {
        try (WorkRuntime runtime = WorkRuntime.builder()
                .carrierScheduler(WorkRuntime.Mode.OFF)
                .pinning(WorkRuntime.Mode.OFF)
                .build()) {
            assertTrue(line(runtime, "workers").contains("switched off by carrierScheduler(Mode.OFF)"),
                    runtime::describe);
            assertTrue(line(runtime, "pinning").contains("switched off by pinning(Mode.OFF)"), runtime::describe);
            Work item = Work.of(work -> {});
            runtime.system().queue(item);
            item.flush();
        }
    }

    @Test
    void pinning_is_in_force_where_it_is_switched_on() {
        assumeTrue(Os.problem() == null, Os.problem());
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().pinning(WorkRuntime.Mode.ON));
        assertEquals("pinning: each carrier to its CPU", line(runtime, "pinning"));
        assertTrue(runtime.engines().stream().allMatch(Engine::isPinned));
    }

    /** Automatically with the carrier scheduler; without it only on demand, and the line says why. */
    @Test
    void pinning_is_automatic_with_the_carrier_scheduler_only() {
        assumeTrue(Os.problem() == null, Os.problem());
        WorkRuntime runtime = runtimes.runtime();
        assertEquals(TestMode.isCarrier(), line(runtime, "pinning").equals("pinning: each carrier to its CPU"));
        assertTrue(TestMode.isCarrier() || line(runtime, "pinning").contains("pinning(Mode.ON)"), runtime::describe);
    }

    @Test
    void the_settings_are_told() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder()
                .spinBeforePark(Duration.ofNanos(7_000))
                .cpuIntensiveThreshold(Duration.ofMillis(30)));
        assertTrue(line(runtime, "idle").contains("7 us") && line(runtime, "idle").contains("park"), runtime::describe);
        assertTrue(line(runtime, "CPU-intensive threshold").contains("30"), runtime::describe);
        WorkRuntime other = runtimes.start(RuntimeExtension.strict().idleStrategy(() -> YieldingIdleStrategy.INSTANCE));
        assertTrue(line(other, "idle").contains("strategy"), other::describe);
        assertTrue(line(other, "CPU-intensive threshold").contains("off"), other::describe);
    }

    /** Both kinds side by side in one JVM. */
    @Test
    void runtimes_of_both_modes_can_share_items() {
        assumeTrue(TestMode.isCarrier());
        WorkRuntime carriers = runtimes.runtime();
        try (WorkRuntime fallback = WorkRuntime.builder().carrierScheduler(WorkRuntime.Mode.OFF).build()) {
            runtimes.doNotCountRuns();
            Item item = runtimes.item();
            int accepted = 0;
            for (int i = 0; i < 2_000; i++) {
                accepted += (i % 2 == 0 ? carriers : fallback).system().queue(item) ? 1 : 0;
            }
            item.flush();
            assertEquals(accepted, item.runs());
            assertFalse(item.hasOverlapped());
        }
    }
}
