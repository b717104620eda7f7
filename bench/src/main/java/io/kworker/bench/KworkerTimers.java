// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.SoftTimer;
import io.kworker.WorkRuntime;
import java.util.concurrent.CountDownLatch;

/** {@link SoftTimer} with the runtime's default settings. */
final class KworkerTimers implements TimerPeer {
    private final KworkerPeer peer;

    KworkerTimers(Lane lane, Cpus cpus) {
        peer = KworkerPeer.of(lane.contender(), lane.placement(), cpus);
    }

    @Override
    public TimerItem newItem(TimerLog log) {
        return new Timed(peer.runtime(), log);
    }

    @Override
    public void inPlace(Runnable body) {
        CountDownLatch done = new CountDownLatch(1);
        peer.submit(new Item() {
            @Override
            public void run() {
                try {
                    body.run();
                } finally {
                    done.countDown();
                }
            }
        });
        try {
            done.await();
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
    }

    @Override
    public void arm(TimerItem item, long deadline, long now) {
        if (((Timed) item).timer.mod(deadline)) {
            throw new BenchException("a timer that was not armed was pending");
        }
    }

    @Override
    public boolean cancel(TimerItem item) {
        return ((Timed) item).timer.delete();
    }

    @Override
    public boolean armAndCancel(TimerItem item, long deadline, long now) {
        SoftTimer timer = ((Timed) item).timer;
        timer.mod(deadline);
        return timer.delete();
    }

    @Override
    public void close() {
        peer.close();
    }

    /** The item and its timer. */
    private static final class Timed extends TimerItem {
        private final SoftTimer timer;

        Timed(WorkRuntime runtime, TimerLog log) {
            super(log);
            timer = new Timer(runtime, this);
        }
    }

    private static final class Timer extends SoftTimer {
        private final TimerItem item;

        Timer(WorkRuntime runtime, TimerItem item) {
            super(runtime);
            this.item = item;
        }

        @Override
        protected void expired() {
            item.run();
        }
    }
}
