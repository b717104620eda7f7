// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a burst of blocked handlers costs, and that it is given back (issue 2, section 3). */
@Timeout(120)
@CarrierOnly
class BurstTest {
    private static final int HANDLERS = 100_000;
    private static final int WORKQUEUES = 50;
    private static final double TOLERANCE = 0.10;

    /** A collection may leave what finalizers, cleaners and weak references hold; the least of several counts. */
    private static final int COLLECTIONS = 6;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** What the handlers of the burst under way wait for. */
    private volatile Gate gate;

    /**
     * The used heap, as the least of several measurements each after a full collection, before a burst and once the
     * workers that it needed are culled. One burst goes before the measurement, so that the JDK's own tables (of
     * threads, of timers, of classes) have grown to their size; the items are the same in both and made before. That
     * the measurement can tell is seen from the heap in the middle of the burst.
     */
    @Test
    void after_a_burst_of_100_000_sleeping_handlers_the_heap_is_as_before_within_10_percent() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder()
                .cpus(RuntimeExtension.firstCpu())
                .idleWorkerLifetime(Duration.ofMillis(100)));
        Cpu cpu = runtime.cpuArray()[0];
        List<Workqueue> workqueues = new ArrayList<>();
        for (int i = 0; i < WORKQUEUES; i++) {
            workqueues.add(runtimes.queue(runtime, "burst " + i, Workqueue.MAX_ACTIVE_LIMIT));
        }
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < HANDLERS; i++) {
            items.add(runtimes.item(work -> gate.pass()));
        }
        burst(cpu, workqueues, items);
        long before = usedHeap();
        long during = burst(cpu, workqueues, items);
        long after = usedHeap();
        assertTrue(during > 2 * before,
                () -> "the measurement sees nothing: " + during + " in the burst, " + before + " before");
        assertTrue(after <= before * (1 + TOLERANCE),
                () -> "used heap " + before + " before, " + during + " in and " + after + " after");
    }

    /** Returns the heap used while all handlers sleep. */
    private long burst(Cpu cpu, List<Workqueue> workqueues, List<Item> items) {
        gate = runtimes.gate();
        for (int i = 0; i < items.size(); i++) {
            workqueues.get(i % WORKQUEUES).queue(items.get(i));
        }
        Await.until("all handlers sleep at once", () -> active(workqueues) == HANDLERS);
        assertTrue(Books.workers(cpu) > HANDLERS);
        long used = usedHeap();
        gate.open();
        items.forEach(Work::flush);
        Await.until("the workers are culled", () -> Books.workers(cpu) == 2);
        gate = null;
        return used;
    }

    private static int active(List<Workqueue> workqueues) {
        return Books.read(
                Books.share(workqueues.getFirst(), 0).cpu,
                () -> workqueues.stream().mapToInt(workqueue -> Books.share(workqueue, 0).active).sum());
    }

    private static long usedHeap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }
}
