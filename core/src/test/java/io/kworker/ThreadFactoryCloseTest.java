// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The threads of {@link WorkRuntime#threadFactory} and the end of their runtime: it waits for none and loses none. */
@Timeout(60)
class ThreadFactoryCloseTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    @Test
    void a_closed_runtime_makes_no_threads() {
        WorkRuntime runtime = runtimes.runtime();
        List<ThreadFactory> factories = List.of(runtime.threadFactory(), runtime.threadFactory(runtime.cpus()[0]));
        runtime.close();
        for (ThreadFactory factory : factories) {
            assertEquals("runtime 'test' is closed: it makes no thread",
                    assertThrows(RejectedExecutionException.class, () -> factory.newThread(() -> {})).getMessage());
            try (ExecutorService executor = Executors.newThreadPerTaskExecutor(factory)) {
                assertThrows(RejectedExecutionException.class, () -> executor.execute(() -> {}));
                assertThrows(RejectedExecutionException.class, () -> executor.submit(() -> {}));
            }
        }
    }

    @Test
    void a_thread_made_before_the_close_can_be_started_after_it() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        AtomicInteger done = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int cpu : runtime.cpus()) {
            for (int i = 0; i < 10; i++) {
                threads.add(runtime.threadFactory(cpu).newThread(() -> {
                    try {
                        Thread.sleep(1);
                        Thread.startVirtualThread(done::incrementAndGet).join();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }));
            }
        }
        runtime.close();
        threads.forEach(Thread::start);
        TestThreads.join(threads);
        assertEquals(threads.size(), done.get());
    }

    @Test
    void threads_in_any_state_live_on() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        CountDownLatch begun = new CountDownLatch(40);
        AtomicInteger done = new AtomicInteger();
        List<Thread> threads = TestThreads.start(runtime.threadFactory(), 20, () -> {
            try {
                begun.countDown();
                gate.pass();
                Thread.sleep(1);
                done.incrementAndGet();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        threads.addAll(TestThreads.start(runtime.threadFactory(), 20, () -> {
            begun.countDown();
            while (!gate.isOpen()) {
                try {
                    Thread.sleep(1);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            done.incrementAndGet();
        }));
        Await.open("all have begun", begun);
        runtime.close();
        assertEquals(0, done.get());
        gate.open();
        TestThreads.join(threads);
        assertEquals(40, done.get());
    }

    /** One that keeps the thread on which it runs then does not keep all. */
    @Test
    void threads_that_live_on_do_so_side_by_side() throws InterruptedException {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "one CPU only");
        WorkRuntime runtime = runtimes.runtime();
        Gate closed = runtimes.gate();
        Gate burning = runtimes.gate();
        Gate gate = runtimes.gate();
        List<Thread> threads = TestThreads.start(runtime.threadFactory(), 1, () -> {
            pass(closed);
            burning.open();
            gate.burn();
        });
        threads.addAll(TestThreads.start(runtime.threadFactory(), 1, () -> {
            pass(burning);
            gate.open();
        }));
        runtime.close();
        closed.open();
        TestThreads.join(threads);
    }

    private static void pass(Gate gate) {
        try {
            gate.pass();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void threads_that_always_can_run_do_not_hold_up_the_close() throws InterruptedException {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        CountDownLatch begun = new CountDownLatch(8);
        List<Thread> threads = TestThreads.start(runtime.threadFactory(), 8, () -> {
            begun.countDown();
            while (!gate.isOpen()) {
                Thread.yield();
            }
        });
        if (TestMode.isCarrier()) {
            Await.open("all have begun", begun);
        } // the JDK's own scheduler may starve some of them
        runtime.close();
        assertFalse(gate.isOpen());
        gate.open();
        TestThreads.join(threads);
    }

    @Test
    void a_thread_that_keeps_its_cpu_does_not_hold_up_the_close() throws InterruptedException {
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.gate();
        Gate burning = runtimes.gate();
        List<Thread> threads = TestThreads.start(runtime.threadFactory(), 1, () -> {
            burning.open();
            gate.burn();
        });
        Await.until("it burns", burning::isOpen);
        runtime.close();
        assertTrue(threads.getFirst().isAlive());
        gate.open();
        TestThreads.join(threads);
    }

    /** It moves to the JDK's carriers while it waits. */
    @Test
    void a_thread_of_the_runtime_can_close_it() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            WorkRuntime runtime = runtimes.runtime();
            AtomicInteger closed = new AtomicInteger();
            Runnable close = () -> {
                runtime.close();
                closed.incrementAndGet();
            };
            List<Thread> threads =
                    List.of(runtime.threadFactory().newThread(close), runtime.threadFactory().newThread(close));
            threads.forEach(Thread::start);
            TestThreads.join(threads);
            assertEquals(2, closed.get());
        }
    }

    /** As they may queue then. */
    @Test
    void handlers_make_threads_while_their_runtime_closes() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        AtomicInteger done = new AtomicInteger();
        Item item = runtimes.item(work -> {
            gate.pass();
            try (ExecutorService executor = Executors.newThreadPerTaskExecutor(runtime.threadFactory())) {
                for (int i = 0; i < 10; i++) {
                    executor.submit(done::incrementAndGet);
                }
            }
        });
        runtime.system().queue(item);
        TestThreads.Started closing = TestThreads.start(runtime::close);
        Await.until("the runtime closes", runtime::isClosing);
        gate.open();
        closing.join();
        assertEquals(10, done.get());
    }

    /** Each is run, or refused. */
    @Test
    void threads_made_while_the_runtime_closes_are_not_lost() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            WorkRuntime runtime = runtimes.runtime();
            AtomicInteger ran = new AtomicInteger();
            List<Thread> made = new ArrayList<>();
            TestThreads.Started maker = TestThreads.start(() -> {
                ThreadFactory factory = runtime.threadFactory();
                try {
                    for (;;) {
                        Thread thread = factory.newThread(ran::incrementAndGet);
                        thread.start();
                        made.add(thread);
                    }
                } catch (RejectedExecutionException e) {
                    // closed
                }
            });
            Await.until("threads run", () -> ran.get() > 10);
            runtime.close();
            maker.join();
            TestThreads.join(made);
            assertEquals(made.size(), ran.get());
        }
    }

    /** The one case in which it waits for a thread: nobody else could end the CPU. */
    @Test
    @CarrierOnly
    void one_that_keeps_a_cpu_which_is_not_taken_from_it_holds_up_the_close() throws InterruptedException {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        CountDownLatch runs = new CountDownLatch(1);
        List<Thread> threads = TestThreads.start(runtime.threadFactory(), 1, () -> {
            runs.countDown();
            gate.burn();
        });
        Await.open("it runs", runs);
        Thread closer = Thread.ofPlatform().start(runtime::close);
        Await.never("the runtime is closed", () -> !closer.isAlive());
        gate.open();
        closer.join();
        TestThreads.join(threads);
    }
}
