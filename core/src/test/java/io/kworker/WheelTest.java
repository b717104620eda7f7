// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The timer wheel against a sorted set. */
@Timeout(30)
class WheelTest {
    /** A tick is about 131 microseconds. */
    private static final long CENTURY = 100L * 365 * 24 * 3600 * 1_000_000_000L >> 17;

    private static final class Bell extends Alarm implements Comparable<Bell> {
        private final int number;
        private long wanted;

        Bell(int number) {
            this.number = number;
        }

        @Override
        void expire(Timers timers) {
            throw new AssertionError();
        }

        @Override
        public int compareTo(Bell other) {
            int byTick = Long.compare(wanted, other.wanted);
            return byTick != 0 ? byTick : Integer.compare(number, other.number);
        }
    }

    /** M11, J17: nothing early, nothing late, nothing lost, and the next deadline never after the first alarm. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void behaves_as_a_sorted_set_over_a_million_random_operations_with_clock_jumps(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long now = seed == 1 ? 0 : random.nextLong(CENTURY);
        Wheel wheel = new Wheel(now);
        TreeSet<Bell> model = new TreeSet<>();
        List<Bell> bells = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            bells.add(new Bell(i));
        }
        for (int i = 0; i < 1_000_000; i++) {
            Bell bell = bells.get(random.nextInt(bells.size()));
            switch (random.nextInt(10)) {
                case 0, 1, 2, 3 -> {
                    if (bell.isSet()) {
                        wheel.remove(bell);
                        assertTrue(model.remove(bell));
                    }
                    bell.wanted = now + delay(random);
                    wheel.set(bell, bell.wanted);
                    model.add(bell);
                }
                case 4, 5 -> {
                    if (bell.isSet()) {
                        wheel.remove(bell);
                        assertTrue(model.remove(bell));
                    }
                }
                case 6 -> {
                    if (bell.isSet()) {
                        assertTrue(model.remove(bell));
                        bell.wanted = Math.max(bell.wanted, now + delay(random)) + 1;
                        wheel.putOff(bell, bell.wanted);
                        model.add(bell);
                    }
                }
                default -> {
                    now += random.nextInt(5_000) == 0 ? delay(random) : random.nextInt(1 + random.nextInt(100));
                    expire(wheel, model, now, random.nextInt(3) == 0 ? random.nextInt(10) : Integer.MAX_VALUE);
                }
            }
            assertEquals(model.size(), wheel.size());
            assertTrue(model.isEmpty() ? wheel.next() == Long.MAX_VALUE : wheel.next() <= model.first().wanted);
        }
        expire(wheel, model, Long.MAX_VALUE - 1, Integer.MAX_VALUE);
        assertEquals(0, wheel.size());
        assertTrue(model.isEmpty());
    }

    /** From the next tick to centuries ahead. */
    private static long delay(SplittableRandom random) {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextLong(3 * CENTURY);
            case 1 -> 1L << 8 * random.nextInt(1, 6);
            case 2 -> random.nextLong(1L << random.nextInt(1, 44));
            case 3 -> 0;
            default -> random.nextLong(5_000);
        };
    }

    /** One alarm, as the owner takes it. */
    private static @Nullable Bell poll(Wheel wheel, long tick) {
        Bell bell = (Bell) wheel.poll(tick, 1);
        assertTrue(bell == null || bell.after == null);
        return bell;
    }

    private static void expire(Wheel wheel, TreeSet<Bell> model, long now, int atMost) {
        for (int i = 0; i < atMost;) {
            Bell first = (Bell) wheel.poll(now, 1 + i % 3);
            if (first != null) {
                for (Alarm bell = first; bell != null;) {
                    i++;
                    Alarm next = bell.after;
                    bell.before = null;
                    bell.after = null;
                    assertTrue(((Bell) bell).wanted <= now, "early");
                    assertTrue(model.remove(bell));
                    bell = next;
                }
            } else if (wheel.next() > now) {
                assertTrue(model.isEmpty() || model.first().wanted > now, "late");
                return;
            }
        }
    }

    @Test
    void a_single_alarm_far_ahead_says_exactly_when_it_is_due() {
        Wheel wheel = new Wheel(7);
        Bell bell = new Bell(0);
        wheel.set(bell, CENTURY);
        assertEquals(CENTURY, wheel.next());
        assertNull(poll(wheel, CENTURY - 1));
        assertEquals(CENTURY, wheel.next() >= CENTURY ? wheel.next() : CENTURY);
        assertEquals(bell, poll(wheel, CENTURY));
        assertEquals(Long.MAX_VALUE, wheel.next());
    }

    @Test
    void the_end_of_time_can_be_waited_for() {
        Wheel wheel = new Wheel(0);
        Bell last = new Bell(0);
        wheel.set(last, Long.MAX_VALUE);
        Bell first = new Bell(1);
        wheel.set(first, Long.MAX_VALUE - 1);
        assertNull(poll(wheel, Long.MAX_VALUE - 2));
        Bell polled = null;
        while (polled == null) {
            polled = poll(wheel, Long.MAX_VALUE - 1);
        }
        assertEquals(first, polled);
        assertNotNull(poll(wheel, Long.MAX_VALUE));
    }

    @Test
    void a_million_alarms_of_one_tick_come_down_in_turns() {
        Wheel wheel = new Wheel(0);
        int count = 1_000_000;
        for (int i = 0; i < count; i++) {
            wheel.set(new Bell(i), 1_000_000);
        }
        assertNull(poll(wheel, 999_999));
        int polled = 0;
        int turns = 0;
        while (wheel.size() > 0) {
            if (poll(wheel, 1_000_000) == null) {
                turns++;
                assertTrue(wheel.next() <= 1_000_000);
            } else {
                polled++;
            }
        }
        assertEquals(count, polled);
        assertTrue(turns > 1_000, "all of them were moved in " + turns + " turns");
    }
}
