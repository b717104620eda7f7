// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The timelines of the kernel's document (G22), compared as text: w0 burns 5 ms, sleeps 10 and burns 5 more; w1 and w2
 * burn 5 and sleep 10; all three are queued to one CPU.
 */
@Timeout(60)
class TimelineTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final Timeline timeline = new Timeline();

    private static String golden(String name) throws IOException {
        try (InputStream in = TimelineTest.class.getResourceAsStream("/timelines/" + name + ".txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private List<Item> kernelsItems() {
        return List.of(
                runtimes.item(timeline.handler("w0", 5, 10, 5)),
                runtimes.item(timeline.handler("w1", 5, 10, 0)),
                runtimes.item(timeline.handler("w2", 5, 10, 0)));
    }

    /**
     * G22: starts at 0, 5, 10 and ends at 20, 20, 25 with a limit of 3; with 2, w2 starts at 20; with 1 it is the old
     * design.
     */
    @ParameterizedTest
    @ValueSource(ints = {3, 2, 1})
    void the_kernels_three_items_run_as_in_its_document(int limit) throws IOException {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime, "q0", limit);
        kernelsItems().forEach(workqueue::queue);
        assertEquals(golden("limit-" + limit), timeline.drive(runtime.cpuArray()[0], 3, workqueue));
    }

    /** The limits of two workqueues on one CPU do not touch each other. */
    @Test
    void a_limit_of_one_in_each_of_two_workqueues() throws IOException {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue first = runtimes.queue(runtime, "q0", 1);
        Workqueue second = runtimes.queue(runtime, "q1", 1);
        List<Item> items = kernelsItems();
        first.queue(items.get(0));
        second.queue(items.get(1));
        second.queue(items.get(2));
        assertEquals(golden("two-workqueues"), timeline.drive(runtime.cpuArray()[0], 3, first, second));
    }

    /** G22, G27: where w1 and w2 are CPU-intensive, both start when w0 sleeps. */
    @Test
    void two_cpu_intensive_items_start_beside_each_other() throws IOException {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue normal = runtimes.queue(runtime, "q0");
        Workqueue intensive = runtimes.queue(runtime.workqueue("q1").cpuIntensive());
        Gate gate = runtimes.occupy(normal, RuntimeExtension.firstCpu());
        normal.queue(runtimes.item(timeline.handler("w0", 5, 10, 5)));
        intensive.queue(runtimes.item(timeline.intensive("w1", 1, 3, 5, 10, 0)));
        intensive.queue(runtimes.item(timeline.intensive("w2", 2, 3, 5, 10, 0)));
        gate.open();
        assertEquals(golden("cpu-intensive"), timeline.drive(runtime.cpuArray()[0], 3, normal, intensive));
    }

    /**
     * Twenty items that burn 1 and sleep 30: each starts when the one before sleeps, and the limit of 10 holds the rest
     * back.
     */
    @Test
    void twenty_sleepers_under_a_limit_of_ten() throws IOException {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime, "q0", 10);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            items.add(runtimes.item(timeline.handler("w" + i, 1, 30, 0)));
        }
        items.forEach(workqueue::queue);
        assertEquals(golden("twenty-sleepers"), timeline.drive(runtime.cpuArray()[0], 20, workqueue));
    }
}
