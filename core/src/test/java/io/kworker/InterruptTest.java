// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Interrupts concern one run and no other (J8). */
@Timeout(60)
class InterruptTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** J8: with one worker idle, the next handler runs on the thread that was interrupted. */
    @Test
    void a_handler_starts_with_the_flag_clear() {
        Workqueue workqueue = runtimes.oneCpu().system();
        ConcurrentLinkedQueue<Boolean> flags = new ConcurrentLinkedQueue<>();
        Item leaky = runtimes.item(work -> {
            flags.add(Thread.currentThread().isInterrupted());
            Thread.currentThread().interrupt();
        });
        for (int i = 0; i < 100; i++) {
            workqueue.queue(leaky);
            leaky.flush();
        }
        assertEquals(100, flags.size());
        assertFalse(flags.contains(true));
    }

    /** J8: also where the handler fails, and its exception handler interrupts. */
    @Test
    void neither_a_failing_handler_nor_an_exception_handler_leaks_the_flag() {
        runtimes.handlersMayFail();
        ConcurrentLinkedQueue<Boolean> flags = new ConcurrentLinkedQueue<>();
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(
                runtime.workqueue("failing").exceptionHandler((work, thrown) -> Thread.currentThread().interrupt()));
        Item failing = runtimes.item(work -> {
            flags.add(Thread.currentThread().isInterrupted());
            throw new IllegalStateException("as the test wants");
        });
        for (int i = 0; i < 100; i++) {
            workqueue.queue(failing);
            failing.flush();
        }
        assertEquals(100, flags.size());
        assertFalse(flags.contains(true));
    }

    /** A sleeping handler can be interrupted, and what it throws is reported. */
    @Test
    void a_sleeping_handler_can_be_interrupted() {
        runtimes.handlersMayFail();
        WorkRuntime runtime = runtimes.oneCpu();
        AtomicReference<Throwable> reported = new AtomicReference<>();
        Workqueue workqueue =
                runtimes.queue(runtime.workqueue("reporting").exceptionHandler((work, thrown) -> reported.set(thrown)));
        Gate gate = runtimes.gate();
        AtomicReference<Thread> thread = new AtomicReference<>();
        Item sleeper = runtimes.item(work -> {
            thread.set(Thread.currentThread());
            gate.pass();
        });
        workqueue.queue(sleeper);
        Await.until("it sleeps", () -> thread.get() != null && thread.get().getState() == Thread.State.WAITING);
        thread.get().interrupt();
        sleeper.flush();
        assertInstanceOf(InterruptedException.class, reported.get());
    }

    /** A worker that is interrupted while it is idle still sleeps, and does not run anything twice. */
    @Test
    void an_interrupt_of_an_idle_worker_is_harmless() {
        WorkRuntime runtime = runtimes.oneCpu();
        AtomicReference<Thread> thread = new AtomicReference<>();
        AtomicBoolean isInterrupted = new AtomicBoolean();
        Item item = runtimes.item(work -> thread.set(Thread.currentThread()));
        for (int i = 1; i <= 50; i++) {
            runtime.system().queue(item);
            item.flush();
            thread.get().interrupt(); // too late for the run: it is the worker's now
            assertEquals(i, item.runs());
        }
        Books.awaitFetched(runtime.cpuArray()[0]);
        Item last = runtimes.item(work -> isInterrupted.set(Thread.currentThread().isInterrupted()));
        if (TestMode.isCarrier()) {
            Cpu cpu = runtime.cpuArray()[0];
            Await.until("the worker is idle", () -> Books.idleWorkers(cpu) == Books.workers(cpu));
        }
        runtime.system().queue(last);
        last.flush();
        assertFalse(isInterrupted.get());
    }
}
