// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a thread spins for a result. */
@Timeout(60)
class ResultSpinTest {
    private final ResultSpin spin = new ResultSpin();
    private final Watched never = new Watched(Integer.MAX_VALUE);

    /** A result that is there when it has been asked for often enough. */
    private static final class Watched extends FutureTask<String> {
        private final int doneAfter;
        private int looks;

        Watched(int doneAfter) {
            super(() -> "");
            this.doneAfter = doneAfter;
        }

        @Override
        public boolean isDone() {
            return ++looks > doneAfter;
        }
    }

    /** Waits until that did not spin, at most so many times. */
    private int waitsThatSpin(int most) {
        for (int i = 0; i < most; i++) {
            int before = never.looks;
            spin.await(never);
            if (never.looks == before) {
                return i;
            }
        }
        return most;
    }

    private int waitsThatDoNot() {
        for (int i = 0;; i++) {
            int before = never.looks;
            spin.await(never);
            if (never.looks > before) {
                return i;
            }
        }
    }

    @Test
    void who_has_spun_in_vain_parks_at_once_but_for_a_look_now_and_then() {
        assertEquals(1, waitsThatSpin(10));
        assertEquals(63, waitsThatDoNot());
        assertEquals(64, waitsThatDoNot());
    }

    @Test
    void who_has_seen_the_result_come_spins_the_next_time() {
        for (int i = 0; i < 10; i++) {
            Watched soon = new Watched(1);
            spin.await(soon);
            assertEquals(2, soon.looks);
        }
    }

    /** Which would keep its carrier from others. */
    @Test
    void a_virtual_thread_does_not_spin() throws InterruptedException {
        Thread.ofVirtual().start(() -> spin.await(never)).join();
        assertEquals(0, never.looks);
        assertTrue(waitsThatSpin(1) > 0);
    }
}
