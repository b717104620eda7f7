// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One handler runs on a CPU at a time, and the next one starts when it blocks (G21 to G24). No CPU is taken over here.
 */
@Timeout(60)
class ConcurrencyTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** G21, G24: burning the CPU is not sleeping. */
    @Test
    void while_a_handler_runs_no_other_starts() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item next = runtimes.item();
        runtime.system().queue(next);
        Await.never("two handlers run at once", () -> next.runs() > 0);
        gate.open();
        next.flush();
        assertEquals(1, next.runs());
    }

    /** G21. */
    @Test
    void handlers_that_do_not_block_run_one_at_a_time() {
        WorkRuntime runtime = runtimes.strictCpu();
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            items.add(runtimes.item(work -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                for (int spin = 0; spin < 1_000; spin++) {
                    Thread.onSpinWait();
                }
                running.decrementAndGet();
            }));
            runtime.system().queue(items.getLast());
        }
        items.forEach(Work::flush);
        assertEquals(1, most.get());
    }

    /** How a handler blocks, and how it is woken. */
    private record Blocking(String name, Work.Handler block, TestThreads.Body wake) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Blocking> waysToBlock() throws IOException {
        ReentrantLock lock = new ReentrantLock();
        Object monitor = new Object();
        Object condition = new Object();
        boolean[] isNotified = new boolean[1];
        SynchronousQueue<String> queue = new SynchronousQueue<>();
        CompletableFuture<String> future = new CompletableFuture<>();
        Gate latch = new Gate();
        Gate holdsLock = new Gate();
        Gate holdsMonitor = new Gate();
        Gate childEnds = new Gate();
        Gate parked = new Gate();
        Gate asleep = new Gate();
        Pipe pipe = Pipe.open();
        return Stream.of(
                new Blocking("a latch", work -> latch.pass(), latch::open),
                new Blocking("Thread.sleep", work -> sleepUntil(asleep), asleep::open),
                new Blocking("a timed park", work -> parkUntil(parked), parked::open),
                new Blocking("a lock", lockedBy(lock, holdsLock), holdsLock::open),
                new Blocking("synchronized", synchronizedBy(monitor, holdsMonitor), holdsMonitor::open),
                new Blocking("Object.wait", work -> {
                    synchronized (condition) {
                        while (!isNotified[0]) {
                            condition.wait();
                        }
                    }
                }, () -> {
                    synchronized (condition) {
                        isNotified[0] = true;
                        condition.notifyAll();
                    }
                }),
                new Blocking("a synchronous queue", work -> queue.take(), () -> queue.put("")),
                new Blocking("a future", work -> future.get(), () -> future.complete("")),
                new Blocking("Thread.join", work -> {
                    Thread child = Thread.ofPlatform().daemon().start(childEnds::burn);
                    child.join();
                }, childEnds::open),
                new Blocking("a pipe", work -> pipe.source().read(ByteBuffer.allocate(1)),
                        () -> pipe.sink().write(ByteBuffer.allocate(1))));
    }

    private static void sleepUntil(Gate gate) throws InterruptedException {
        while (!gate.isOpen()) {
            Thread.sleep(1);
        }
    }

    private static void parkUntil(Gate gate) {
        while (!gate.isOpen()) {
            LockSupport.parkNanos(300_000);
        }
    }

    /** A handler that wants a lock, which another thread holds until the gate opens. */
    private static Work.Handler lockedBy(ReentrantLock lock, Gate gate) {
        return work -> {
            Gate isHeld = new Gate();
            TestThreads.start(() -> {
                lock.lock();
                isHeld.open();
                gate.pass();
                lock.unlock();
            });
            isHeld.pass();
            lock.lock();
            lock.unlock();
        };
    }

    private static Work.Handler synchronizedBy(Object monitor, Gate gate) {
        return work -> {
            Gate isHeld = new Gate();
            TestThreads.start(() -> {
                synchronized (monitor) {
                    isHeld.open();
                    gate.pass();
                }
            });
            isHeld.pass();
            synchronized (monitor) {
                monitor.notifyAll();
            }
        };
    }

    /** G22. */
    @ParameterizedTest
    @MethodSource("waysToBlock")
    void when_a_handler_blocks_the_next_one_starts(Blocking blocking) throws Exception {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item blocked = runtimes.item(blocking.block);
        Item next = runtimes.item();
        runtime.system().queue(blocked);
        runtime.system().queue(next);
        gate.open();
        next.flush();
        assertEquals(1, next.runs());
        assertTrue(blocked.isRunning());
        blocking.wake.run();
        blocked.flush();
        assertEquals(1, blocked.runs());
    }

    /** G22: as many as block. */
    @Test
    void a_thousand_blocked_handlers_do_not_keep_the_next_one_from_starting() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        List<Item> sleepers = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            sleepers.add(runtimes.item(work -> gate.pass()));
            runtime.system().queue(sleepers.getLast());
        }
        Item next = runtimes.item();
        runtime.system().queue(next);
        next.flush();
        assertTrue(sleepers.stream().allMatch(Work::isRunning));
        gate.open();
        sleepers.forEach(Work::flush);
    }

    /** G23: who was woken goes on before new items start. */
    @Test
    void a_woken_handler_goes_on_before_new_items_start() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtime.system();
        ConcurrentLinkedQueue<String> order = new ConcurrentLinkedQueue<>();
        Gate asleep = runtimes.gate();
        Item sleeper = runtimes.item(work -> {
            asleep.pass();
            order.add("woken");
        });
        workqueue.queue(sleeper);
        Books.awaitFetched(runtime.cpuArray()[0]);
        Await.until("the sleeper sleeps", () -> sleeper.runs() == 1);
        Gate busy = runtimes.occupy(workqueue, RuntimeExtension.firstCpu());
        List<Item> later = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            later.add(runtimes.item(work -> order.add("new")));
            workqueue.queue(later.getLast());
        }
        asleep.open();
        if (!TestMode.isCarrier()) { // there it goes on beside the busy one
            sleeper.flush();
        }
        busy.open();
        later.forEach(Work::flush);
        sleeper.flush();
        assertEquals("woken", order.peek());
        assertEquals(11, order.size());
    }

    /** Handlers that wait for each other on one CPU. */
    @Test
    void two_handlers_on_a_cpu_can_talk_to_each_other() {
        WorkRuntime runtime = runtimes.oneCpu();
        SynchronousQueue<Integer> there = new SynchronousQueue<>();
        SynchronousQueue<Integer> back = new SynchronousQueue<>();
        AtomicInteger sum = new AtomicInteger();
        Item ping = runtimes.item(work -> {
            for (int i = 1; i <= 500; i++) {
                there.put(i);
                sum.addAndGet(back.take());
            }
        });
        Item pong = runtimes.item(work -> {
            for (int i = 1; i <= 500; i++) {
                back.put(2 * there.take());
            }
        });
        runtime.system().queue(ping);
        runtime.system().queue(pong);
        ping.flush();
        pong.flush();
        assertEquals(500 * 501, sum.get());
    }

    /**
     * New items that keep coming do not keep a woken handler from going on, nor the other way round (the carrier's
     * budget).
     */
    @Test
    void neither_new_items_nor_woken_handlers_starve() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtime.system();
        Gate stop = runtimes.gate();
        Item busy = runtimes.item(work -> {
            if (!stop.isOpen()) {
                workqueue.queue(work);
            }
        });
        List<Item> yielders = new ArrayList<>();
        AtomicInteger turns = new AtomicInteger();
        for (int i = 0; i < 3; i++) {
            yielders.add(runtimes.item(work -> {
                while (!stop.isOpen()) {
                    turns.incrementAndGet();
                    if (TestMode.isCarrier()) {
                        Thread.yield();
                    } else {
                        LockSupport.parkNanos(1); // the JDK's scheduler lets threads that yield starve new ones
                    }
                }
            }));
        }
        yielders.forEach(workqueue::queue);
        workqueue.queue(busy);
        Await.until("all have had many turns", () -> busy.runs() > 200 && turns.get() > 1_000);
        stop.open();
        yielders.forEach(Work::flush);
        Await.until("the busy one has ended", () -> !busy.isBusy());
    }
}
