// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A hierarchical timer wheel (Varghese and Lauck, 1987): alarms by the tick at which they expire. Confined to its
 * owner; knows nothing of clocks, CPUs and items.
 *
 * <p>Level 0 has a slot for each of 256 ticks, and each further level one for 256 slots of the level below; ticks of 63
 * bits need 8 levels. An alarm lies on the level of the highest digit, to the base of 256, in which its tick differs
 * from the present one, in the slot of that digit. So every slot in use lies ahead within its level, an alarm of a
 * lower level comes before those of all higher ones, and the next slot is found by counting zeros in a few words. When
 * the time of a slot of a higher level comes, its alarms move to lower levels, each of them at most once per level.
 *
 * <p>Setting and removing an alarm is O(1) and allocates nothing (save a level's slots, once). Time that passes costs
 * nothing, only slots with alarms do. Within a tick the order is that of no particular rule.
 */
final class Wheel {
    private static final int BITS = 8;
    private static final int SLOTS = 1 << BITS;
    private static final int DIGIT = SLOTS - 1;
    private static final int LEVELS = (Long.SIZE + BITS - 1) / BITS;

    /** Words of the map of a level. */
    private static final int WORDS = SLOTS / Long.SIZE;

    /** Alarms moved to lower levels in one turn, so that a million of them do not hold up the CPU. */
    private static final int MOVES = 256;

    /** The head of a list: empty where it is its own neighbour. */
    private static final class Slot extends Alarm {
        /** I: -1 for a list that is no slot. */
        private final int level;
        private final int word;
        private final long bit;

        Slot(int level, int index) {
            this.level = level;
            this.word = level * WORDS + index / Long.SIZE;
            this.bit = 1L << index;
            before = this;
            after = this;
        }

        boolean isEmpty() {
            return after == this;
        }

        Alarm first() {
            Alarm first = after;
            assert first != null;
            return first;
        }

        /** Adds alarms that are linked with each other, behind those of this list. */
        void add(Alarm first, Alarm last) {
            Alarm mine = before;
            assert mine != null;
            first.before = mine;
            last.after = this;
            mine.after = first;
            before = last;
        }

        /** Takes out the first alarms of this list, up to the last of them. */
        void take(Alarm first, Alarm last) {
            Alarm rest = last.after;
            assert after == first && rest != null;
            after = rest;
            rest.before = this;
        }

        /** Takes all alarms of another list, which is not empty, behind those of this one. */
        void addAll(Slot other) {
            Alarm first = other.after;
            Alarm last = other.before;
            assert first != null && last != null;
            other.before = other;
            other.after = other;
            add(first, last);
        }

        @Override
        void expire(Timers timers) {
            throw new AssertionError();
        }
    }

    private final Slot[][] slots = new Slot[LEVELS][];

    /** By level, some words for each: which slots have alarms. */
    private final long[] occupied = new long[LEVELS * WORDS];

    /** Which levels have alarms. */
    private int levels;

    /** Alarms whose tick has come. */
    private final Slot due = new Slot(-1, 0);

    /** Alarms of a slot of a higher level whose time has come, on their way down; time stands still meanwhile. */
    private final Slot moving = new Slot(-1, 0);

    /** The tick up to which all has been looked at. */
    private long now;

    /** The earliest tick of an alarm, or less: removing one does not change it. MAX_VALUE while there is none. */
    private long next = Long.MAX_VALUE;

    private int size;

    Wheel(long now) {
        this.now = now;
    }

    int size() {
        return size;
    }

    /** A tick before which nothing is to be done; exact where nothing was removed. MAX_VALUE if there is nothing. */
    long next() {
        return next;
    }

    /** Sets an alarm that is not set, for a tick; one that has come already expires with the next {@link #poll}. */
    void set(Alarm alarm, long tick) {
        assert !alarm.isSet();
        alarm.tick = tick;
        size++;
        place(alarm);
        if (tick < next) {
            next = tick;
        }
    }

    /** Takes an alarm that is set out of the wheel. */
    void remove(Alarm alarm) {
        assert alarm.isSet();
        size--;
        unlink(alarm);
        if (size == 0) {
            next = Long.MAX_VALUE;
        }
    }

    /** Moves an alarm that is set to a later tick. */
    void putOff(Alarm alarm, long tick) {
        Slot to = slotOf(tick); // first of all, as it may have to be made
        unlink(alarm);
        alarm.tick = tick;
        to.add(alarm, alarm);
        occupy(to);
    }

    /**
     * Takes out alarms whose tick is {@code tick} or earlier, a few at a time: a chain by {@link Alarm#after}, of which
     * the caller takes each out by setting that to null, and touches the wheel no sooner. Null where there is none, or
     * where there has been much to do for it: then {@link #next} says that there is more.
     *
     * @param most alarms in the chain
     */
    @Nullable
    Alarm poll(long tick, int most) {
        if (tick < next) {
            return null;
        }
        int moves = MOVES;
        while (due.isEmpty()) {
            if (!moving.isEmpty()) {
                if (moves <= 0) {
                    next = now;
                    return null;
                }
                moves -= move(moves);
            } else if (!advance(tick)) {
                lookAhead();
                return null;
            }
        }
        Alarm first = due.first();
        Alarm last = first;
        int count = 1;
        while (count < most && last.after != due && last.after != null) {
            last = last.after;
            count++;
        }
        due.take(first, last);
        first.before = null;
        last.after = null;
        size -= count;
        if (due.isEmpty()) {
            lookAhead();
        }
        return first;
    }

    /**
     * Moves the first alarms that have come down from a slot to where they belong now, those with the same destination
     * together: a link that is not written costs the garbage collector nothing. Returns how many.
     */
    private int move(int most) {
        Alarm first = moving.first();
        Alarm last = first;
        Slot destination = slotOf(first.tick);
        int count = 1;
        for (Alarm after = last.after; count < most && after != null && after != moving
                && slotOf(after.tick) == destination; after = last.after) {
            last = after;
            count++;
        }
        moving.take(first, last);
        destination.add(first, last);
        occupy(destination);
        return count;
    }

    /** Moves the time on to the next slot with alarms, if that is not after {@code tick}. */
    private boolean advance(long tick) {
        int level = Integer.numberOfTrailingZeros(levels);
        long start = levels == 0 ? Long.MAX_VALUE : startOf(level);
        if (levels == 0 || start > tick) {
            now = Math.max(now, tick);
            return false;
        }
        now = start;
        Slot slot = slots[level][digit(start, level)];
        (level == 0 ? due : moving).addAll(slot);
        clear(slot);
        return true;
    }

    /** The first tick of the next slot with alarms of a level that has some. */
    private long startOf(int level) {
        int shift = level * BITS;
        long index = firstOf(level);
        long above = shift + BITS >= Long.SIZE ? 0 : now >>> shift + BITS << shift + BITS;
        return above | index << shift;
    }

    /** The first slot with alarms of a level that has some. */
    private int firstOf(int level) {
        int word = 0;
        while (occupied[level * WORDS + word] == 0) {
            word++;
        }
        return word * Long.SIZE + Long.numberOfTrailingZeros(occupied[level * WORDS + word]);
    }

    private boolean isEmpty(int level) {
        long any = 0;
        for (int word = 0; word < WORDS; word++) {
            any |= occupied[level * WORDS + word];
        }
        return any == 0;
    }

    private void lookAhead() {
        if (!due.isEmpty() || !moving.isEmpty()) {
            next = now;
        } else {
            next = levels == 0 ? Long.MAX_VALUE : startOf(Integer.numberOfTrailingZeros(levels));
        }
    }

    private void place(Alarm alarm) {
        Slot slot = slotOf(alarm.tick);
        slot.add(alarm, alarm);
        occupy(slot);
    }

    /** Where an alarm for that tick belongs now. */
    private Slot slotOf(long tick) {
        if (tick <= now) {
            return due;
        }
        int level = (Long.SIZE - 1 - Long.numberOfLeadingZeros(tick ^ now)) / BITS;
        Slot[] row = slots[level];
        return (row == null ? newRow(level) : row)[digit(tick, level)];
    }

    /** A list has got alarms. */
    private void occupy(Slot slot) {
        if (slot.level >= 0) {
            occupied[slot.word] |= slot.bit;
            levels |= 1 << slot.level;
        }
    }

    private Slot[] newRow(int level) {
        Slot[] row = new Slot[SLOTS];
        for (int i = 0; i < SLOTS; i++) {
            row[i] = new Slot(level, i);
        }
        slots[level] = row;
        return row;
    }

    private static int digit(long tick, int level) {
        return (int) (tick >>> level * BITS) & DIGIT;
    }

    private void unlink(Alarm alarm) {
        Alarm before = alarm.before;
        Alarm after = alarm.after;
        assert before != null && after != null;
        before.after = after;
        after.before = before;
        alarm.before = null;
        alarm.after = null;
        if (before == after && before instanceof Slot slot) {
            clear(slot);
        }
    }

    /** A list has become empty. */
    private void clear(Slot slot) {
        if (slot.level >= 0) {
            occupied[slot.word] &= ~slot.bit;
            if (occupied[slot.word] == 0 && isEmpty(slot.level)) {
                levels &= ~(1 << slot.level);
            }
        }
    }

    /** Takes out all alarms that the test is true of, and tells of each. The test must not touch the wheel. */
    void removeIf(Predicate<Alarm> test) {
        removeIf(due, test);
        removeIf(moving, test);
        for (Slot[] row : slots) {
            if (row != null) {
                for (Slot slot : row) {
                    removeIf(slot, test);
                }
            }
        }
    }

    private void removeIf(Slot list, Predicate<Alarm> test) {
        for (Alarm alarm = list.first(); alarm != list;) {
            Alarm after = alarm.after;
            assert after != null;
            if (test.test(alarm)) {
                remove(alarm);
            }
            alarm = after;
        }
    }
}
