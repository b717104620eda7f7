// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The runtime that is always there, and the calls that use it (A16). */
@Timeout(60)
class SharedRuntimeTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    @BeforeEach
    void itemsRunElsewhere() {
        runtimes.doNotCountRuns();
    }

    @Test
    void it_is_always_the_same_one() {
        assertSame(WorkRuntime.shared(), WorkRuntime.shared());
        assertEquals("shared", WorkRuntime.shared().name());
        String workers =
                TestMode.isCarrier() ? "workers: virtual threads on the carriers" : "--add-opens java.base/java.lang=";
        assertTrue(WorkRuntime.shared().describe().contains(workers), WorkRuntime.shared()::describe);
    }

    @Test
    void schedule_queues_to_its_system_queue() {
        AtomicReference<Workqueue> seen = new AtomicReference<>();
        Item item = runtimes.item(work -> seen.set(Run.current().share.workqueue));
        assertTrue(item.schedule());
        item.flush();
        assertSame(WorkRuntime.shared().system(), seen.get());
    }

    @Test
    void schedule_on_runs_on_the_given_cpu() {
        for (int cpu : WorkRuntime.shared().cpus()) {
            AtomicInteger seen = new AtomicInteger(-1);
            Item item = runtimes.item(work -> seen.set(Run.current().cpu.number));
            assertTrue(item.scheduleOn(cpu));
            item.flush();
            assertEquals(cpu, seen.get());
        }
        Item item = runtimes.item();
        assertThrows(IllegalArgumentException.class, () -> item.scheduleOn(-1));
        assertFalse(item.isBusy());
    }

    /** G6. */
    @Test
    void scheduling_a_pending_item_returns_false() {
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        assertTrue(item.schedule());
        Await.until("it runs", item::isRunning);
        assertTrue(item.schedule());
        assertFalse(item.schedule());
        gate.open();
        item.flush();
        assertEquals(2, item.runs());
    }

    @Test
    void closing_it_does_nothing() {
        WorkRuntime.shared().close();
        Item item = runtimes.item();
        assertTrue(item.schedule());
        item.flush();
        assertEquals(1, item.runs());
        assertThrows(UnsupportedOperationException.class, WorkRuntime.shared().system()::close);
        assertFalse(WorkRuntime.shared().describe().contains("(closed)"));
    }

    /** Workqueues of one's own in it can be closed. */
    @Test
    void its_other_workqueues_can_be_closed() {
        Workqueue workqueue = WorkRuntime.shared().workqueue("mine").build();
        Item item = runtimes.item();
        workqueue.queue(item);
        workqueue.close();
        assertEquals(1, item.runs());
    }

    /** The name is free: it is the object that counts. */
    @Test
    void a_runtime_that_is_merely_called_shared_can_be_closed() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().name("shared"));
        assertNotSame(WorkRuntime.shared(), runtime);
        runtime.close();
        assertTrue(runtime.describe().contains("(closed)"));
    }
}
