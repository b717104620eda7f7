// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kworker.Affinity;
import io.kworker.Await;
import io.kworker.Bound;
import io.kworker.Checkout;
import io.kworker.DelayedWork;
import io.kworker.SoftTimer;
import io.kworker.Tasklet;
import io.kworker.Work;
import io.kworker.WorkDeadlockException;
import io.kworker.WorkRuntime;
import io.kworker.Workqueue;
import io.kworker.irq.IrqAction;
import io.kworker.irq.IrqLine;
import io.kworker.irq.IrqReturn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The examples of {@code docs/GUIDE.md}, word for word, with what they do checked. In the package of a user. */
@Timeout(60)
class GuideExamplesTest {
    private static final String THIS_FILE = "core/src/test/java/io/kworker/guide/GuideExamplesTest.java";

    @TempDir Path directory;

    /**
     * Examples that do not compile any more are worse than none: each block of Java in the guide is a run of lines of
     * this file, but for their indentation.
     */
    @Test
    void each_example_of_the_guide_is_code_of_this_file() throws IOException {
        List<String> here = Files.readAllLines(Checkout.file(THIS_FILE));
        List<List<String>> examples = examples(Files.readAllLines(Checkout.file("docs/GUIDE.md")));
        assertTrue(examples.size() >= 20, examples.size() + " examples");
        for (List<String> example : examples) {
            assertTrue(IntStream.range(0, here.size()).anyMatch(line -> isAt(here, line, example)),
                    () -> "the guide says:\n" + String.join("\n", example));
        }
    }

    private static List<List<String>> examples(List<String> guide) {
        List<List<String>> examples = new ArrayList<>();
        List<String> example = null;
        for (String line : guide) {
            if (example == null && line.equals("```java")) {
                example = new ArrayList<>();
            } else if (example != null && line.equals("```")) {
                assertFalse(example.isEmpty());
                examples.add(example);
                example = null;
            } else if (example != null) {
                example.add(line);
            }
        }
        assertEquals(null, example, "an example has no end");
        return examples;
    }

    private static boolean isAt(List<String> text, int from, List<String> example) {
        if (from + example.size() > text.size()) {
            return false;
        }
        int indent = text.get(from).length() - text.get(from).stripLeading().length();
        for (int i = 0; i < example.size(); i++) {
            String line = example.get(i);
            if (!text.get(from + i).equals(line.isEmpty() ? "" : " ".repeat(indent) + line)) {
                return false;
            }
        }
        return true;
    }

    // ---- basic use ----

    class Checksum extends Work {
        final Path file;
        long sum;

        Checksum(Path file) {
            this.file = file;
        }

        @Override
        protected void run() throws IOException {
            for (byte b : Files.readAllBytes(file)) { // a handler may block
                sum = 31 * sum + b;
            }
        }
    }

    @Test
    void an_item_of_ones_own() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "ab");
        Workqueue checksums = WorkRuntime.shared().workqueue("checksums").build();
        Checksum checksum = new Checksum(file);
        checksums.queue(checksum); // true: it will run, once
        checksum.flush(); // waits until it has
        long sum = checksum.sum; // what the run wrote is visible now
        assertEquals(31 * 'a' + 'b', sum);
        checksums.close();
    }

    @Test
    void a_lambda_on_the_system_queue() {
        List<String> greetings = new ArrayList<>();
        Work hello = Work.of(work -> greetings.add("hello"));
        hello.schedule(); // to the system queue of the shared runtime
        hello.flush();
        assertEquals(List.of("hello"), greetings);
    }

    class Inbox extends Work {
        private final Queue<String> letters = new ConcurrentLinkedQueue<>();
        final List<String> read = new ArrayList<>(); // no lock: the handler never runs twice at once

        void put(String letter) {
            letters.add(letter); // first the data,
            schedule(); // then the queueing: also where that is false, a run comes that sees the letter
        }

        @Override
        protected void run() {
            for (String letter = letters.poll(); letter != null; letter = letters.poll()) {
                read.add(letter);
            }
        }
    }

    @Test
    void one_run_for_many_queueings() {
        Inbox inbox = new Inbox();
        for (int i = 0; i < 1000; i++) {
            inbox.put("letter " + i);
        }
        inbox.flush();
        assertEquals(1000, inbox.read.size());
        assertEquals("letter 999", inbox.read.getLast());
    }

    @Test
    void what_a_handler_throws() {
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        Workqueue fragile = WorkRuntime.shared().workqueue("fragile")
                .exceptionHandler((work, thrown) -> failures.add(thrown))
                .build();
        Work broken = Work.of(work -> {
            throw new IOException("no such device");
        });
        fragile.queue(broken);
        broken.flush(); // the item counts as done
        assertEquals("no such device", failures.element().getMessage());
        fragile.close();
    }

    // ---- executors ----

    private static String fetch(String page) {
        return "<" + page + ">";
    }

    @Test
    void an_executor() throws Exception {
        List<String> shown = new ArrayList<>();
        Workqueue requests = WorkRuntime.shared().workqueue("requests").unbound().maxActive(8).build();
        try (ExecutorService executor = requests.asExecutorService()) {
            Future<String> index = executor.submit(() -> fetch("index"));
            executor.execute(() -> fetch("counter"));
            List<Callable<String>> both = List.of(() -> fetch("news"), () -> fetch("weather"));
            for (Future<String> page : executor.invokeAll(both)) {
                shown.add(page.get());
            }
            shown.add(index.get());
        } // shuts the executor down, and waits for its tasks; the workqueue stays open
        assertEquals(List.of("<news>", "<weather>", "<index>"), shown);
        assertTrue(requests.queue(Work.of(work -> {})));
        requests.close();
    }

    @Test
    void stages_of_completable_futures() {
        Workqueue requests = WorkRuntime.shared().workqueue("requests").build();
        ExecutorService executor = requests.asExecutorService();
        CompletableFuture<String> left = CompletableFuture.supplyAsync(() -> fetch("left"), executor);
        CompletableFuture<String> right = CompletableFuture.supplyAsync(() -> fetch("right"), executor);
        CompletableFuture<Integer> length =
                left.thenCombineAsync(right, String::concat, executor).thenApplyAsync(String::length, executor);
        assertEquals(13, length.join());
        requests.close();
        assertTrue(executor.isTerminated());
    }

    @Test
    void a_bounded_executor() {
        Workqueue requests = WorkRuntime.shared().workqueue("requests").maxActive(2).build();
        AtomicInteger done = new AtomicInteger();
        try (ExecutorService executor = requests.asExecutorService(Bound.block(100))) {
            for (int i = 0; i < 10_000; i++) {
                executor.execute(done::incrementAndGet); // waits here while 100 tasks have not started
            }
        }
        assertEquals(10_000, done.get());
        requests.close();
    }

    @Test
    void an_executor_with_timers() throws Exception {
        List<String> shown = new ArrayList<>();
        Workqueue workqueue = WorkRuntime.shared().workqueue("timers").build();
        AtomicInteger beats = new AtomicInteger();
        try (ScheduledExecutorService timers = workqueue.asScheduledExecutorService()) {
            ScheduledFuture<String> later = timers.schedule(() -> fetch("index"), 10, TimeUnit.MILLISECONDS);
            timers.scheduleAtFixedRate(beats::incrementAndGet, 0, 1, TimeUnit.MILLISECONDS);
            shown.add(later.get());
        } // delayed tasks still run, periodic ones are cancelled
        assertEquals(List.of("<index>"), shown);
        assertTrue(beats.get() > 0);
        workqueue.close();
    }

    // ---- limits ----

    @Test
    void a_limit_of_connections() {
        List<String> connections = List.of("connection 1", "connection 2", "connection 3");
        WorkRuntime runtime = WorkRuntime.shared();
        Queue<String> free = new ConcurrentLinkedQueue<>(connections);
        Workqueue database = runtime.workqueue("database")
                .unbound().affinity(Affinity.SYSTEM).maxActive(connections.size()).build();
        for (int row = 0; row < 1000; row++) {
            database.queue(Work.of(work -> {
                String connection = free.remove(); // one is free, always: no more handlers than connections
                Thread.sleep(0, 1000); // stands for a query
                free.add(connection);
            }));
        }
        database.flush();
        assertEquals(3, free.size());
        assertEquals(1000, database.stats().totals().completed());
        database.close();
    }

    @Test
    void a_limit_that_is_too_small() throws Exception {
        Workqueue narrow = WorkRuntime.shared().workqueue("narrow")
                .unbound().affinity(Affinity.SYSTEM).maxActive(1).build();
        ExecutorService executor = narrow.asExecutorService();
        Future<String> outer = executor.submit(() -> {
            Future<String> inner = executor.submit(() -> "needs a slot as well");
            return inner.get(); // the only slot is ours: WorkDeadlockException
        });
        try {
            outer.get();
        } catch (ExecutionException e) {
            assertInstanceOf(WorkDeadlockException.class, e.getCause());
            assertTrue(e.getCause().getMessage().contains("waits in Future.get()"), e.getCause().getMessage());
        }
        assertEquals(Future.State.FAILED, outer.state());
        narrow.close();
    }

    @Test
    void two_levels_have_two_queues() throws Exception {
        WorkRuntime runtime = WorkRuntime.shared();
        Workqueue parents = runtime.workqueue("parents").unbound().maxActive(4).build();
        Workqueue children = runtime.workqueue("children").unbound().maxActive(4).build();
        ExecutorService forParents = parents.asExecutorService();
        ExecutorService forChildren = children.asExecutorService();
        Future<Integer> sum = forParents.submit(() -> {
            Future<Integer> one = forChildren.submit(() -> 1);
            Future<Integer> two = forChildren.submit(() -> 2);
            return one.get() + two.get(); // children wait for nobody, so they end
        });
        assertEquals(3, sum.get());
        parents.close(); // first who submits, then who is submitted to
        children.close();
    }

    // ---- delayed work ----

    @Test
    void a_timer() {
        Workqueue workqueue = WorkRuntime.shared().workqueue("retries").build();
        AtomicInteger attempts = new AtomicInteger();
        DelayedWork retry = DelayedWork.of(work -> attempts.incrementAndGet());
        workqueue.queueDelayed(retry, Duration.ofHours(1)); // true: it is pending from now on
        workqueue.queueDelayed(retry, Duration.ofHours(2)); // false: pending already, the hour stands
        workqueue.modDelayed(retry, Duration.ofMillis(5)); // true: five milliseconds from now instead
        Await.until("it runs", () -> attempts.get() == 1);
        workqueue.queueDelayed(retry, Duration.ofHours(1));
        retry.flushDelayed(); // now, and waits
        assertEquals(2, attempts.get());
        workqueue.close();
    }

    @Test
    void a_bare_timer() {
        AtomicInteger expired = new AtomicInteger();
        SoftTimer timeout = SoftTimer.of(WorkRuntime.shared(), timer -> expired.incrementAndGet());
        timeout.modAfter(Duration.ofSeconds(30)); // armed
        timeout.modAfter(Duration.ofMillis(5)); // the answer is late already: sooner
        Await.until("it has expired", () -> expired.get() == 1);
        timeout.shutdownSync(); // never again, and not running any more
        assertFalse(timeout.modAfter(Duration.ZERO));
    }

    // ---- custom queues ----

    @Test
    void queues_of_ones_own() {
        WorkRuntime runtime = WorkRuntime.shared();
        Workqueue log = runtime.workqueue("log").ordered().build();
        Workqueue scans = runtime.workqueue("scans").unbound().maxActive(16).build();
        Workqueue alarms = runtime.workqueue("alarms").highpri().build();
        assertEquals(1, log.maxActive());
        assertEquals(16, scans.maxActive());
        assertEquals(Workqueue.DEFAULT_MAX_ACTIVE, alarms.maxActive());
        log.close();
        scans.close();
        alarms.close();
    }

    @Test
    void a_limit_changes_while_the_queue_is_used() {
        Workqueue scans = WorkRuntime.shared().workqueue("scans").unbound().maxActive(16).build();
        scans.setMaxActive(4); // what runs goes on; nothing starts before less than 4 are left
        assertEquals(4, scans.maxActive());
        scans.close();
    }

    @Test
    void a_runtime_of_ones_own() {
        try (WorkRuntime runtime = WorkRuntime.builder().name("mine").spinBeforePark(Duration.ZERO).build();
                Workqueue workqueue = runtime.workqueue("jobs").build()) {
            Work job = Work.of(work -> {});
            workqueue.queue(job);
        } // waits for everything that was accepted, then ends its threads
    }

    @Test
    void a_tasklet() {
        AtomicInteger runs = new AtomicInteger();
        Tasklet tasklet = Tasklet.of(WorkRuntime.shared(), self -> runs.incrementAndGet());
        tasklet.schedule(); // before all work items of this CPU; must not block
        Await.until("it has run", () -> runs.get() == 1);
        tasklet.kill();
    }

    // ---- cancelling ----

    class Poller implements AutoCloseable {
        private final DelayedWork poll = DelayedWork.of(work -> look());
        private final AtomicInteger looks = new AtomicInteger();
        private final Workqueue workqueue;

        Poller(Workqueue workqueue) {
            this.workqueue = workqueue;
            workqueue.queueEvery(poll, Duration.ofMillis(1));
        }

        private void look() {
            looks.incrementAndGet();
        }

        void pause() {
            poll.disableSync(); // on return it neither runs nor can be queued
        }

        void resume() {
            poll.enable(); // does not queue anything by itself
            workqueue.queueEvery(poll, Duration.ofMillis(1));
        }

        @Override
        public void close() {
            poll.cancelSync(); // on return it is over, and what it used can be thrown away
        }
    }

    @Test
    void an_item_that_is_stopped_for_a_while() {
        Workqueue workqueue = WorkRuntime.shared().workqueue("polls").build();
        try (Poller poller = new Poller(workqueue)) {
            Await.until("it looks", () -> poller.looks.get() > 0);
            poller.pause();
            int before = poller.looks.get();
            assertFalse(poller.poll.isBusy());
            assertFalse(workqueue.queue(poller.poll));
            assertEquals(before, poller.looks.get());
            poller.resume();
            Await.until("it looks again", () -> poller.looks.get() > before);
        }
        workqueue.close();
    }

    // ---- flush, drain, close ----

    @Test
    void three_ways_to_wait() {
        Workqueue workqueue = WorkRuntime.shared().workqueue("jobs").build();
        Work first = Work.of(work -> {});
        Work second = Work.of(work -> workqueue.queue(first)); // a handler may queue to its own workqueue
        workqueue.queue(second);
        workqueue.flush(); // second is over; first, which it has queued, need not be
        workqueue.drain(); // nothing is left, first neither; others are refused meanwhile
        workqueue.close(); // the same, for good
        assertThrows(RejectedExecutionException.class, () -> workqueue.queue(second));
        assertFalse(first.isBusy() || second.isBusy());
    }

    // ---- recurring ----

    @Test
    void again_and_again() {
        Workqueue workqueue = WorkRuntime.shared().workqueue("beats").build();
        AtomicInteger beats = new AtomicInteger();
        DelayedWork heartbeat = DelayedWork.of(work -> beats.incrementAndGet());
        workqueue.queueEvery(heartbeat, Duration.ofMillis(2));
        Await.until("it beats", () -> beats.get() >= 3);
        heartbeat.cancelSync(); // no run after this
        long leftOut = heartbeat.overruns(); // beats that were not run since one took too long
        assertTrue(leftOut >= 0);
        int last = beats.get();
        Await.never("it beats again", () -> beats.get() != last);
        workqueue.close();
    }

    // ---- interrupts ----

    /** A device, to which something happens. */
    private static final class Sensor {
        private final AtomicInteger values = new AtomicInteger();

        boolean isReady() {
            return values.get() > 0;
        }

        int read() {
            return values.getAndSet(0);
        }
    }

    @Test
    void an_interrupt() {
        Sensor sensor = new Sensor();
        Queue<Integer> readings = new ConcurrentLinkedQueue<>();
        IrqLine line = IrqLine.edge(WorkRuntime.shared(), "sensor").build();
        IrqAction action = line.request(
                irq -> sensor.isReady() ? IrqReturn.WAKE_THREAD : IrqReturn.NONE, // in the thread that raises
                irq -> readings.add(sensor.read()), // on a worker: may sleep
                "sensor");
        sensor.values.set(42);
        line.raise(); // by whoever notices that the device wants something
        line.synchronize(); // waits for the handlers
        line.free(action);
        assertEquals(List.of(42), List.copyOf(readings));
    }

    // ---- each CPU ----

    class Visit extends Work {
        final int cpu;
        final Map<Integer, Thread> visited;

        Visit(int cpu, Map<Integer, Thread> visited) {
            this.cpu = cpu;
            this.visited = visited;
        }

        @Override
        protected void run() {
            visited.put(cpu, Thread.currentThread());
        }
    }

    @Test
    void one_item_for_each_cpu() {
        WorkRuntime runtime = WorkRuntime.shared();
        Map<Integer, Thread> visited = new ConcurrentHashMap<>();
        List<Visit> visits = new ArrayList<>();
        for (int cpu : runtime.cpus()) {
            Visit visit = new Visit(cpu, visited);
            runtime.system().queueOn(cpu, visit);
            visits.add(visit);
        }
        visits.forEach(Work::flush);
        assertEquals(runtime.cpus().length, visited.size());
    }

    // ---- threads ----

    @Test
    void a_thread_for_each_task() throws InterruptedException, ExecutionException {
        WorkRuntime runtime = WorkRuntime.shared();
        List<String> shown = new ArrayList<>();
        try (ExecutorService perTask = Executors.newThreadPerTaskExecutor(runtime.threadFactory())) {
            List<Callable<String>> pages = List.of(() -> fetch("index"), () -> fetch("news"));
            for (Future<String> page : perTask.invokeAll(pages)) {
                shown.add(page.get());
            }
        }
        assertEquals(List.of("<index>", "<news>"), shown);
    }

    @Test
    void a_thread_on_another_cpu() {
        WorkRuntime runtime = WorkRuntime.shared();
        int otherCpu = runtime.cpus()[runtime.cpus().length - 1];
        Queue<String> shown = new ConcurrentLinkedQueue<>();
        AtomicInteger made = new AtomicInteger();
        Work handler = Work.of(work -> {
            ThreadFactory near = Thread.ofVirtual().factory(); // in a handler: on its own CPU
            ThreadFactory there = runtime.threadFactory(otherCpu);
            there.newThread(() -> shown.add(fetch("far"))).start();
            near.newThread(made::incrementAndGet).start();
        });
        handler.schedule();
        handler.flush();
        Await.until("both threads have run", () -> made.get() == 1 && List.copyOf(shown).equals(List.of("<far>")));
    }

    // ---- looking ----

    @Test
    void what_goes_on() {
        WorkRuntime runtime = WorkRuntime.shared();
        Workqueue workqueue = runtime.workqueue("jobs").build();
        String inForce = runtime.describe(); // carriers, pinning, and what is missing
        String now = runtime.dump(); // what runs, for how long, and what waits
        long done = workqueue.stats().totals().completed();
        assertNotNull(inForce);
        assertNotNull(now);
        assertEquals(0, done);
        workqueue.close();
    }
}
