// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Message to the owner of a CPU: takes back all timers of workqueues that are being closed (J2). */
final class TimerSweep implements Delivery {
    private final Timers timers;
    private final List<Workqueue> workqueues;
    private final CountDownLatch done;

    private TimerSweep(Timers timers, List<Workqueue> workqueues, CountDownLatch done) {
        this.timers = timers;
        this.workqueues = workqueues;
        this.done = done;
    }

    /**
     * Takes back all timers of workqueues of one runtime, which take nothing new from outside. They lie in the wheels
     * or in the rings of its CPUs by now, or are known to their workqueue to be on their way; who arms one now takes it
     * back himself. A few may be overlooked: behind an operation that is still being put into the ring, or with a
     * message that somebody else has yet to send: see {@link Workqueue#endTimers}.
     */
    static void sweep(List<Workqueue> all) {
        List<Workqueue> concerned = all.stream().filter(Workqueue::hasTimers).toList();
        if (concerned.isEmpty()) {
            return;
        }
        Cpu[] cpus = concerned.getFirst().runtime().cpuArray();
        sweep(cpus, concerned);
        sweep(cpus, concerned); // what the first one has sent from one CPU to another
    }

    private static void sweep(Cpu[] cpus, List<Workqueue> concerned) {
        concerned.forEach(Workqueue::recallArmings);
        CountDownLatch done = new CountDownLatch(cpus.length);
        for (Cpu cpu : cpus) {
            cpu.post(new TimerSweep(cpu.timers, concerned, done));
        }
        Threads.await(done);
    }

    @Override
    public void deliver() {
        timers.removeIf(this::takeBack);
        done.countDown();
    }

    /** True where the alarm is of one of them. */
    private boolean takeBack(Alarm alarm) {
        if (alarm instanceof SoftTimer timer) {
            return takeBack(timer);
        }
        if (!(alarm instanceof Countdown countdown)) {
            return false;
        }
        for (Workqueue workqueue : workqueues) {
            if (countdown.isFor(workqueue)) {
                countdown.takeBack();
                return true;
            }
        }
        return false;
    }

    private boolean takeBack(SoftTimer timer) {
        Workqueue callbacks = timer.queueOfCallbacks();
        boolean isConcerned = workqueues.contains(callbacks);
        if (isConcerned && timer.takeBack(timers)) {
            callbacks.timerCancelled();
        }
        return isConcerned;
    }
}
