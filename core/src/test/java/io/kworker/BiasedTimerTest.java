// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kworker.BiasedAlarm.Found;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Timers that are biased to a CPU which the test drives: what lies in its wheel, step by step. */
@Timeout(60)
class BiasedTimerTest {
    private static final long PAST = 1;
    private static final long FAR = 1L << 40;

    private static final Topology MACHINE =
            Topology.of(BitSet.valueOf(new long[] {0b11}), core -> core, cache -> 0, node -> 0);

    private final WorkRuntime runtime = HandDriven.runtime(MACHINE);
    private final Timers home = runtime.cpuArray()[0].timers;
    private final AtomicInteger runs = new AtomicInteger();
    private final SoftTimer timer = timer();

    @BeforeEach
    void isPossible() {
        assumeTrue(Os.hasMembarrier());
    }

    @AfterEach
    void close() {
        timer.delete();
        HandDriven.close(runtime);
        assertFalse(timer.isPending());
    }

    private SoftTimer timer() {
        return SoftTimer.of(runtime, t -> runs.incrementAndGet());
    }

    private Found arm(SoftTimer which, long tick) {
        return which.arm(home, tick, WorkState.Arm.ANY, false);
    }

    private void runAll() {
        runtime.engines().forEach(engine -> ((HandDriven) engine).runAll());
    }

    private int alarms() {
        return home.wheel(false).size();
    }

    @Test
    void one_that_is_taken_back_stays_in_its_slot_until_the_cpu_has_time() {
        assertEquals(Found.IDLE, arm(timer, FAR));
        assertTrue(timer.isPending());
        assertEquals(Found.PENDING, timer.cancel(home));
        assertFalse(timer.isPending());
        assertEquals(Found.IDLE, timer.cancel(home));
        assertEquals(1, alarms());
        assertEquals(0, home.size());
        assertTrue(home.clearLeftovers());
        assertEquals(0, alarms());
        assertFalse(home.clearLeftovers());
    }

    @Test
    void one_that_is_armed_again_is_no_leftover() {
        arm(timer, FAR);
        timer.cancel(home);
        assertEquals(Found.IDLE, arm(timer, FAR + 1));
        assertEquals(1, home.size());
        assertTrue(home.clearLeftovers());
        assertEquals(1, alarms());
        assertTrue(timer.isPending());
    }

    /** An idle CPU would be woken at the old time of each of them. */
    @Test
    void those_that_are_put_off_leave_their_old_slots_when_the_cpu_has_time() {
        List<SoftTimer> all = new ArrayList<>();
        for (int i = 0; i < 2 * Leftovers.ROOM; i++) {
            SoftTimer next = timer();
            all.add(next);
            arm(next, FAR + i);
            assertEquals(Found.PENDING, arm(next, 2 * FAR + i));
        }
        while (home.hasLeftovers()) {
            home.clearLeftovers();
        }
        assertEquals(all.size(), home.size());
        for (int i = 0; i < all.size(); i++) {
            assertEquals(2 * FAR + i, all.get(i).tick);
            assertTrue(all.get(i).isPending());
        }
    }

    @Test
    void so_many_leftovers_and_no_more() {
        List<SoftTimer> all = new ArrayList<>();
        for (int i = 0; i < 2 * Leftovers.ROOM; i++) {
            SoftTimer next = timer();
            all.add(next);
            arm(next, FAR + i);
            next.cancel(home);
        }
        assertEquals(Leftovers.ROOM, alarms());
        assertEquals(0, home.size());
        assertTrue(all.stream().noneMatch(SoftTimer::isPending));
    }

    /** M11: those that were taken back, or armed for later, make no items that would have to run before it. */
    @Test
    void one_behind_many_that_expire_for_nothing_does_not_wait_for_other_items() {
        List<SoftTimer> all = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            SoftTimer next = timer();
            all.add(next);
            arm(next, PAST);
            arm(next, FAR);
        }
        arm(timer, PAST);
        int others = 0;
        for (; runs.get() == 0; runAll()) {
            others += home.lookBetweenItems();
        }
        all.forEach(SoftTimer::delete);
        assertTrue(others <= 64 + 5000 / 256, others + " other items may have gone first");
    }

    /** J17. */
    @Test
    void one_that_is_armed_for_later_expires_then_and_not_where_it_lies() {
        arm(timer, PAST);
        assertEquals(Found.PENDING, arm(timer, FAR));
        home.look(System.nanoTime());
        runAll();
        assertEquals(0, runs.get());
        assertTrue(timer.isPending());
        assertEquals(Found.PENDING, arm(timer, PAST));
        home.look(System.nanoTime());
        assertTrue(timer.isPending());
        runAll();
        assertEquals(1, runs.get());
        assertFalse(timer.isPending());
    }

    /** M2, M3, M4, M6. */
    @Test
    void one_that_is_queued_already_is_pending_and_can_be_armed_and_taken_back() {
        arm(timer, PAST);
        home.look(System.nanoTime());
        assertEquals(Found.PENDING, timer.arm(home, FAR, WorkState.Arm.ANY, true));
        assertEquals(Found.PENDING, arm(timer, FAR));
        runAll();
        assertEquals(0, runs.get());
        assertEquals(Found.PENDING, timer.arm(home, PAST, WorkState.Arm.ANY, true));
        home.look(System.nanoTime());
        assertEquals(Found.PENDING, timer.cancel(home));
        runAll();
        assertEquals(0, runs.get());
        assertEquals(Found.IDLE, timer.arm(home, FAR, WorkState.Arm.PENDING, false));
        assertFalse(timer.isPending());
        assertEquals(Found.IDLE, timer.arm(home, PAST, WorkState.Arm.ANY, true));
        home.look(System.nanoTime());
        runAll();
        assertEquals(1, runs.get());
    }

    /** M2, M6: the short way of the runner alone, while it is among the leftovers in a slot of no later time. */
    @Test
    void one_that_stays_in_its_slot_is_armed_and_taken_back_in_place() {
        Tenure tenure = new Tenure(null);
        home.ownedBy(tenure);
        tenure.leave();
        arm(timer, FAR);
        timer.cancel(home);
        assertEquals(Found.GENERAL, timer.armInPlace(FAR));
        tenure.beRunner(Thread.currentThread());
        assertEquals(Found.IDLE, timer.armInPlace(FAR));
        assertTrue(timer.isPending());
        assertEquals(Found.PENDING, timer.armInPlace(FAR + 1));
        assertEquals(Found.GENERAL, timer.armInPlace(FAR - 1));
        assertEquals(Found.PENDING, timer.cancelInPlace());
        assertFalse(timer.isPending());
        assertEquals(Found.IDLE, timer.cancelInPlace());
        home.clearLeftovers();
        assertEquals(Found.GENERAL, timer.armInPlace(FAR));
        assertEquals(Found.GENERAL, timer.cancelInPlace());
        arm(timer, FAR);
        timer.cancel(home);
        timer.revoke();
        assertEquals(Found.GENERAL, timer.armInPlace(FAR));
        assertEquals(Found.GENERAL, timer.cancelInPlace());
        assertTrue(tenure.mayHold());
    }

    /** M13: it was nobody's when both looked for its home; both owned it, and set it in the wheels of both. */
    @Test
    void a_cpu_that_is_late_to_make_a_timer_its_own_does_not_own_it() {
        Timers late = runtime.cpuArray()[1].timers;
        arm(timer, FAR);
        assertEquals(Found.GENERAL, timer.arm(late, FAR - 1, WorkState.Arm.ANY, false));
        assertEquals(Found.GENERAL, timer.cancel(late));
        assertTrue(timer.isPending());
        assertEquals(1, alarms());
        assertEquals(0, late.wheel(false).size());
    }

    @Test
    void calls_that_arm_nothing_make_a_new_timer_nobodys_own() {
        assertFalse(timer.delete());
        assertFalse(timer.deleteSync());
        assertFalse(timer.modPending(System.nanoTime()));
        assertTrue(timer.isFresh());
    }

    /** M13: who is not the owner; what was armed is one instance, in one place. */
    @Test
    void a_call_from_elsewhere_makes_it_a_timer_like_others() {
        arm(timer, FAR);
        timer.revoke();
        assertTrue(timer.isPending());
        assertEquals(Found.GENERAL, timer.cancel(home));
        home.applyOperations();
        assertEquals(1, alarms());
        assertTrue(timer.delete());
        home.applyOperations();
        assertEquals(0, alarms());
        assertFalse(timer.delete());
        assertEquals(Found.GENERAL, arm(timer, FAR));
    }

    /** M15, M9. */
    @Test
    void calls_from_elsewhere_find_it_pending() {
        arm(timer, FAR);
        assertTrue(timer.deleteSync());
        SoftTimer second = timer();
        arm(second, FAR);
        assertTrue(second.shutdown());
        assertEquals(Found.GENERAL, arm(second, FAR));
        assertFalse(second.mod(System.nanoTime()));
        assertFalse(second.isPending());
        SoftTimer third = timer();
        arm(third, FAR);
        assertTrue(third.mod(System.nanoTime() - 1));
        Await.until("it expires", () -> {
            for (Cpu cpu : runtime.cpuArray()) {
                cpu.timers.look(System.nanoTime());
            }
            runAll();
            return runs.get() == 1;
        });
        assertEquals(0, alarms());
    }

    @Test
    void deleting_one_that_was_never_armed_does_not_keep_it_from_being_biased() {
        assertFalse(timer.delete());
        assertFalse(timer.deleteSync());
        assertEquals(Found.IDLE, arm(timer, FAR));
    }

    @Test
    void where_most_are_revoked_nothing_is_biased_any_more() {
        int biased = 0;
        for (int i = 0; i < 1_000; i++) {
            SoftTimer next = timer();
            if (arm(next, FAR) != Found.GENERAL) {
                biased++;
                assertTrue(next.delete());
            }
            home.applyOperations();
        }
        assertTrue(biased > 0 && biased < 200, biased + " biased");
        for (int i = 0; i < 1_000; i++) {
            arm(timer(), FAR);
        }
        home.removeIf(home::moveOut);
    }

    /** J2: who closes takes them back. */
    @Test
    void a_sweep_takes_back_what_is_armed_and_counts_it() {
        arm(timer, FAR);
        SoftTimer idle = timer();
        arm(idle, FAR);
        idle.cancel(home);
        long before = runtime.timerQueue().timersCancelled();
        home.removeIf(home::moveOut);
        assertFalse(timer.isPending());
        assertEquals(1, runtime.timerQueue().timersCancelled() - before);
        assertEquals(0, alarms());
    }

    @Test
    void on_a_cpu_that_is_offline_nothing_is_armed_by_its_bias() {
        arm(timer, FAR);
        home.setOnline(false);
        assertEquals(Found.GENERAL, arm(timer, FAR));
        assertEquals(Found.PENDING, timer.cancel(home));
        home.setOnline(true);
        assertEquals(Found.IDLE, arm(timer, FAR));
        assertTrue(timer.delete());
        home.applyOperations();
    }

    @Test
    void deferrable_ones_are_not_biased() {
        SoftTimer deferrable = SoftTimer.deferrable(runtime, t -> {});
        assertEquals(Found.GENERAL, arm(deferrable, FAR));
    }
}
