// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Threads that handlers start, and whose item is the current one. */
@Timeout(60)
class ChildThreadTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    @Test
    void within_a_handler_its_item_is_the_current_one() {
        WorkRuntime runtime = runtimes.runtime();
        List<Work> seen = new ArrayList<>();
        Item inner = runtimes.item(work -> seen.add(Work.current()));
        Item outer = runtimes.item(work -> {
            seen.add(Work.current());
            runtime.system().queue(inner);
            inner.flush();
            Thread.sleep(1);
            seen.add(Work.current());
        });
        runtime.system().queue(outer);
        outer.flush();
        assertEquals(List.of(outer, inner, outer), seen);
        assertNull(Work.current());
    }

    /** A48: threads that a handler starts run nothing themselves. */
    @Test
    void threads_that_a_handler_starts_have_no_current_item() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicReference<Work> virtual = new AtomicReference<>();
        AtomicReference<Work> platform = new AtomicReference<>();
        Item item = runtimes.item(work -> {
            virtual.set(work);
            platform.set(work);
            Thread.startVirtualThread(() -> virtual.set(Work.current())).join();
            Thread.ofPlatform().start(() -> platform.set(Work.current())).join();
            assertSame(work, Work.current());
        });
        runtime.system().queue(item);
        item.flush();
        assertNull(virtual.get());
        assertNull(platform.get());
    }

    /** They are no workers: they may wait for the handler's item. */
    @Test
    void a_child_can_flush_its_parents_item() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        List<Thread> children = new ArrayList<>();
        AtomicInteger flushed = new AtomicInteger();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> {
            children.add(Thread.startVirtualThread(() -> flushed.addAndGet(work.flush() ? 1 : 0)));
            gate.pass();
        });
        runtime.system().queue(item);
        Await.until("the child waits", item::hasWaiters);
        gate.open();
        item.flush();
        children.getFirst().join();
        assertEquals(1, flushed.get());
    }

    @Test
    void children_of_children_and_executors_work_within_a_handler() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicInteger done = new AtomicInteger();
        Item item = runtimes.item(work -> {
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> futures = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    futures.add(executor.submit(() -> {
                        Thread child = Thread.startVirtualThread(done::incrementAndGet);
                        Thread.sleep(1);
                        child.join();
                        return done.incrementAndGet();
                    }));
                }
                for (Future<?> future : futures) {
                    future.get();
                }
            }
        });
        for (int cpu : runtime.cpus()) {
            runtime.system().queueOn(cpu, item);
            item.flush();
        }
        assertEquals(100 * runtime.cpus().length, done.get());
    }

    /** facts.md, P6: a virtual thread stays on the CPU of the handler that started it. */
    @Test
    @CarrierOnly
    void virtual_children_stay_on_the_handlers_cpu() {
        WorkRuntime runtime = runtimes.runtime();
        for (int cpu : runtime.cpus()) {
            ConcurrentLinkedQueue<String> carriers = new ConcurrentLinkedQueue<>();
            Item item = runtimes.item(work -> {
                for (int i = 0; i < 10; i++) {
                    Thread.startVirtualThread(() -> {
                        carriers.add(Thread.currentThread().toString());
                        try {
                            Thread.sleep(1);
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                        carriers.add(Thread.currentThread().toString());
                    }).join();
                }
            });
            runtime.system().queueOn(cpu, item);
            item.flush();
            assertEquals(20, carriers.size());
            assertTrue(carriers.stream().allMatch(name -> name.endsWith("@kworker/" + cpu)), carriers::toString);
        }
    }

    /** A child that neither handler nor runtime waits for goes on after the runtime is closed. */
    @Test
    void children_survive_the_close_of_the_runtime() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        List<Thread> children = new ArrayList<>();
        AtomicInteger done = new AtomicInteger();
        Item item = runtimes.item(work -> {
            for (int i = 0; i < 20; i++) {
                children.add(Thread.startVirtualThread(() -> {
                    try {
                        gate.pass();
                        for (int j = 0; j < 5; j++) {
                            Thread.sleep(1);
                            Thread.startVirtualThread(done::incrementAndGet).join();
                        }
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }));
            }
        });
        for (int cpu : runtime.cpus()) {
            runtime.system().queueOn(cpu, item);
            item.flush();
        }
        runtime.close();
        gate.open();
        for (Thread child : children) {
            child.join();
        }
        assertEquals(100 * runtime.cpus().length, done.get());
    }

    /** Also one that is just being woken, sleeps, or keeps the CPU at that moment. */
    @Test
    void children_in_any_state_survive_the_close_of_the_runtime() throws InterruptedException {
        for (int round = 0; round < 30; round++) {
            WorkRuntime runtime = runtimes.oneCpu();
            ConcurrentLinkedQueue<Thread> children = new ConcurrentLinkedQueue<>();
            AtomicInteger done = new AtomicInteger();
            int nanos = 1 + round * 30_000;
            Item item = runtimes.item(work -> {
                children.add(Thread.startVirtualThread(() -> {
                    for (int i = 0; i < 200; i++) {
                        Thread.yield();
                    }
                    done.incrementAndGet();
                }));
                children.add(Thread.startVirtualThread(() -> {
                    try {
                        for (int i = 0; i < 10; i++) {
                            Thread.sleep(0, nanos);
                        }
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    done.incrementAndGet();
                }));
                children.add(Thread.startVirtualThread(() -> {
                    long end = System.nanoTime() + nanos;
                    while (System.nanoTime() - end < 0) {
                        Thread.onSpinWait();
                    }
                    done.incrementAndGet();
                }));
            });
            runtime.system().queue(item);
            item.flush();
            runtime.close();
            for (Thread child : children) {
                child.join();
            }
            assertEquals(3, done.get());
        }
    }

    /** A child that hogs the CPU does not keep the runtime from closing. */
    @Test
    void a_hogging_child_does_not_hold_up_the_close() throws InterruptedException {
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.gate();
        Gate isHogging = runtimes.gate();
        List<Thread> children = new ArrayList<>();
        Item item = runtimes.item(work -> children.add(Thread.startVirtualThread(() -> {
            isHogging.open();
            gate.burn();
        })));
        runtime.system().queue(item);
        item.flush();
        Await.until("the child hogs the CPU", isHogging::isOpen);
        runtime.close();
        assertTrue(children.getFirst().isAlive());
        gate.open();
        children.getFirst().join();
    }
}
