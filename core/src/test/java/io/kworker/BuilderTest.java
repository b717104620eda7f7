// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the builders accept, and that each refusal names the value and what would do (J16). */
@Timeout(60)
class BuilderTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static void assertRefused(Executable call, String... parts) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "'" + part + "' is not in: " + message);
        }
    }

    /** J16: out of range is refused, not clamped. */
    @ParameterizedTest
    @ValueSource(ints = {0, -1, 2049, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void a_limit_out_of_range_is_refused(int maxActive) {
        Workqueue.Builder builder = runtimes.oneCpu().workqueue("q");
        assertRefused(() -> builder.maxActive(maxActive), "maxActive", "1 to 2048", "not " + maxActive);
    }

    /** J16. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1024, 2048})
    void a_limit_in_range_is_taken(int maxActive) {
        assertEquals(maxActive, runtimes.queue(runtimes.oneCpu(), "q", maxActive).maxActive());
    }

    /** J16, A34. */
    @Test
    void the_default_limit_is_the_kernels() {
        WorkRuntime runtime = runtimes.oneCpu();
        assertEquals(1024, runtimes.queue(runtime, "q").maxActive());
        assertEquals(1024, runtime.system().maxActive());
        assertEquals(1024, Workqueue.DEFAULT_MAX_ACTIVE);
        assertEquals(2048, Workqueue.MAX_ACTIVE_LIMIT);
    }

    @Test
    void a_workqueue_knows_its_name_and_runtime() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime, "a name");
        assertEquals("a name", workqueue.name());
        assertSame(runtime, workqueue.runtime());
        assertTrue(workqueue.toString().contains("a name"));
        assertEquals("events", runtime.system().name());
        assertSame(runtime.system(), runtime.system());
        assertEquals("test", runtime.name());
        assertTrue(runtime.toString().contains("test"));
    }

    @Test
    void nulls_are_refused() {
        WorkRuntime runtime = runtimes.oneCpu();
        assertThrows(NullPointerException.class, () -> runtime.workqueue(null));
        assertThrows(NullPointerException.class, () -> runtime.workqueue("q").exceptionHandler(null));
        WorkRuntime.Builder builder = WorkRuntime.builder();
        assertThrows(NullPointerException.class, () -> builder.name(null));
        assertThrows(NullPointerException.class, () -> builder.cpus((int[]) null));
        assertThrows(NullPointerException.class, () -> builder.idleStrategy(null));
        assertThrows(NullPointerException.class, () -> builder.spinBeforePark(null));
        assertThrows(NullPointerException.class, () -> builder.cpuIntensiveThreshold(null));
        assertThrows(NullPointerException.class, () -> builder.idleWorkerLifetime(null));
        assertThrows(NullPointerException.class, () -> builder.carrierScheduler(null));
        assertThrows(NullPointerException.class, () -> builder.pinning(null));
    }

    @Test
    void cpus_that_make_no_sense_are_refused() {
        assertRefused(() -> WorkRuntime.builder().cpus(), "at least one");
        assertRefused(() -> WorkRuntime.builder().cpus(0, -7), "-7");
        assertRefused(() -> WorkRuntime.builder().cpus(5, 3, 5), "CPU 5", "twice");
        assertRefused(() -> WorkRuntime.builder().cpus(1_000_003).build(), "CPU 1000003", "may run on");
    }

    @Test
    void the_array_of_cpus_is_copied_and_sorted() {
        int[] numbers = RuntimeExtension.numbers();
        int[] reversed = new int[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            reversed[i] = numbers[numbers.length - 1 - i];
        }
        WorkRuntime.Builder builder = RuntimeExtension.builder().cpus(reversed);
        Arrays.fill(reversed, 1_000_003);
        WorkRuntime runtime = runtimes.start(builder);
        assertArrayEquals(numbers, runtime.cpus());
        Arrays.fill(runtime.cpus(), -1);
        assertArrayEquals(numbers, runtime.cpus());
    }

    /** By default all CPUs of the process. */
    @Test
    void the_default_cpus_are_those_of_the_process() {
        assertArrayEquals(RuntimeExtension.numbers(), runtimes.runtime().cpus());
        assertTrue(runtimes.runtime().cpus().length <= Runtime.getRuntime().availableProcessors());
    }

    @Test
    void durations_that_make_no_sense_are_refused() {
        Duration negative = Duration.ofMillis(-3);
        assertRefused(() -> WorkRuntime.builder().spinBeforePark(negative), "spinBeforePark", negative.toString());
        assertRefused(() -> WorkRuntime.builder().cpuIntensiveThreshold(negative), "cpuIntensiveThreshold",
                negative.toString());
        Duration tooShort = Duration.ofNanos(999_999);
        assertRefused(() -> WorkRuntime.builder().idleWorkerLifetime(tooShort), "idleWorkerLifetime",
                tooShort.toString(), "PT0.001S");
        Duration farPast = Duration.ofSeconds(Long.MIN_VALUE);
        assertRefused(() -> WorkRuntime.builder().spinBeforePark(farPast), "spinBeforePark", farPast.toString());
    }

    /** As good as for ever. */
    @Test
    void durations_beyond_a_long_of_nanoseconds_are_taken() {
        Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
        WorkRuntime runtime =
                runtimes.start(RuntimeExtension.builder().cpuIntensiveThreshold(forever).idleWorkerLifetime(forever));
        Item item = runtimes.item();
        runtime.system().queue(item);
        item.flush();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, -5, (1 << 20) + 1, Integer.MAX_VALUE})
    void a_ring_capacity_out_of_range_is_refused(int entries) {
        assertRefused(() -> WorkRuntime.builder().ringCapacity(entries), "ringCapacity", "2 to 1048576",
                "not " + entries);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 1000})
    void a_ring_capacity_in_range_is_taken(int entries) {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().ringCapacity(entries));
        Item item = runtimes.item();
        runtime.system().queue(item);
        item.flush();
        assertEquals(1, item.runs());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void a_number_of_carriers_out_of_range_is_refused(int carriers) {
        assertRefused(() -> WorkRuntime.builder().maxCarriersPerCpu(carriers), "maxCarriersPerCpu", "at least 1",
                "not " + carriers);
    }

    /** A supplier of idle strategies that gives none is found out when the runtime is made, not on a carrier. */
    @Test
    void an_idle_strategy_that_is_null_is_refused() {
        RuntimeException thrown = assertThrows(RuntimeException.class,
                () -> runtimes.start(RuntimeExtension.builder().idleStrategy(() -> null)));
        assertTrue(String.valueOf(thrown.getMessage()).contains("idleStrategy"), thrown::toString);
    }

    /** A builder that failed can be corrected and used. */
    @Test
    void a_builder_keeps_its_value_where_a_new_one_is_refused() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue.Builder builder = runtime.workqueue("q").maxActive(7);
        assertThrows(IllegalArgumentException.class, () -> builder.maxActive(0));
        assertEquals(7, runtimes.queue(builder).maxActive());
    }

    @Test
    void outside_of_a_handler_there_is_no_current_item() {
        assertNull(Work.current());
    }
}
