// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

/** Timers under test, with the threads of the executor started. */
interface TimerPeer extends AutoCloseable {
    /** Made before the timers are: from an unpinned thread. */
    static TimerPeer open(Lane lane, Cpus cpus, PeerThreads threads) {
        return switch (lane.contender()) {
            case STPE -> new StpeTimers(threads);
            case FJP -> new FjpTimers(threads);
            case NETTY_WHEEL -> new NettyTimers(threads);
            case AGRONA_WHEEL -> new AgronaTimers();
            default -> new KworkerTimers(lane, cpus);
        };
    }

    /** What the executor needs of a timer that can be reused: nothing of it is to be measured. */
    TimerItem newItem(TimerLog log);

    /** Runs where timers are armed at best: for kworker in a handler, on the CPU whose timers they are. */
    default void inPlace(Runnable body) {
        body.run();
    }

    /**
     * Arms a timer that is not armed.
     *
     * @param now a moment before the call, for who wants a delay
     */
    void arm(TimerItem item, long deadline, long now);

    /** Takes a timer that is armed back; true if it was pending. */
    boolean cancel(TimerItem item);

    /** Arms a timer, and takes it back at once; true if it was pending. */
    boolean armAndCancel(TimerItem item, long deadline, long now);

    /** Ends the threads, whatever is still armed. */
    @Override
    void close();
}
