// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs whose parts wait for each other: they come to their end wherever the limit lets all run that must. */
@Timeout(60)
class ProgressTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** Workqueues that run so many at once, in all. */
    enum Kind {
        BOUND {
            @Override
            Workqueue make(RuntimeExtension runtimes, int tasks) {
                return runtimes.queue(runtimes.oneCpu(), "parts", tasks);
            }
        },
        UNBOUND {
            @Override
            Workqueue make(RuntimeExtension runtimes, int tasks) {
                return runtimes.queue(runtimes.runtime().workqueue("parts")
                        .unbound().affinity(Affinity.SYSTEM).maxActive(tasks));
            }
        };

        abstract Workqueue make(RuntimeExtension runtimes, int tasks);
    }

    @BeforeEach
    void itemsAreOurOwn() {
        runtimes.doNotCountRuns();
    }

    // ---- actors ----

    /** A mailbox, which is the item: a message that comes while it is pending or runs is seen by the run to come. */
    private abstract static class Actor<M> extends Work {
        private final Queue<M> mailbox = new ConcurrentLinkedQueue<>();
        private final Workqueue workqueue;

        /** By the runs, of which there is one at a time. */
        int received;

        Actor(Workqueue workqueue) {
            this.workqueue = workqueue;
        }

        final void tell(M message) {
            mailbox.add(message);
            workqueue.queue(this);
        }

        @Override
        protected final void run() {
            for (M message = mailbox.poll(); message != null; message = mailbox.poll()) {
                received++;
                receive(message);
            }
        }

        abstract void receive(M message);
    }

    /** Answers until the ball has been in the air so often. */
    private static final class Player extends Actor<Integer> {
        private final CountDownLatch done;
        private Player other;

        Player(Workqueue workqueue, CountDownLatch done) {
            super(workqueue);
            this.done = done;
        }

        @Override
        void receive(Integer ball) {
            if (ball > 0) {
                other.tell(ball - 1);
            } else {
                done.countDown();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void players_lose_no_ball(Kind kind) {
        int pairs = 50;
        int balls = 4;
        int hits = 500;
        Workqueue workqueue = kind.make(runtimes, 8);
        CountDownLatch done = new CountDownLatch(pairs * balls);
        List<Player> players = new ArrayList<>();
        for (int i = 0; i < pairs; i++) {
            Player one = new Player(workqueue, done);
            Player other = new Player(workqueue, done);
            one.other = other;
            other.other = one;
            players.addAll(List.of(one, other));
        }
        for (int ball = 0; ball < balls; ball++) {
            for (int i = 0; i < players.size(); i += 2) {
                players.get(i).tell(hits - 1);
            }
        }
        Await.open("all balls are down", done);
        workqueue.flush();
        assertEquals(pairs * balls * hits, players.stream().mapToInt(player -> player.received).sum());
    }

    /** Tells each message to the next one in the ring, until it has gone round so often. */
    private static final class Link extends Actor<Integer> {
        private final AtomicLong sum;
        private Link next;

        Link(Workqueue workqueue, AtomicLong sum) {
            super(workqueue);
            this.sum = sum;
        }

        @Override
        void receive(Integer hops) {
            sum.incrementAndGet();
            if (hops > 1) {
                next.tell(hops - 1);
            }
        }
    }

    /** Messages chase each other round a ring, and threads of the user's put in more of them meanwhile. */
    @ParameterizedTest
    @EnumSource
    void messages_go_round_a_ring_of_actors(Kind kind) {
        int links = 200;
        int messages = 20;
        int hops = 1_000;
        Workqueue workqueue = kind.make(runtimes, 8);
        AtomicLong sum = new AtomicLong();
        List<Link> ring = new ArrayList<>();
        for (int i = 0; i < links; i++) {
            ring.add(new Link(workqueue, sum));
        }
        for (int i = 0; i < links; i++) {
            ring.get(i).next = ring.get((i + 1) % links);
        }
        TestThreads.together(2, number -> {
            for (int i = 0; i < messages; i++) {
                ring.get((7 * i + number) % links).tell(hops);
            }
        });
        long all = 2L * messages * hops;
        Await.until("all messages have gone round", () -> sum.get() == all);
        workqueue.drain();
        assertEquals(all, ring.stream().mapToLong(link -> link.received).sum());
    }

    // ---- stages ----

    private static final int END = -1;

    /** Each stage is a task that never ends before its input does; what is ahead of it fills its queue and waits. */
    @ParameterizedTest
    @EnumSource
    void stages_with_blocking_queues_between_them_keep_pace(Kind kind) throws Exception {
        int capacity = 4;
        int stages = 4;
        int count = 5_000;
        AtomicInteger made = new AtomicInteger();
        AtomicInteger used = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Integer> results = new ArrayList<>();
        try (ExecutorService executor = kind.make(runtimes, stages + 2).asExecutorService()) {
            List<BlockingQueue<Integer>> queues = new ArrayList<>();
            for (int i = 0; i <= stages; i++) {
                queues.add(new ArrayBlockingQueue<>(capacity));
            }
            List<Future<?>> parts = new ArrayList<>();
            parts.add(executor.submit(() -> {
                for (int i = 0; i < count; i++) {
                    queues.getFirst().put(i);
                    most.accumulateAndGet(made.incrementAndGet() - used.get(), Math::max);
                }
                queues.getFirst().put(END);
                return null;
            }));
            for (int i = 0; i < stages; i++) {
                BlockingQueue<Integer> in = queues.get(i);
                BlockingQueue<Integer> out = queues.get(i + 1);
                parts.add(executor.submit(() -> {
                    for (int number = in.take(); number != END; number = in.take()) {
                        out.put(number + 1);
                    }
                    out.put(END);
                    return null;
                }));
            }
            parts.add(executor.submit(() -> {
                for (int number = queues.getLast().take(); number != END; number = queues.getLast().take()) {
                    results.add(number);
                    used.incrementAndGet();
                }
                return null;
            }));
            for (Future<?> part : parts) {
                part.get(50, TimeUnit.SECONDS);
            }
        }
        assertEquals(count, results.size());
        for (int i = 0; i < count; i++) {
            assertEquals(i + stages, results.get(i));
        }
        assertTrue(most.get() <= (stages + 1) * capacity + stages + 2, most + " under way at once");
    }

    /** Nothing lies between two hands: each of them waits for the other one. */
    @ParameterizedTest
    @EnumSource
    void tasks_hand_over_to_each_other(Kind kind) throws Exception {
        int rounds = 5_000;
        SynchronousQueue<Integer> to = new SynchronousQueue<>();
        SynchronousQueue<Integer> fro = new SynchronousQueue<>();
        try (ExecutorService executor = kind.make(runtimes, 2).asExecutorService()) {
            Future<Integer> server = executor.submit(() -> {
                int served = 0;
                for (int number = to.take(); number != END; number = to.take()) {
                    fro.put(number + 1);
                    served++;
                }
                return served;
            });
            Future<Integer> client = executor.submit(() -> {
                int number = 0;
                for (int i = 0; i < rounds; i++) {
                    to.put(number);
                    number = fro.take();
                }
                to.put(END);
                return number;
            });
            assertEquals(rounds, client.get(50, TimeUnit.SECONDS));
            assertEquals(rounds, server.get(50, TimeUnit.SECONDS));
        }
    }

    /** As many tasks as the limit permits meet again and again; none may be kept from running by those that wait. */
    @ParameterizedTest
    @EnumSource
    void as_many_tasks_as_the_limit_permits_meet_at_a_barrier(Kind kind) throws Exception {
        int tasks = 16;
        int rounds = 200;
        AtomicInteger met = new AtomicInteger();
        CyclicBarrier barrier = new CyclicBarrier(tasks, met::incrementAndGet);
        try (ExecutorService executor = kind.make(runtimes, tasks).asExecutorService()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < tasks; i++) {
                all.add(executor.submit(() -> {
                    for (int round = 0; round < rounds; round++) {
                        barrier.await();
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get(50, TimeUnit.SECONDS);
            }
        }
        assertEquals(rounds, met.get());
    }

    /** The submitter is faster than the tasks, and is made to wait. */
    @ParameterizedTest
    @EnumSource
    void a_bound_holds_the_submitter_back(Kind kind) {
        int places = 8;
        int tasks = 2;
        int count = 2_000;
        AtomicInteger submitted = new AtomicInteger();
        AtomicInteger ended = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (ExecutorService executor = kind.make(runtimes, tasks).asExecutorService(Bound.block(places))) {
            for (int i = 0; i < count; i++) {
                executor.execute(() -> {
                    Thread.yield();
                    ended.incrementAndGet();
                });
                most.accumulateAndGet(submitted.incrementAndGet() - ended.get(), Math::max);
            }
        }
        assertEquals(count, ended.get());
        assertTrue(most.get() <= places + tasks, most + " at once");
    }
}
