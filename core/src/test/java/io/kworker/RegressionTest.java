// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Bugs that there were, each with a test that failed. */
@Timeout(60)
class RegressionTest {
    private static final int ROUNDS = 4;
    private static final int SHORT_ITEMS = 30;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static void burn(long millis) {
        long end = System.nanoTime() + Duration.ofMillis(millis).toNanos();
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    /**
     * The JDK submits the continuation of a runnable thread once more for a stack dump. The owner that then mounted it
     * in vain was taken by the worker for its own carrier, and the CPU had two owners: items overlapped (G21).
     */
    @Test
    @CarrierOnly
    void a_stack_dump_of_a_woken_worker_gives_its_cpu_no_second_owner() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder()
                .cpus(RuntimeExtension.firstCpu())
                .cpuIntensiveThreshold(Duration.ofMillis(20)));
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        for (int round = 0; round < ROUNDS; round++) {
            AtomicReference<Thread> thread = new AtomicReference<>();
            Gate gate = runtimes.gate();
            Item sleeper = runtimes.item(work -> {
                thread.set(Thread.currentThread());
                gate.pass();
                burn(80);
            });
            runtime.system().queue(sleeper);
            Await.until("the handler sleeps",
                    () -> thread.get() != null && thread.get().getState() == Thread.State.WAITING);
            Item busy = runtimes.item(work -> burn(5));
            runtime.system().queue(busy);
            gate.open();
            LockSupport.unpark(thread.get());
            thread.get().getStackTrace();
            thread.get().getStackTrace();
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < SHORT_ITEMS; i++) {
                Item item = runtimes.item(work -> {
                    if (inside.incrementAndGet() > 1) {
                        overlaps.incrementAndGet();
                    }
                    burn(1);
                    inside.decrementAndGet();
                });
                items.add(item);
                runtime.system().queue(item);
            }
            items.forEach(Work::flush);
            sleeper.flush();
        }
        // a busy machine may keep a short item from running for the threshold: then it is taken over, and overlaps
        // rightly
        assertTrue(overlaps.get() <= ROUNDS * 2, () -> overlaps + " of " + ROUNDS * SHORT_ITEMS + " overlapped");
    }

    /** A worker that found a message while it span went on spinning, and never let the carrier have it. */
    @Test
    void a_message_that_comes_while_a_worker_spins_is_taken() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().spinBeforePark(Duration.ofMinutes(5)));
        for (int cpu : runtime.cpus()) {
            Item item = runtimes.item();
            runtime.system().queueOn(cpu, item);
            item.flush();
        }
        runtime.close();
        assertTrue(runtime.describe().contains("closed"));
    }

    /**
     * An item queued behind its own run is waited for by a close, which so could never end if the run itself waits for
     * it.
     */
    @Test
    void closing_the_queue_in_which_the_callers_own_item_waits_is_refused() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue other = runtimes.start(RuntimeExtension.builder()).system();
        Workqueue second = runtimes.queue(runtime, "second");
        AtomicReference<Throwable> ofQueue = new AtomicReference<>();
        AtomicReference<Throwable> ofRuntime = new AtomicReference<>();
        AtomicInteger calls = new AtomicInteger();
        Item item = runtimes.item(work -> {
            switch (calls.getAndIncrement()) {
                case 0 -> {
                    assertTrue(second.queue(work));
                    ofQueue.set(assertThrows(WorkDeadlockException.class, second::close));
                }
                case 1 -> {
                    assertTrue(other.queue(work));
                    ofRuntime.set(assertThrows(WorkDeadlockException.class, () -> other.runtime().close()));
                }
                default -> {}
            }
        });
        runtime.system().queue(item);
        Await.until("the item has run three times", () -> item.runs() == 3 && !item.isBusy());
        assertTrue(ofQueue.get().getMessage().contains("second"), ofQueue.get()::toString);
        assertFalse(ofRuntime.get().getMessage().isEmpty());
        assertEquals(3, calls.get());
    }
}
