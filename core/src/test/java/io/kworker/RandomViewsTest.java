// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Commands against shutdowns, drains and freezes: each is run once, or returned once, or was refused. */
@Timeout(100)
class RandomViewsTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    static final class Cmd implements Runnable {
        final AtomicInteger runs = new AtomicInteger();
        volatile boolean accepted;
        volatile int returned;
        final int kind;

        Cmd(int kind) {
            this.kind = kind;
        }

        @Override
        public void run() {
            runs.incrementAndGet();
            switch (kind) {
                case 0 -> {
                    try {
                        Thread.sleep(1);
                    } catch (InterruptedException e) {
                        // fine
                    }
                }
                case 1 -> {
                    long end = System.nanoTime() + 3_000_000;
                    while (System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
                        Thread.onSpinWait();
                    }
                }
                case 2 -> Thread.yield();
                case 3 -> Work.current();
                default -> {}
            }
        }
    }

    @Test
    void commands_are_run_or_returned_or_refused() throws Exception {
        runtimes.doNotCountRuns();
        runtimes.mayStrandRefusedEntries();
        for (int variant = 0; variant < 4; variant++) {
            WorkRuntime.Builder b = RuntimeExtension.builder().ringCapacity(variant % 2 == 0 ? 64 : 1024);
            if (variant >= 2) {
                b.cpuIntensiveThreshold(Duration.ofMillis(1));
            }
            WorkRuntime runtime = runtimes.start(b);
            Workqueue.Builder wb = runtime.workqueue("r" + variant).maxActive(variant % 2 == 0 ? 2 : 64).freezable();
            if (variant == 3 || variant == 0) {
                wb.memReclaim();
            }
            Workqueue wq = runtimes.queue(wb);
            long until = System.nanoTime() + 500_000_000L;
            int rounds = 0;
            AtomicInteger strays = new AtomicInteger();
            while (System.nanoTime() < until) {
                rounds++;
                View view = (View) wq.asExecutorService(rounds % 3 == 0 ? Bound.reject(50) : Bound.none());
                View bystander = (View) wq.asExecutorService();
                List<List<Cmd>> lists = new ArrayList<>();
                List<TestThreads.Started> threads = new ArrayList<>();
                int many = ThreadLocalRandom.current().nextInt(1, 300);
                for (int t = 0; t < 2; t++) {
                    List<Cmd> list = new ArrayList<>();
                    lists.add(list);
                    threads.add(TestThreads.start(() -> {
                        ThreadLocalRandom r = ThreadLocalRandom.current();
                        for (int i = 0; i < many; i++) {
                            Cmd cmd = new Cmd(r.nextInt(100));
                            list.add(cmd);
                            try {
                                view.execute(cmd);
                                cmd.accepted = true;
                            } catch (RejectedExecutionException e) {
                                // not accepted
                            }
                        }
                    }));
                }
                AtomicInteger by = new AtomicInteger();
                AtomicInteger byAccepted = new AtomicInteger();
                threads.add(TestThreads.start(() -> {
                    for (int i = 0; i < 100; i++) {
                        try {
                            bystander.execute(() -> {
                                by.incrementAndGet();
                                if (Thread.currentThread().isInterrupted()) {
                                    strays.incrementAndGet();
                                }
                                Thread.onSpinWait();
                                if (Thread.currentThread().isInterrupted()) {
                                    strays.incrementAndGet();
                                }
                            });
                            byAccepted.incrementAndGet();
                        } catch (RejectedExecutionException e) {
                            // draining
                        }
                    }
                }));
                int what = ThreadLocalRandom.current().nextInt(6);
                long spin = System.nanoTime() + ThreadLocalRandom.current().nextInt(200_000);
                while (System.nanoTime() < spin) {
                    Thread.onSpinWait();
                }
                List<Runnable> returned = new ArrayList<>();
                switch (what) {
                    case 0 -> view.shutdown();
                    case 1 -> wq.drain();
                    case 2 -> wq.flush();
                    case 3 -> {
                        runtime.freeze();
                        returned.addAll(view.shutdownNow());
                        runtime.thaw();
                    }
                    case 4 -> {
                        List<Runnable> other = new ArrayList<>();
                        TestThreads.Started second = TestThreads.start(() -> other.addAll(view.shutdownNow()));
                        returned.addAll(view.shutdownNow());
                        second.join();
                        returned.addAll(other);
                    }
                    default -> returned.addAll(view.shutdownNow());
                }
                threads.forEach(TestThreads.Started::join);
                view.shutdown();
                assertTrue(view.awaitTermination(20, TimeUnit.SECONDS), view::toString);
                bystander.shutdown();
                assertTrue(bystander.awaitTermination(20, TimeUnit.SECONDS), bystander::toString);
                assertEquals(byAccepted.get(), by.get());
                for (Runnable one : returned) {
                    ((Cmd) one).returned++;
                }
                for (List<Cmd> list : lists) {
                    for (Cmd cmd : list) {
                        int fates = cmd.runs.get() + cmd.returned;
                        assertEquals(cmd.accepted ? 1 : 0, fates,
                                () -> "what=" + what + " runs=" + cmd.runs.get() + " returned=" + cmd.returned);
                    }
                }
                assertEquals(0, strays.get(), "strays, what=" + what);
            }
            TestThreads.start(wq::close).join();
        }
    }
}
