// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The JDK's scheduler ends threads that had nothing to do for 30 s, and makes new ones on whichever thread needs them,
 * with the mask of that thread: also on a carrier that wakes one of the JDK's virtual threads (facts.md 0.7).
 */
@Timeout(60)
@CarrierOnly
class InheritedMaskTest {
    /** In a JVM of its own: what goes wrong here would stay. */
    @Test
    void the_jdks_scheduler_is_not_confined_to_the_cpu_of_the_carrier_that_wakes_its_threads() throws Exception {
        assumeTrue(Os.problem() == null, Os.problem());
        assumeTrue(Os.processAffinity().cardinality() > 1);
        Process process = new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-ea",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens",
                "java.base/java.lang=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
        assertEquals("CPUs of the threads of the JDK's scheduler: [" + Os.processAffinity().cardinality() + "]",
                output.trim());
    }

    /** Lets the JDK's scheduler make threads, as after half a minute, and a handler be the one that makes it do so. */
    static final class Child {
        private static final int THREADS = 4;

        public static void main(String[] args) throws InterruptedException {
            Set<Integer> cpus = ConcurrentHashMap.newKeySet();
            try (WorkRuntime runtime = WorkRuntime.builder()
                    .carrierScheduler(WorkRuntime.Mode.ON)
                    .pinning(WorkRuntime.Mode.ON)
                    .build()) {
                CountDownLatch done = new CountDownLatch(1);
                CountDownLatch left = new CountDownLatch(THREADS);
                Work item = Work.of(work -> done.await());
                runtime.system().queue(item);
                List<Thread> waiters = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    waiters.add(Thread.startVirtualThread(() -> {
                        item.flush();
                        cpus.add(Os.threadAffinity().cardinality());
                        left.countDown();
                        while (left.getCount() > 0) {
                            Thread.onSpinWait(); // so that each needs a thread of the scheduler's
                        }
                    }));
                }
                while (!waiters.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING)) {
                    LockSupport.parkNanos(1_000_000);
                }
                // its own threads are busy, so that nobody but the carrier can make the next one
                VirtualThreadSchedulerMXBean scheduler =
                        ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
                int busy = scheduler.getParallelism();
                CountDownLatch spinning = new CountDownLatch(busy);
                for (int i = 0; i < busy; i++) {
                    Thread.startVirtualThread(() -> {
                        spinning.countDown();
                        while (left.getCount() > 0) {
                            Thread.onSpinWait();
                        }
                    });
                }
                spinning.await();
                scheduler.setParallelism(busy + THREADS);
                done.countDown();
                left.await();
            }
            System.out.println("CPUs of the threads of the JDK's scheduler: " + cpus);
        }
    }
}
