// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import java.util.concurrent.TimeUnit;

/** Netty's {@code HashedWheelTimer} with a tick of a millisecond; its thread runs what is due. */
final class NettyTimers implements TimerPeer {
    private static final int SLOTS = 512;

    private final HashedWheelTimer timer;

    NettyTimers(PeerThreads threads) {
        timer = new HashedWheelTimer(threads, 1, TimeUnit.MILLISECONDS, SLOTS, false);
        timer.start();
    }

    @Override
    public TimerItem newItem(TimerLog log) {
        return new TimerItem(log);
    }

    @Override
    public void arm(TimerItem item, long deadline, long now) {
        item.handle = timer.newTimeout(item, deadline - now, TimeUnit.NANOSECONDS);
    }

    @Override
    public boolean cancel(TimerItem item) {
        return item.handle instanceof Timeout timeout && timeout.cancel();
    }

    @Override
    public boolean armAndCancel(TimerItem item, long deadline, long now) {
        return timer.newTimeout(item, deadline - now, TimeUnit.NANOSECONDS).cancel();
    }

    @Override
    public void close() {
        timer.stop();
    }
}
