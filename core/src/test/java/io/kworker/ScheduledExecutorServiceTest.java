// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.junit.jupiter.api.Nested;

/** {@link ScheduledExecutorServiceContract} for the executors of workqueues, and for the JDK's. */
class ScheduledExecutorServiceTest {
    @Nested
    class OfBoundWorkqueue extends ScheduledExecutorServiceContract {
        @Override
        ScheduledExecutorService make(int tasks) {
            runtimes.doNotCountRuns();
            return runtimes.queue(runtimes.oneCpu(), "view", tasks).asScheduledExecutorService();
        }
    }

    @Nested
    class OfUnboundWorkqueue extends ScheduledExecutorServiceContract {
        @Override
        ScheduledExecutorService make(int tasks) {
            runtimes.doNotCountRuns();
            WorkRuntime runtime = runtimes.runtime();
            return runtimes.queue(runtime.workqueue("view").unbound().maxActive(tasks)).asScheduledExecutorService();
        }
    }

    @Nested
    class OfJdk extends ScheduledExecutorServiceContract {
        @Override
        ScheduledExecutorService make(int tasks) {
            return new ScheduledThreadPoolExecutor(tasks);
        }

        @Override
        boolean keepsItsWord() {
            return false;
        }
    }
}
