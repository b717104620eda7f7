// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Items that are queued to other CPUs, workqueues and runtimes while they run (J1): never beside themselves, and
 * nothing lost.
 */
@Timeout(60)
class MoveTest {
    private static final Duration LENGTH = Duration.ofSeconds(1);

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private int wander(List<Workqueue> workqueues, boolean sleeps) {
        int threads = 3;
        int count = 8;
        List<Item> items = new ArrayList<>();
        List<AtomicInteger> accepted = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(runtimes.item(work -> {
                if (sleeps && ((Item) work).runs() % 4 == 0) {
                    Thread.sleep(0, 100_000);
                }
            }));
            accepted.add(new AtomicInteger());
        }
        long end = System.nanoTime() + LENGTH.toNanos();
        TestThreads.together(threads, thread -> {
            SplittableRandom random = new SplittableRandom(thread);
            while (System.nanoTime() - end < 0) {
                int i = random.nextInt(count);
                Workqueue workqueue = workqueues.get(random.nextInt(workqueues.size()));
                int[] cpus = workqueue.runtime().cpus();
                if (workqueue.queueOn(cpus[random.nextInt(cpus.length)], items.get(i))) {
                    accepted.get(i).incrementAndGet();
                }
                if (random.nextInt(100) == 0) {
                    items.get(i).flush();
                }
            }
        });
        items.forEach(Work::flush);
        int runs = 0;
        for (int i = 0; i < count; i++) {
            assertEquals(accepted.get(i).get(), items.get(i).runs());
            assertFalse(items.get(i).hasOverlapped());
            runs += items.get(i).runs();
        }
        return runs;
    }

    /** J1, G13: on the CPUs of one runtime. */
    @Test
    void items_wander_between_cpus() {
        WorkRuntime runtime = runtimes.runtime();
        assertTrue(wander(List.of(runtime.system()), true) > 100);
    }

    /** J1, G14. */
    @Test
    void items_wander_between_workqueues() {
        WorkRuntime runtime = runtimes.runtime();
        List<Workqueue> workqueues =
                List.of(runtimes.queue(runtime, "one", 1), runtimes.queue(runtime, "two", 2), runtime.system());
        assertTrue(wander(workqueues, true) > 100);
        assertTrue(wander(workqueues, false) > 100);
    }

    /** J1. */
    @Test
    void items_wander_between_runtimes() {
        WorkRuntime first = runtimes.runtime();
        WorkRuntime second = runtimes.oneCpu();
        List<Workqueue> workqueues = List.of(first.system(), second.system(), runtimes.queue(second, "one", 1));
        assertTrue(wander(workqueues, true) > 100);
        assertTrue(wander(workqueues, false) > 100);
    }
}
