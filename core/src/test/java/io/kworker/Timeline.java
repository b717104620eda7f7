// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Comparator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A hand-driven clock, and a trace of what handlers do by it. A handler that burns moves the clock on; one that sleeps
 * is parked until the clock has reached its time; where all sleep, the test moves the clock to the next who is due.
 *
 * <p>There is one virtual CPU: a handler burns only when it is its turn, in the order in which handlers started and
 * were woken, and gives way only where it sleeps or ends. With the carrier scheduler turns and the real CPU agree by
 * themselves; in the fallback a woken handler goes on beside the running one and has to wait for its turn, which it
 * does spinning, since blocked handlers let others start. A CPU-intensive handler waits for its turn in the same way,
 * after it has said that it started.
 */
final class Timeline {
    /** For so long burning really takes, so that an item that starts too early has the time to. */
    private static final long REAL_NANOS = 3_000_000;

    /** A handler under way. */
    private static final class Actor {
        final String name;
        final Thread thread = Thread.currentThread();
        final boolean isIntensive;
        volatile boolean isAwake = true;
        long due;
        long order;

        Actor(String name, boolean isIntensive) {
            this.name = name;
            this.isIntensive = isIntensive;
        }
    }

    /** Whose turn it is, and who comes next. */
    private final ConcurrentLinkedQueue<Actor> turns = new ConcurrentLinkedQueue<>();

    private final ConcurrentSkipListSet<Actor> sleepers =
            new ConcurrentSkipListSet<>(
                    Comparator.<Actor>comparingLong(actor -> actor.due).thenComparingLong(actor -> actor.order));

    private final ConcurrentLinkedQueue<String> trace = new ConcurrentLinkedQueue<>();

    /** Written by whose turn it is; by the test while there is none. */
    private volatile long now;

    private volatile long orders;

    /** Handlers that have started. */
    private final AtomicInteger starts = new AtomicInteger();
    private volatile boolean wasDisturbed;

    /** A handler that burns, sleeps and burns again, for so many milliseconds each. */
    Work.Handler handler(String name, int burn, int sleep, int burnAgain) {
        return work -> {
            Actor actor = new Actor(name, false);
            turns.add(actor);
            awaitTurn(actor);
            starts.getAndIncrement();
            say(actor, "starts");
            act(actor, burn, sleep, burnAgain);
        };
    }

    /**
     * The same of an item that is CPU-intensive: it starts while others burn (G27), and burns when they have made room.
     * Those that start beside each other have something to say at the same time; they say it in the order of the test.
     *
     * @param before how many handlers start before this one
     * @param company how many handlers have to start before the first burning of this one ends
     */
    Work.Handler intensive(String name, int before, int company, int burn, int sleep, int burnAgain) {
        return work -> {
            Actor actor = new Actor(name, true);
            awaitStarts(before);
            turns.add(actor);
            say(actor, "starts");
            starts.getAndIncrement();
            awaitTurn(actor);
            awaitStarts(company);
            act(actor, burn, sleep, burnAgain);
        };
    }

    private void act(Actor actor, int burn, int sleep, int burnAgain) {
        burn(actor, burn);
        sleep(actor, sleep);
        say(actor, "wakes");
        burn(actor, burnAgain);
        say(actor, "ends");
        giveWay(actor);
    }

    /** Burns. Where they do not start, the trace will tell. */
    private void awaitStarts(int handlers) {
        long deadline = System.nanoTime() + Await.DEADLINE.toNanos() / 2;
        while (starts.get() < handlers && System.nanoTime() - deadline < 0) {
            Thread.onSpinWait();
        }
    }

    private void awaitTurn(Actor actor) {
        while (turns.peek() != actor) {
            Thread.onSpinWait();
        }
    }

    private void say(Actor actor, String event) {
        trace.add(String.format("%3d %s %s", now, actor.name, event));
    }

    private void burn(Actor actor, int time) {
        long end = System.nanoTime() + REAL_NANOS;
        while (time > 0 && System.nanoTime() - end < 0) {
            if (!actor.isIntensive && turns.size() > 1) {
                wasDisturbed = true; // an item started though this one runs (G21)
            }
            Thread.onSpinWait();
        }
        now = now + time;
    }

    private void sleep(Actor actor, int time) {
        say(actor, "sleeps");
        actor.due = now + time;
        actor.order = orders;
        orders = orders + 1;
        actor.isAwake = false;
        sleepers.add(actor);
        giveWay(actor);
        while (!actor.isAwake) {
            LockSupport.park();
        }
        awaitTurn(actor);
    }

    /** Whoever became due meanwhile has the next turns. */
    private void giveWay(Actor actor) {
        wakeDue();
        Actor head = turns.poll();
        assert head == actor;
    }

    private void wakeDue() {
        long time = now; // whom this wakes moves the clock on
        for (Actor actor : sleepers) {
            if (actor.due <= time && sleepers.remove(actor)) {
                turns.add(actor);
                actor.isAwake = true;
                LockSupport.unpark(actor.thread);
            }
        }
    }

    /**
     * Drives the clock until so many handlers have ended, on one CPU on which nothing else happens. Returns the trace,
     * a line each.
     */
    String drive(Cpu cpu, int handlers, Workqueue... workqueues) {
        Await.until("all have ended", () -> {
            if (turns.isEmpty() && !sleepers.isEmpty() && isIdle(cpu, workqueues)) {
                now = sleepers.first().due;
                wakeDue();
            }
            return trace.stream().filter(line -> line.endsWith("ends")).count() == handlers;
        });
        assertFalse(wasDisturbed, "an item started while another one burned");
        assertTrue(sleepers.isEmpty());
        return String.join("\n", trace) + "\n";
    }

    /** Whether all that could start has started, and all that has started sleeps. */
    private boolean isIdle(Cpu cpu, Workqueue... workqueues) {
        return Books.read(cpu, () -> {
            int active = 0;
            for (Workqueue workqueue : workqueues) {
                active += Books.share(workqueue, cpu.index).active;
            }
            return !cpu.hasWork() && turns.isEmpty() && active == sleepers.size();
        });
    }
}
