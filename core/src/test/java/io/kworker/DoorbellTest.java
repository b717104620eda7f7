// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How one sleeper is woken: by the word, once, and never too late. */
@Timeout(60)
class DoorbellTest {
    private final Doorbell doorbell = new Doorbell();

    @Test
    void a_ring_while_awake_does_nothing() {
        doorbell.ring();
        assertFalse(doorbell.isAsleep());
        doorbell.announce();
        assertTrue(doorbell.isAsleep());
        doorbell.withdraw();
        assertFalse(doorbell.isAsleep());
    }

    @Test
    void a_ring_after_the_announcement_ends_the_sleep_that_follows() {
        doorbell.announce();
        doorbell.ring();
        assertFalse(doorbell.isAsleep());
        doorbell.await();
    }

    @Test
    void a_sleeper_is_woken() {
        TestThreads.Started sleeper = TestThreads.start(() -> {
            doorbell.announce();
            doorbell.await();
        });
        Await.until("it sleeps", () -> sleeper.thread.getState() == Thread.State.WAITING);
        Await.never("it wakes by itself", sleeper::isDone);
        doorbell.ring();
        sleeper.join();
        assertFalse(doorbell.isAsleep());
    }

    /** A permit eaten or given by someone else, and an interrupt, are no ring. */
    @Test
    void neither_a_permit_nor_an_interrupt_ends_the_sleep() {
        AtomicBoolean isOver = new AtomicBoolean();
        TestThreads.Started sleeper = TestThreads.start(() -> {
            doorbell.announce();
            doorbell.await();
            isOver.set(true);
        });
        Await.until("it sleeps", () -> sleeper.thread.getState() == Thread.State.WAITING);
        LockSupport.unpark(sleeper.thread);
        sleeper.thread.interrupt();
        Await.never("it wakes", isOver::get);
        assertTrue(doorbell.isAsleep());
        // a set flag would have made it spin: it parks again
        Await.until("it sleeps again", () -> sleeper.thread.getState() == Thread.State.WAITING);
        doorbell.ring();
        sleeper.join();
    }

    /** J17: never early. */
    @Test
    void a_timed_sleep_ends_by_itself_and_says_so() {
        long nanos = Duration.ofMillis(20).toNanos();
        doorbell.announce();
        long start = System.nanoTime();
        boolean rang = doorbell.await(nanos);
        assertTrue(System.nanoTime() - start >= nanos);
        assertFalse(rang);
        assertFalse(doorbell.isAsleep());
    }

    @Test
    void a_timed_sleep_that_is_over_already_does_not_block() {
        doorbell.announce();
        assertFalse(doorbell.await(-1));
        doorbell.announce();
        assertFalse(doorbell.await(0));
        doorbell.announce();
        doorbell.ring();
        assertTrue(doorbell.await(Long.MAX_VALUE / 4));
        assertFalse(doorbell.isAsleep());
    }

    @Test
    void a_ring_ends_a_timed_sleep_and_says_so() {
        AtomicBoolean rang = new AtomicBoolean();
        TestThreads.Started sleeper = TestThreads.start(() -> {
            doorbell.announce();
            rang.set(doorbell.await(Await.DEADLINE.toNanos()));
        });
        Await.until("it sleeps", () -> sleeper.thread.getState() == Thread.State.TIMED_WAITING);
        doorbell.ring();
        sleeper.join();
        assertTrue(rang.get());
    }

    /** The guarantee: a message is seen by the look after the announcement, or its ring wakes the sleeper. */
    @Test
    void no_message_is_missed() {
        int messages = 100_000;
        AtomicInteger published = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        TestThreads.Started sleeper = TestThreads.start(() -> {
            while (seen.get() < messages) {
                doorbell.announce();
                if (published.get() != seen.get()) {
                    doorbell.withdraw();
                } else {
                    doorbell.await();
                }
                seen.set(published.get());
            }
        });
        for (int i = 1; i <= messages; i++) {
            int message = i;
            published.set(message);
            doorbell.ring();
            if (i % 256 == 0) {
                Await.until("message " + message + " is seen", () -> seen.get() >= message);
            }
        }
        sleeper.join();
        assertEquals(messages, seen.get());
    }
}
