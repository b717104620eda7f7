// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The exit of a handler against the taking of its CPU: exactly one of the two wins. */
@Timeout(60)
class TenureTest {
    private final Tenure tenure = new Tenure(null);

    private static final Runnable NO_BARRIER = () -> {};

    @Test
    void phases_alternate_between_the_engine_and_foreign_code() {
        assertFalse(Tenure.isForeign(tenure.phase()));
        tenure.leave();
        assertTrue(Tenure.isForeign(tenure.phase()));
        assertTrue(tenure.enter());
        assertFalse(Tenure.isForeign(tenure.phase()));
    }

    /** Each piece of foreign code has a phase of its own, so that a late monitor does not take the next one's CPU. */
    @Test
    void each_foreign_phase_has_its_own_number() {
        tenure.leave();
        long first = tenure.phase();
        tenure.enter();
        tenure.leave();
        assertNotEquals(first, tenure.phase());
        assertFalse(tenure.take(first, NO_BARRIER));
        assertTrue(tenure.enter());
    }

    /** enter() may be asked again in the engine, with the same answer. */
    @Test
    void entering_twice_changes_nothing() {
        tenure.leave();
        assertTrue(tenure.enter());
        long phase = tenure.phase();
        assertTrue(tenure.enter());
        assertEquals(phase, tenure.phase());
        tenure.leave();
        assertTrue(tenure.take(tenure.phase(), NO_BARRIER));
        assertFalse(tenure.enter());
        assertFalse(tenure.enter());
    }

    @Test
    void the_cpu_is_taken_from_foreign_code_that_does_not_come_back() {
        tenure.leave();
        assertTrue(tenure.take(tenure.phase(), NO_BARRIER));
        assertFalse(tenure.enter());
        tenure.reset();
        tenure.leave();
        assertTrue(tenure.enter());
    }

    @Test
    void the_cpu_is_not_taken_from_the_engine() {
        assertFalse(tenure.take(tenure.phase() + 1, NO_BARRIER));
        assertTrue(tenure.enter());
        tenure.leave();
        tenure.enter();
        assertFalse(tenure.take(tenure.phase() - 1, NO_BARRIER));
        assertTrue(tenure.enter());
    }

    /** The carrier comes back between the monitor's claim and its decision: the carrier wins, and the claim is gone. */
    @Test
    void a_carrier_that_comes_back_during_the_barrier_keeps_the_cpu() {
        tenure.leave();
        AtomicBoolean isOwner = new AtomicBoolean();
        assertFalse(tenure.take(tenure.phase(), () -> isOwner.set(tenure.enter())));
        assertTrue(isOwner.get());
        tenure.leave();
        assertTrue(tenure.enter());
    }

    /** As before, and the carrier is in the next handler by the time of the decision. */
    @Test
    void a_carrier_that_comes_back_and_leaves_again_during_the_barrier_keeps_the_cpu() {
        tenure.leave();
        assertFalse(tenure.take(tenure.phase(), () -> {
            assertTrue(tenure.enter());
            tenure.leave();
        }));
        assertTrue(tenure.enter());
    }

    /** Two threads, many times, with the real barrier: exactly one wins each time. */
    @Test
    void of_a_carrier_and_a_monitor_that_race_exactly_one_wins() {
        Runnable barrier = Os.hasMembarrier() ? Os::membarrier : null;
        int rounds = 2_000;
        AtomicInteger round = new AtomicInteger();
        AtomicInteger decided = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        boolean[] owner = new boolean[rounds];
        boolean[] take = new boolean[rounds];
        TestThreads.Started carrier = TestThreads.start(() -> {
            for (int i = 0; i < rounds; i++) {
                tenure.leave();
                round.set(i + 1);
                for (int spin = 0; spin < i % 200 * 4 || i % 10 == 0 && decided.get() <= i; spin++) {
                    Thread.onSpinWait(); // every tenth time it comes too late
                }
                owner[i] = tenure.enter();
                while (decided.get() <= i) {
                    Thread.yield();
                }
                if (!owner[i]) {
                    tenure.reset();
                }
            }
        });
        for (int i = 0; i < rounds; i++) {
            while (round.get() <= i) {
                Thread.yield();
            }
            long phase = tenure.phase();
            take[i] = Tenure.isForeign(phase)
                    && tenure.take(phase, barrier == null ? carrier.thread::getStackTrace : barrier);
            taken.addAndGet(take[i] ? 1 : 0);
            decided.set(i + 1);
        }
        carrier.join();
        for (int i = 0; i < rounds; i++) {
            assertNotEquals(owner[i], take[i], "round " + i);
        }
        assertTrue(taken.get() >= rounds / 10);
    }

    /** It counts as the foreign code that it is in the middle of, but the CPU cannot be taken meanwhile. */
    @Test
    void a_hold_is_seen_by_others_and_is_no_end_of_the_period() {
        tenure.awaitRelease();
        tenure.leave();
        long period = tenure.phase();
        assertTrue(tenure.hold());
        assertEquals(period, tenure.phase());
        assertFalse(tenure.mayHold());
        assertFalse(tenure.take(period, NO_BARRIER));
        tenure.release();
        assertEquals(period, tenure.phase());
        assertTrue(tenure.mayHold());
        tenure.awaitRelease();
        assertTrue(tenure.enter());
        assertNotEquals(period, tenure.phase());
        assertFalse(tenure.mayHold());
        tenure.awaitRelease();
    }

    /** Whoever has set a mark waits for a hold that may not have seen it. */
    @Test
    void whoever_waits_for_a_release_sees_what_was_done_in_the_hold() {
        AtomicBoolean isDone = new AtomicBoolean();
        AtomicBoolean isHeld = new AtomicBoolean();
        TestThreads.Started carrier = TestThreads.start(() -> {
            tenure.leave();
            tenure.hold();
            isHeld.set(true);
            for (int i = 0; i < 1000; i++) {
                Thread.yield();
            }
            isDone.setPlain(true);
            tenure.release();
        });
        Await.until("it holds", isHeld::get);
        tenure.awaitRelease();
        assertTrue(isDone.getPlain());
        carrier.join();
    }

    @Test
    void only_the_runner_is_the_runner_and_only_until_it_is_unmounted() {
        assertFalse(tenure.isRunner());
        tenure.beRunner(Thread.currentThread());
        assertTrue(tenure.isRunner());
        AtomicBoolean isOther = new AtomicBoolean(true);
        TestThreads.start(() -> isOther.set(tenure.isRunner())).join();
        assertFalse(isOther.get());
        tenure.endRunner();
        assertFalse(tenure.isRunner());
    }

    /** Each hold in the time of a barrier turned the monitor away: a handler that arms timers never lost its CPU. */
    @Test
    void a_carrier_that_holds_its_tenure_all_the_time_is_taken_the_cpu_from() {
        int rounds = 20;
        AtomicInteger lost = new AtomicInteger();
        AtomicInteger holds = new AtomicInteger();
        TestThreads.Started carrier = TestThreads.start(() -> {
            while (lost.get() < rounds) {
                tenure.leave();
                boolean isOwner;
                do {
                    isOwner = tenure.hold();
                    tenure.release();
                    holds.setPlain(holds.getPlain() + 1);
                } while (isOwner);
                assertFalse(tenure.enter());
                tenure.reset();
                lost.incrementAndGet();
            }
        });
        Await.until("it is compiled", () -> holds.getOpaque() > 1_000_000);
        Runnable barrier = Os.hasMembarrier() ? Os::membarrier : carrier.thread::getStackTrace;
        int attempts = 0;
        for (int round = 0; round < rounds;) {
            long phase = tenure.phase();
            if (tenure.mayHold()) { // else it may have lost the processor in a hold, and be back in milliseconds
                attempts++;
                if (tenure.take(phase, barrier)) {
                    round++;
                    int taken = round;
                    Await.until("it has noticed", () -> lost.get() == taken);
                }
            }
        }
        carrier.join();
        assertTrue(attempts < 10 * rounds, "turned away too often: " + attempts);
    }
}
