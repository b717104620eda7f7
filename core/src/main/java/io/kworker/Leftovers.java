// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/**
 * Alarms of a wheel that were taken back or put off, and stay in their slots for a while since they may be armed again:
 * to link one costs more than all else, with the collector's books for each link. Confined to the wheel's owner, who
 * clears some of them away with each look at the clock, and all of them when the CPU has slept for a while. An alarm
 * that is armed again stays listed, and is left alone when its turn comes.
 */
final class Leftovers {
    /** Most alarms: the oldest one makes room. */
    static final int ROOM = 2048;

    private final Wheel wheel;
    private final @Nullable BiasedAlarm[] ring = new BiasedAlarm[ROOM];

    /** Alarms put in so far; and taken out. */
    private int tail;
    private int head;

    Leftovers(Wheel wheel) {
        this.wheel = wheel;
    }

    boolean isEmpty() {
        return head == tail;
    }

    /** One that is not listed. */
    void add(BiasedAlarm alarm) {
        assert !alarm.isListed;
        if (tail - head == ROOM) {
            clear(1);
        }
        ring[tail++ & ROOM - 1] = alarm;
        alarm.isListed = true;
    }

    /** The oldest ones leave their slots, so many of them. */
    void clear(int most) {
        for (int left = Math.min(most, tail - head); left > 0; left--) {
            int at = head++ & ROOM - 1;
            BiasedAlarm alarm = ring[at];
            assert alarm != null;
            ring[at] = null;
            alarm.isListed = false;
            alarm.tidy(wheel);
        }
    }

    /** Any thread: how many there are that are not armed again, weakly consistent. */
    int count() {
        int count = 0;
        for (BiasedAlarm alarm : ring) {
            if (alarm != null && alarm.isLeftover()) {
                count++;
            }
        }
        return count;
    }
}
