// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Carriers are kept apart by threads that do nothing. */
@Timeout(60)
@CarrierOnly
class SpacerTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static Set<Thread> threads(Class<? extends Thread> kind) {
        return Thread.getAllStackTraces().keySet().stream().filter(kind::isInstance).collect(Collectors.toSet());
    }

    /** As many as carriers, those that others are relieved by too; and they are gone when the runtime is closed. */
    @Test
    void each_carrier_has_a_spacer_that_ends_with_it() {
        Set<Thread> othersCarriers = threads(Carrier.class);
        Set<Thread> othersSpacers = threads(Spacer.class);
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        Workqueue workqueue = runtimes.queue(runtime.workqueue("intensive").cpuIntensive());
        Gate gate = runtimes.gate();
        Item hog = runtimes.item(work -> gate.burn());
        workqueue.queue(hog);
        Await.until("it burns", hog::isRunning);
        Item other = runtimes.item();
        for (int cpu : runtime.cpus()) {
            runtime.system().queueOn(cpu, other);
            other.flush();
        }
        Set<Thread> carriers = threads(Carrier.class);
        Set<Thread> spacers = threads(Spacer.class);
        carriers.removeAll(othersCarriers);
        spacers.removeAll(othersSpacers);
        assertTrue(carriers.size() > runtime.cpus().length);
        assertEquals(carriers.size(), spacers.size());
        gate.open();
        hog.flush();
        runtime.close();
        assertEquals(0, carriers.stream().filter(Thread::isAlive).count());
        assertEquals(0, spacers.stream().filter(Thread::isAlive).count());
    }
}
