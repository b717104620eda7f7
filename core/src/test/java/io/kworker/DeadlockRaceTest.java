// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No false alarm: a wait that would have ended never throws, whatever goes on meanwhile (J6). */
@Timeout(60)
class DeadlockRaceTest {
    private static final long RUN_NANOS = 1_500_000_000;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** What a thread of the test does to the items from outside. */
    private static void disturb(List<Item> items, Map<Item, List<Workqueue>> places, AtomicBoolean isOver) {
        SplittableRandom random = new SplittableRandom(ThreadLocalRandom.current().nextLong());
        while (!isOver.get()) {
            Item item = items.get(random.nextInt(items.size()));
            List<Workqueue> of = places.get(item);
            try {
                switch (random.nextInt(8)) {
                    case 0 -> item.cancel();
                    case 1 -> {
                        item.disable();
                        item.enable();
                    }
                    default -> of.get(random.nextInt(of.size())).queue(item);
                }
            } catch (RejectedExecutionException e) {
                LockSupport.parkNanos(10_000); // somebody drains it
            }
            if (random.nextInt(16) == 0) {
                LockSupport.parkNanos(50_000);
            }
        }
    }

    /**
     * Handlers of one level wait for items, workqueues and drains of higher levels only. So every wait ends, with any
     * limits: those of the highest level wait for nothing.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void waits_that_go_upwards_only_never_throw(boolean twoRuntimes) {
        int levels = 4;
        WorkRuntime runtime = runtimes.runtime();
        WorkRuntime other = twoRuntimes ? runtimes.runtime() : runtime;
        List<List<Workqueue>> queues = new ArrayList<>();
        List<List<Item>> items = new ArrayList<>();
        Map<Item, List<Workqueue>> places = new IdentityHashMap<>();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        AtomicLong waits = new AtomicLong();
        for (int level = 0; level < levels; level++) {
            WorkRuntime of = level % 2 == 0 ? runtime : other;
            String name = "level " + level;
            queues.add(List.of(
                    runtimes.queue(of.workqueue(name + " single").maxActive(1)),
                    runtimes.queue(of.workqueue(name + " bound")),
                    runtimes.queue(of.workqueue(name + " highpri").highpri().maxActive(2)),
                    runtimes.queue(of.workqueue(name + " ordered").ordered()),
                    runtimes.queue(of.workqueue(name + " unbound").unbound().maxActive(2))));
            List<Item> ofLevel = new ArrayList<>();
            items.add(ofLevel);
            for (int i = 0; i < 5; i++) {
                int own = level;
                Item item = runtimes.item(work -> {
                    if (own + 1 == levels) {
                        Thread.sleep(0, 20_000);
                        return;
                    }
                    SplittableRandom random = new SplittableRandom(ThreadLocalRandom.current().nextLong());
                    for (int turn = random.nextInt(3); turn >= 0; turn--) {
                        try {
                            waits.incrementAndGet();
                            waitForSomething(random, own + 1 + random.nextInt(levels - own - 1), queues, items);
                        } catch (RejectedExecutionException e) {
                            Thread.yield();
                        } catch (WorkDeadlockException e) {
                            failures.add(e);
                        }
                    }
                });
                ofLevel.add(item);
                places.put(item, queues.get(level));
            }
        }
        List<Item> all = items.stream().flatMap(List::stream).toList();
        AtomicBoolean isOver = new AtomicBoolean();
        List<TestThreads.Started> disturbers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            disturbers.add(TestThreads.start(() -> disturb(all, places, isOver)));
        }
        LockSupport.parkNanos(RUN_NANOS);
        isOver.set(true);
        disturbers.forEach(TestThreads.Started::join);
        for (List<Workqueue> level : queues) {
            level.forEach(workqueue -> TestThreads.start(workqueue::flush).join());
        }
        assertEquals(List.of(), List.copyOf(failures));
        assertTrue(waits.get() > 100, () -> waits + " waits only");
    }

    private static void waitForSomething(
            SplittableRandom random, int level, List<List<Workqueue>> queues, List<List<Item>> items) {
        List<Workqueue> places = queues.get(level);
        Workqueue workqueue = places.get(random.nextInt(places.size()));
        Item item = items.get(level).get(random.nextInt(items.get(level).size()));
        if (random.nextBoolean()) {
            workqueue.queue(item);
        }
        switch (random.nextInt(12)) {
            case 0 -> workqueue.flush();
            case 1 -> workqueue.drain();
            case 2 -> item.cancel();
            case 3 -> item.cancelSync();
            case 4 -> {
                item.disableSync();
                item.enable();
            }
            default -> item.flush();
        }
    }

    /** A wait that the test knows of, from before the call to after it. */
    private static final class Ticket {
        final Item target;

        Ticket(Item target) {
            this.target = target;
        }
    }

    /**
     * Handlers wait for whomever they like. Whoever gets the exception really closes a ring: following the waits leads
     * back to it, and none of them ends while it holds on.
     */
    @ParameterizedTest
    @ValueSource(ints = {3, 8})
    void whoever_is_refused_really_closes_a_ring(int count) {
        WorkRuntime runtime = runtimes.runtime();
        List<Workqueue> queues = List.of(runtime.system(), runtime.systemUnbound(), runtime.systemHighpri(),
                runtimes.runtime().system());
        Map<Work, Ticket> tickets = new ConcurrentHashMap<>();
        Queue<String> falseAlarms = new ConcurrentLinkedQueue<>();
        AtomicInteger alarms = new AtomicInteger();
        AtomicLong waits = new AtomicLong();
        AtomicBoolean isOver = new AtomicBoolean();
        List<Item> items = new ArrayList<>();
        Map<Item, List<Workqueue>> places = new IdentityHashMap<>();
        for (int i = 0; i < count; i++) {
            Item item = runtimes.item(work -> {
                SplittableRandom random = new SplittableRandom(ThreadLocalRandom.current().nextLong());
                Item target = items.get(random.nextInt(count));
                if (target == work || isOver.get()) {
                    return;
                }
                tickets.put(work, new Ticket(target));
                try {
                    waits.incrementAndGet();
                    if (random.nextBoolean()) {
                        target.flush();
                    } else {
                        target.cancelSync();
                    }
                } catch (WorkDeadlockException e) {
                    alarms.incrementAndGet();
                    String problem = check(work, target, tickets);
                    if (problem != null) {
                        falseAlarms.add(problem + ": " + e.getMessage());
                    }
                } finally {
                    tickets.remove(work);
                }
            });
            items.add(item);
            places.put(item, queues);
        }
        List<TestThreads.Started> disturbers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            disturbers.add(TestThreads.start(() -> disturb(items, places, isOver)));
        }
        LockSupport.parkNanos(RUN_NANOS);
        isOver.set(true);
        disturbers.forEach(TestThreads.Started::join);
        for (Item item : items) {
            TestThreads.start(item::flush).join();
        }
        assertEquals(List.of(), List.copyOf(falseAlarms));
        assertTrue(waits.get() > 100, () -> waits + " waits only");
        assertTrue(alarms.get() > 0, "never a ring");
    }

    /** What is wrong with an alarm, or null. */
    private static String check(Work self, Item target, Map<Work, Ticket> tickets) {
        Map<Work, Ticket> ring = new IdentityHashMap<>();
        for (Work next = target; next != self;) {
            Ticket ticket = tickets.get(next);
            if (ticket == null || ring.put(next, ticket) != null) {
                return ticket == null ? next + " does not wait" : "the ring does not lead back";
            }
            next = ticket.target;
        }
        LockSupport.parkNanos(1_000_000);
        for (Map.Entry<Work, Ticket> entry : ring.entrySet()) {
            if (tickets.get(entry.getKey()) != entry.getValue()) {
                return "the wait of " + entry.getKey() + " has ended by itself";
            }
        }
        return null;
    }

    /**
     * A cancelSync that is about to return waits for nothing any more: the item may be queued again by then, and may
     * wait for whoever has stopped it.
     */
    @Test
    void a_stop_that_is_over_is_in_nobodys_way() {
        WorkRuntime runtime = runtimes.runtime();
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicBoolean isAfter = new AtomicBoolean();
        AtomicInteger falseAlarms = new AtomicInteger();
        AtomicInteger waits = new AtomicInteger();
        Item[] stopper = new Item[1];
        Item stopped = runtimes.item(work -> {
            if (isAfter.get()) {
                try {
                    waits.incrementAndGet();
                    stopper[0].flush();
                } catch (WorkDeadlockException e) {
                    falseAlarms.incrementAndGet();
                }
            }
        });
        stopper[0] = runtimes.item(work -> stopped.cancelSync());
        Item[] noise = new Item[4];
        for (int i = 0; i < noise.length; i++) { // those who come and go make the others wait for the graph
            Item short0 = runtimes.item();
            noise[i] = runtimes.item(work -> {
                runtime.systemHighpri().queue(short0);
                short0.flush();
                if (!isOver.get()) {
                    runtime.systemUnbound().queue(work);
                }
            });
            runtime.systemUnbound().queue(noise[i]);
        }
        long end = System.nanoTime() + RUN_NANOS;
        while (System.nanoTime() - end < 0) {
            isAfter.set(false);
            runtime.system().queue(stopped);
            runtime.systemUnbound().queue(stopper[0]);
            while (WorkState.depth(stopped.state()) == 0 && stopper[0].isBusy()) {
                Thread.onSpinWait();
            }
            boolean wasSeen = WorkState.depth(stopped.state()) > 0;
            while (wasSeen && !runtime.systemUnbound().queue(stopped)) {
                Thread.onSpinWait();
            }
            isAfter.set(wasSeen); // and not before: the run that was stopped must not wait for who stops it
            stopper[0].flush();
            stopped.flush();
        }
        isOver.set(true);
        for (Item item : noise) {
            item.flush();
        }
        runtime.flushAll();
        assertEquals(0, falseAlarms.get(), () -> "of " + waits);
    }
}
