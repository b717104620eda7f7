// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;

/** {@link ExecutorServiceContract} for the executors of workqueues, and for the JDK's. */
class ExecutorServiceTest {
    @Nested
    class OfBoundWorkqueue extends ExecutorServiceContract {
        @Override
        ExecutorService make(int tasks) {
            runtimes.doNotCountRuns();
            return runtimes.queue(runtimes.oneCpu(), "view", tasks).asExecutorService();
        }
    }

    @Nested
    class OfUnboundWorkqueue extends ExecutorServiceContract {
        @Override
        ExecutorService make(int tasks) {
            runtimes.doNotCountRuns();
            WorkRuntime runtime = runtimes.runtime();
            return runtimes.queue(runtime.workqueue("view").unbound().maxActive(tasks)).asExecutorService();
        }
    }

    @Nested
    class OfJdk extends ExecutorServiceContract {
        @Override
        ExecutorService make(int tasks) {
            return new ThreadPoolExecutor(tasks, tasks, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
        }
    }
}
