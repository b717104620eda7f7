// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ring and the overflow list behind it: nothing lost, and each producer's order kept. */
@Timeout(60)
class EntryQueueTest {
    @Test
    void a_new_queue_is_empty() {
        EntryQueue queue = new EntryQueue(2);
        assertTrue(queue.isEmpty());
        assertFalse(queue.hasNext());
        assertEquals(0, queue.size());
        assertNull(take(queue));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 100, 10_000})
    void entries_come_out_in_order_also_beyond_the_capacity(int count) {
        EntryQueue queue = new EntryQueue(2);
        for (int i = 0; i < count; i++) {
            queue.offer(new NumberedEntry(0, i));
            assertEquals(i + 1, queue.size());
            assertTrue(queue.hasNext());
            assertFalse(queue.isEmpty());
        }
        for (int i = 0; i < count; i++) {
            assertTrue(queue.hasNext());
            assertFalse(queue.isEmpty());
            assertEquals(i, ((NumberedEntry) take(queue)).number);
        }
        assertNull(take(queue));
        assertTrue(queue.isEmpty());
        assertFalse(queue.hasNext());
    }

    /**
     * Once the overflow list has drained, entries go through the ring again; a queue that fills and empties at random.
     */
    @ParameterizedTest
    @ValueSource(ints = {2, 4, 16})
    void it_behaves_like_a_fifo_whatever_the_sequence(int capacity) {
        EntryQueue queue = new EntryQueue(capacity);
        Deque<Entry> model = new ArrayDeque<>();
        SplittableRandom random = new SplittableRandom(capacity);
        int number = 0;
        for (int step = 0; step < 200_000; step++) {
            boolean fills = step / 50 % 2 == 0;
            if (random.nextInt(10) < (fills ? 7 : 3)) {
                Entry entry = new NumberedEntry(0, number++);
                queue.offer(entry);
                model.addLast(entry);
            } else {
                assertSame(model.pollFirst(), take(queue));
            }
            assertEquals(model.isEmpty(), queue.isEmpty());
            assertEquals(model.size(), queue.size());
        }
    }

    /** Producers that fill the ring again and again, and a consumer that sees holes and overflow. */
    @ParameterizedTest
    @ValueSource(ints = {2, 4, 64})
    void several_producers_lose_nothing_and_keep_their_order(int capacity) {
        int producers = 3;
        int each = 60_000;
        EntryQueue queue = new EntryQueue(capacity);
        int[] next = new int[producers];
        TestThreads.together(producers + 1, thread -> {
            if (thread < producers) {
                for (int i = 0; i < each; i++) {
                    queue.offer(new NumberedEntry(thread, i));
                    if (i % 512 == 0) {
                        Thread.yield(); // so that it drains now and then
                    }
                }
                return;
            }
            for (int received = 0; received < producers * each;) {
                NumberedEntry entry = (NumberedEntry) take(queue);
                if (entry != null) {
                    assertEquals(next[entry.producer]++, entry.number);
                    received++;
                } else {
                    Thread.onSpinWait();
                }
            }
        });
        assertTrue(queue.isEmpty());
        assertEquals(0, queue.size());
    }

    /** What the doorbell's argument needs: an entry whose offer has returned is seen by isEmpty(), wherever it lies. */
    @Test
    void a_queue_with_an_entry_offered_is_not_empty() {
        for (int preloaded = 0; preloaded < 5; preloaded++) {
            EntryQueue queue = new EntryQueue(2);
            for (int i = 0; i < preloaded; i++) {
                queue.offer(new NumberedEntry(0, i));
            }
            TestThreads.start(() -> queue.offer(new NumberedEntry(1, 0))).join();
            for (int i = 0; i < preloaded; i++) {
                assertFalse(queue.isEmpty());
                take(queue);
            }
            assertFalse(queue.isEmpty());
            assertEquals(1, ((NumberedEntry) take(queue)).producer);
            assertTrue(queue.isEmpty());
        }
    }

    /** Who looks at the books of what has left the queue finds it in one or the other. */
    @Test
    void a_queue_is_not_empty_until_its_last_entry_is_taken() {
        for (int entries = 1; entries < 5; entries++) {
            EntryQueue queue = new EntryQueue(2);
            for (int i = 0; i < entries; i++) {
                queue.offer(new NumberedEntry(0, i));
            }
            for (int i = 0; i < entries; i++) {
                assertEquals(i, ((NumberedEntry) queue.take()).number);
                assertFalse(queue.isEmpty());
                queue.taken();
            }
            assertTrue(queue.isEmpty());
            assertNull(queue.take());
            assertTrue(queue.isEmpty());
        }
    }

    private static Entry take(EntryQueue queue) {
        Entry entry = queue.take();
        if (entry != null) {
            queue.taken();
        }
        return entry;
    }
}
