// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The calls of the operating system, and that nobody but carriers is pinned (facts.md 0.7). */
@Timeout(60)
class OsTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    @BeforeEach
    void needsLinux() {
        assumeTrue(Os.problem() == null, Os.problem());
    }

    @Test
    void a_thread_runs_where_it_may() {
        BitSet mask = Os.threadAffinity();
        assertFalse(mask.isEmpty());
        assertTrue(Os.processAffinity().get(Os.currentCpu()));
        assertEquals(Os.processAffinity().cardinality(), mask.cardinality());
    }

    @Test
    void a_thread_can_be_confined_and_set_free() {
        TestThreads.start(() -> {
            BitSet all = Os.threadAffinity();
            for (int cpu : all.stream().toArray()) {
                BitSet one = new BitSet();
                one.set(cpu);
                assertTrue(Os.setAffinity(one));
                assertEquals(one, Os.threadAffinity());
                assertEquals(cpu, Os.currentCpu());
            }
            assertTrue(Os.setAffinity(all));
            assertEquals(all, Os.threadAffinity());
        }).join();
    }

    @Test
    void a_mask_that_the_system_refuses_changes_nothing() {
        TestThreads.start(() -> {
            BitSet before = Os.threadAffinity();
            assertFalse(Os.setAffinity(new BitSet()));
            BitSet huge = new BitSet();
            huge.set(5_000);
            assertFalse(Os.setAffinity(huge));
            BitSet absent = new BitSet();
            absent.set(1_023);
            assertFalse(before.get(1_023) || Os.setAffinity(absent));
            assertEquals(before, Os.threadAffinity());
        }).join();
    }

    @Test
    void the_barrier_works_where_the_system_has_it() {
        assumeTrue(Os.hasMembarrier());
        for (int i = 0; i < 100; i++) {
            Os.membarrier();
        }
    }

    /** The mask of every thread of the process, by its name as the system knows it. */
    private static List<String> confinedThreads(int cpus) throws IOException {
        List<String> confined = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                try {
                    List<String> status = Files.readAllLines(task.resolve("status"));
                    String name = value(status, "Name:");
                    long mask = Stream.of(value(status, "Cpus_allowed:").split(","))
                            .mapToLong(word -> Long.bitCount(Long.parseUnsignedLong(word, 16)))
                            .sum();
                    if (mask < cpus) {
                        confined.add(name);
                    }
                } catch (NoSuchFileException e) {
                    // it has ended meanwhile
                } catch (IOException e) {
                    if (!String.valueOf(e.getMessage()).contains("No such process")) {
                        throw e;
                    }
                }
            }
        }
        return confined;
    }

    private static String value(List<String> status, String key) {
        return status.stream().filter(line -> line.startsWith(key)).findFirst().orElseThrow().substring(key.length())
                .trim();
    }

    /**
     * The monitor, the timers that wake handlers, the pollers: none has inherited a carrier's mask.
     */
    @Test
    void only_carriers_are_confined() throws Exception {
        int cpus = Os.processAffinity().cardinality();
        assumeTrue(cpus > 1);
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().pinning(WorkRuntime.Mode.ON));
        for (int cpu : runtime.cpus()) {
            Item item = runtimes.item(work -> Thread.sleep(1));
            runtime.system().queueOn(cpu, item);
            item.flush();
        }
        // pool threads that a handler makes the JDK start inherit its mask: docs/DECISIONS.md
        List<String> confined = confinedThreads(cpus);
        confined.removeIf(name -> name.startsWith("ForkJoinPool"));
        Set<String> carriers =
                Arrays.stream(runtime.cpus()).mapToObj(cpu -> "kworker/" + cpu).collect(Collectors.toSet());
        // the shared runtime's, if another test has made it, are named alike
        assertEquals(carriers, Set.copyOf(confined));
    }

    /** A carrier that takes a CPU over is confined to it too. */
    @Test
    @CarrierOnly
    void a_spare_carrier_is_confined_to_its_cpu() throws Exception {
        int cpus = Os.processAffinity().cardinality();
        assumeTrue(cpus > 1);
        WorkRuntime runtime = runtimes.start(
                RuntimeExtension.builder().cpus(RuntimeExtension.lastCpu()).pinning(WorkRuntime.Mode.ON));
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.lastCpu());
        AtomicReference<BitSet> mask = new AtomicReference<>();
        Item next = runtimes.item(work -> mask.set(Os.threadAffinity()));
        runtime.system().queue(next);
        next.flush();
        BitSet expected = new BitSet();
        expected.set(RuntimeExtension.lastCpu());
        assertEquals(expected, mask.get());
        gate.open();
    }
}
