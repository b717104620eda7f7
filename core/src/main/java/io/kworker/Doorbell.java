// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How a sleeping thread is woken once, by the first who has something for it.
 *
 * <p>Assumptions: one sleeper at a time; whoever rings has published its message by an operation that is sequentially
 * consistent (a CAS, an exchange, a volatile store) before it calls {@link #ring}.
 *
 * <p>Guarantee: a message published is either seen by the sleeper's look between {@link #announce} and {@link #await},
 * or the sleeper is woken. Between two announcements at most one thread pays for a wake-up; the others read one shared
 * word.
 */
final class Doorbell extends DoorbellPad {
    /*
     * asleep:  0 AWAKE --announce (sleeper, volatile store)--> 1 ASLEEP
     *          1 ASLEEP --ring (first ringer, CAS)--> 0 AWAKE, and this ringer unparks
     *          1 ASLEEP --withdraw (sleeper, volatile store), or its time is up (sleeper, CAS)--> 0 AWAKE
     *
     * Not lost: ringer  publish message ; read asleep        sleeper  asleep = 1 ; look for messages
     * Both are store-load pairs in the one total order of volatile operations, so at least one of the two reads sees
     * the other's store. A permit eaten by someone else (a pinned virtual thread parks on its carrier) is harmless:
     * await() returns by the word, not by the permit.
     */
    private static final VarHandle ASLEEP = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "asleep", VarHandle.class, DoorbellWord.class, int.class);

    /** Sleeper. To be followed by a look for messages, then by {@link #await} or {@link #withdraw}. */
    void announce() {
        sleeper = Thread.currentThread();
        asleep = 1;
    }

    /** Sleeper. Back awake without having slept. */
    void withdraw() {
        asleep = 0;
    }

    /** Sleeper, after {@link #announce}. Returns once somebody rang. */
    void await() {
        while (asleep != 0) {
            LockSupport.park(this);
            Thread.interrupted(); // a set flag would turn the park into a busy loop
        }
    }

    /**
     * Sleeper, after {@link #announce}. Returns awake: true where somebody rang, false where the time has passed;
     * {@code MAX_VALUE} for no end.
     */
    boolean await(long nanos) {
        if (nanos == Long.MAX_VALUE) {
            await();
            return true;
        }
        long deadline = System.nanoTime() + nanos;
        long left = nanos;
        while (asleep != 0 && left > 0) {
            LockSupport.parkNanos(this, left);
            Thread.interrupted();
            left = deadline - System.nanoTime();
        }
        return !ASLEEP.compareAndSet(this, 1, 0);
    }

    /** Any thread, after publishing a message. */
    void ring() {
        if (asleep != 0) {
            wake();
        }
    }

    private void wake() {
        if (ASLEEP.compareAndSet(this, 1, 0)) {
            LockSupport.unpark(sleeper); // read after the CAS: whoever slept then sleeps until this call
        }
    }

    /** Any thread. A snapshot. */
    boolean isAsleep() {
        return asleep != 0;
    }
}

abstract class DoorbellWord extends Lead {
    /** M: see the transitions in {@link Doorbell}. */
    volatile int asleep;

    /** R(asleep): the thread to unpark. */
    @Nullable Thread sleeper;
}

abstract class DoorbellPad extends DoorbellWord {
    int p;
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
}
