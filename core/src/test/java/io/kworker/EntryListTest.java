// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The linked list of entries, against a deque. */
@Timeout(60)
class EntryListTest {
    @Test
    void an_empty_list_gives_nothing() {
        EntryList list = new EntryList();
        assertTrue(list.isEmpty());
        assertNull(list.pollFirst());
        assertTrue(list.isEmpty());
    }

    @Test
    void it_behaves_like_a_deque() {
        EntryList list = new EntryList();
        Deque<Entry> model = new ArrayDeque<>();
        SplittableRandom random = new SplittableRandom(1);
        for (int step = 0; step < 100_000; step++) {
            Entry entry = new NumberedEntry(0, step);
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    list.addLast(entry);
                    model.addLast(entry);
                }
                case 2 -> {
                    list.addFirst(entry);
                    model.addFirst(entry);
                }
                default -> assertSame(model.pollFirst(), list.pollFirst());
            }
            assertEquals(model.isEmpty(), list.isEmpty());
        }
    }

    /** An entry that was taken out can go into another list. */
    @Test
    void an_entry_taken_out_keeps_no_link() {
        EntryList list = new EntryList();
        Entry first = new NumberedEntry(0, 0);
        Entry second = new NumberedEntry(0, 1);
        list.addLast(first);
        list.addLast(second);
        assertSame(first, list.pollFirst());
        assertNull(first.next);
        list.addLast(first);
        assertSame(second, list.pollFirst());
        assertSame(first, list.pollFirst());
        assertNull(list.pollFirst());
    }

    /** Before those of its turn, behind those of earlier ones. */
    @Test
    void an_entry_can_be_put_in_by_its_turn() {
        EntryList list = new EntryList();
        int[] turns = {-1, 1, 1, 3};
        for (int turn : turns) {
            list.addLast(entry(turn));
        }
        Entry second = entry(1);
        list.addByTurn(second);
        Entry last = entry(4);
        list.addByTurn(last);
        Entry first = entry(-2);
        list.addByTurn(first);
        assertSame(first, list.pollFirst());
        assertEquals(-1, list.pollFirst().turn);
        assertSame(second, list.pollFirst());
        assertEquals(1, list.pollFirst().turn);
        assertEquals(1, list.pollFirst().turn);
        assertEquals(3, list.pollFirst().turn);
        Entry behind = entry(4);
        list.addLast(behind);
        assertSame(last, list.pollFirst());
        assertSame(behind, list.pollFirst());
        assertTrue(list.isEmpty());
        list.addByTurn(first);
        assertSame(first, list.pollFirst());
    }

    private static Entry entry(int turn) {
        Entry entry = new NumberedEntry(0, turn);
        entry.turn = turn;
        return entry;
    }
}
