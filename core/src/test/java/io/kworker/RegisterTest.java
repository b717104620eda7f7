// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The books of an executor's tasks, by themselves. */
@Timeout(60)
class RegisterTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final Register register = new Register();

    private View view() {
        return (View) runtimes.queue(runtimes.runtime(), "register").asExecutorService();
    }

    private Task enter(View view) {
        Task task = new Task(view, () -> {});
        register.enter(task);
        return task;
    }

    private static void end(Task task) {
        assertTrue(task.endIdle());
        task.end();
    }

    private List<Task> living() {
        List<Task> living = new ArrayList<>();
        register.forEach(living::add);
        return living;
    }

    @Test
    void what_is_not_over_is_found_the_oldest_first() {
        View view = view();
        Deque<Task> expected = new ArrayDeque<>();
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            expected.addLast(enter(view));
            if (random.nextInt(3) > 0) {
                end(random.nextBoolean() ? expected.removeFirst() : expected.removeLast());
            }
        }
        assertEquals(List.copyOf(expected), living());
        assertEquals(10_000, register.entered());
        assertFalse(register.isBalanced());
        expected.forEach(RegisterTest::end);
        assertTrue(register.isBalanced());
        assertEquals(List.of(), living());
    }

    /** Tasks that end in any order leave gaps in many pages. */
    @Test
    void when_all_are_over_little_stays_in_memory() {
        View view = view();
        Random random = new Random(1);
        List<Task> alive = new ArrayList<>();
        for (int i = 0; i < 200_000; i++) {
            Task task = enter(view);
            if (alive.size() < 10_000) {
                alive.add(task);
            } else {
                end(alive.set(random.nextInt(alive.size()), task));
            }
        }
        alive.forEach(RegisterTest::end);
        assertTrue(register.isBalanced());
        assertTrue(register.size() <= 5 * Register.Page.SIZE, register.size() + " slots in memory");
    }

    /** One that is never over keeps its own page in memory, and no other one; nor does each end look through all. */
    @Test
    void one_that_stays_keeps_its_page_alone() {
        View view = view();
        Task first = enter(view);
        for (int i = 0; i < 100_000; i++) {
            end(enter(view));
        }
        assertEquals(List.of(first), living());
        assertTrue(register.size() <= 5 * Register.Page.SIZE, register.size() + " slots in memory");
        assertEquals(100_000, register.ended());
    }

    /** Many enter and end, and pages are swept out meanwhile: who looks finds all that certainly are in. */
    @Test
    void none_is_missing_while_pages_are_swept_out() throws Exception {
        View view = view();
        ConcurrentLinkedQueue<Task> kept = new ConcurrentLinkedQueue<>();
        AtomicInteger running = new AtomicInteger(3);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int k = 0; k < 50_000; k++) {
                    Task task = enter(view);
                    if (k % 1_000 == 0) {
                        kept.add(task);
                    } else {
                        end(task);
                    }
                }
                running.decrementAndGet();
            }));
        }
        int looks = 0;
        while (running.get() > 0 || looks == 0) {
            List<Task> known = List.copyOf(kept);
            Set<Task> found = Collections.newSetFromMap(new IdentityHashMap<>());
            register.forEach(task -> assertTrue(found.add(task), "found twice"));
            assertTrue(found.containsAll(known));
            looks++;
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(150, living().size());
        assertEquals(150_000, register.entered());
        kept.forEach(RegisterTest::end);
        assertTrue(register.isBalanced());
    }
}
