// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The idle list of workers and the rules of culling (G29, G30), with workers that have no thread. */
@Timeout(60)
class CrewTest {
    private WorkRuntime runtime;
    private Cpu cpu;
    private Crew crew;

    @BeforeEach
    void make() {
        runtime = HandDriven.runtime();
        cpu = HandDriven.of(runtime).cpu();
        crew = new Seat(cpu, false).crew();
    }

    @AfterEach
    void close() {
        HandDriven.of(runtime).close();
    }

    /** Told apart by identity, which a lambda does not promise. */
    private static final class Continuation implements Runnable {
        @Override
        public void run() {}
    }

    private Worker adopt() {
        Worker worker = new Worker(cpu, crew);
        worker.continuation = new Continuation();
        crew.adopt(worker);
        return worker;
    }

    private List<Worker> adopt(int count) {
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            workers.add(adopt());
        }
        return workers;
    }

    /** Culls what the last review found, coldest first. */
    private List<Worker> cull() {
        List<Worker> culled = new ArrayList<>();
        for (Worker worker = crew.pollSurplus(); worker != null; worker = crew.pollSurplus()) {
            culled.add(worker);
            crew.dismiss(worker);
        }
        assertFalse(crew.hasSurplus());
        return culled;
    }

    @Test
    void an_empty_crew_needs_a_reserve_and_gives_nobody() {
        assertTrue(crew.needsReserve());
        assertNull(crew.pop());
        assertNull(crew.pollSurplus());
        assertTrue(crew.isResting());
        assertEquals(0, crew.size());
    }

    /** G29. */
    @Test
    void a_reserve_is_needed_where_nobody_is_idle() {
        Worker worker = adopt();
        assertFalse(crew.needsReserve());
        assertSame(worker, crew.pop());
        assertTrue(crew.needsReserve());
        assertFalse(crew.isResting());
        crew.push(worker);
        assertTrue(crew.isResting());
    }

    /** R40. */
    @Test
    void there_is_one_manager_at_a_time() {
        assertTrue(crew.beManager());
        assertFalse(crew.beManager());
        crew.endManaging();
        assertTrue(crew.beManager());
    }

    /** G30. */
    @Test
    void the_idle_list_is_a_stack_with_a_cold_end() {
        Deque<Worker> model = new ArrayDeque<>();
        List<Worker> busy = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(3);
        adopt(10).forEach(model::push);
        for (int step = 0; step < 10_000; step++) {
            if (random.nextBoolean()) {
                Worker worker = crew.pop();
                assertSame(model.poll(), worker);
                if (worker != null) {
                    busy.add(worker);
                }
            } else if (!busy.isEmpty()) {
                Worker worker = busy.remove(random.nextInt(busy.size()));
                crew.push(worker);
                model.push(worker);
            }
            assertEquals(model.size(), crew.idle());
            assertEquals(model.isEmpty(), crew.needsReserve());
        }
    }

    /** G30: those idle for the whole time between two reviews, the coldest first, and two stay. */
    @Test
    void workers_idle_between_two_reviews_are_culled_down_to_two() {
        List<Worker> workers = adopt(10);
        crew.reviewIdle();
        cull();
        crew.reviewIdle();
        cull();
        assertEquals(2, crew.idle());
        assertEquals(2, crew.size());
        assertSame(workers.get(9), crew.pop());
        assertSame(workers.get(8), crew.pop());
    }

    /** G30: who was needed once in that time is not culled. */
    @Test
    void workers_used_between_two_reviews_stay() {
        adopt(10);
        crew.reviewIdle();
        cull();
        int size = crew.size();
        List<Worker> used = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            used.add(crew.pop());
        }
        used.forEach(crew::push);
        crew.reviewIdle();
        assertEquals(List.of(), cull());
        assertEquals(size, crew.size());
    }

    /** G30: too many are more than two and a quarter of the busy ones. */
    @Test
    void idle_workers_are_not_too_many_for_many_busy_ones() {
        adopt(60);
        List<Worker> busy = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            busy.add(crew.pop());
        }
        assertTrue(crew.hasSpareWorkers());
        crew.reviewIdle();
        cull();
        crew.reviewIdle();
        cull();
        // (idle - 2) * 4 < 40
        assertEquals(11, crew.idle());
        assertFalse(crew.hasSpareWorkers());
        busy.forEach(crew::push);
        assertEquals(51, crew.idle());
    }

    /** A worker that was taken by the work meanwhile is not culled, whatever the review found. */
    @Test
    void a_cull_takes_idle_workers_only_and_leaves_two() {
        adopt(6);
        crew.reviewIdle();
        crew.reviewIdle();
        for (int i = 0; i < 4; i++) {
            crew.pop();
        }
        assertEquals(List.of(), cull());
        assertEquals(2, crew.idle());
    }

    @Test
    void a_great_cull_takes_the_coldest_in_order() {
        List<Worker> workers = adopt(1_000);
        crew.reviewIdle();
        List<Worker> culled = cull();
        crew.reviewIdle();
        culled.addAll(cull());
        assertEquals(998, culled.size());
        assertEquals(workers.subList(0, 998), culled);
        assertEquals(2, crew.size());
    }
}
