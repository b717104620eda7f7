// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What is in the heap, and what has ever been put there. */
final class Heap {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int COLLECTIONS = 2;

    private Heap() {
    }

    /** Bytes in use after a full collection. */
    static long used() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /**
     * Bytes allocated so far by all threads. Not by the calling one: of a virtual thread the JVM does not tell, and
     * nobody else allocates during a measurement.
     */
    static long allocated() {
        return THREADS.getTotalThreadAllocatedBytes();
    }
}
