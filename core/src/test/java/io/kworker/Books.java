// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** Looks into the books of a CPU, on the thread that owns it. */
final class Books {
    private Books() {}

    /** The look must only read: it runs on the bare carrier. */
    static <T> T read(Cpu cpu, Supplier<T> look) {
        AtomicReference<T> result = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        Delivery delivery = () -> {
            result.set(look.get());
            done.countDown();
        };
        cpu.post(delivery);
        Await.open("CPU " + cpu.number + " has delivered a message", done);
        return result.get();
    }

    /** What a bound workqueue has on a CPU. */
    static BoundShare share(Workqueue workqueue, int index) {
        return (BoundShare) workqueue.allShares().get(index);
    }

    /** Items of the workqueue that were started on the CPU and have not ended. */
    static int active(Workqueue workqueue, int index) {
        BoundShare share = share(workqueue, index);
        return read(share.cpu, () -> share.active);
    }

    /** Whether entries of the workqueue wait for a slot on the CPU. */
    static boolean hasParked(Workqueue workqueue, int index) {
        BoundShare share = share(workqueue, index);
        return read(share.cpu, () -> !share.inactive.isEmpty());
    }

    /** Whether nothing lies in the queue of the CPU any more: all of it has been started, parked or dropped. */
    static void awaitFetched(Cpu cpu) {
        Await.until("CPU " + cpu.number + " has emptied its queue", () -> read(cpu, cpu.queue::isEmpty));
    }

    static int workers(Cpu cpu) {
        Crew crew = seat(cpu).crew();
        return read(cpu, crew::size);
    }

    static int idleWorkers(Cpu cpu) {
        Crew crew = seat(cpu).crew();
        return read(cpu, crew::idle);
    }

    /** Only with the carrier scheduler. */
    static Seat seat(Cpu cpu) {
        return (Seat) cpu.runtime.engines().get(cpu.index);
    }
}
