// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * BH handlers that block are reported, and the CPU goes on (J7, G73). Without a CPU-intensive threshold: in fallback a
 * handler is left alone after that, so that one which has not blocked by then is not seen to.
 */
@Timeout(60)
class BlockedInAtomicTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    @TempDir Path directory;

    private record Report(Work work, Throwable thrown, Thread thread) {}

    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();

    private Workqueue bh(WorkRuntime runtime) {
        return runtimes.queue(runtime.workqueue("soft").bh()
                .exceptionHandler((work, thrown) -> reports.add(new Report(work, thrown, Thread.currentThread()))));
    }

    private Report report() {
        Await.until("something is reported", () -> !reports.isEmpty());
        assertEquals(1, reports.size());
        return reports.peek();
    }

    @Test
    void a_handler_that_blocks_is_reported_with_where_it_blocks() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = bh(runtime);
        Gate gate = runtimes.gate();
        Item blocking = runtimes.item(work -> gate.pass());
        workqueue.queue(blocking);
        Report report = report();
        assertSame(blocking, report.work());
        BlockedInAtomicException exception = assertInstanceOf(BlockedInAtomicException.class, report.thrown());
        assertTrue(exception.getMessage().contains("'soft'") && exception.getMessage().contains(Item.class.getName()),
                exception::getMessage);
        assertTrue(Arrays.stream(exception.getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(Gate.class.getName())
                        && frame.getMethodName().equals("pass")),
                () -> Arrays.toString(exception.getStackTrace()));
        assertTrue(blocking.isRunning());
        Item normal = runtimes.item();
        runtime.system().queue(normal);
        normal.flush(); // the CPU goes on
        gate.open();
        blocking.flush();
        assertEquals(1, reports.size());
    }

    /** Instances of a class are many, its mistake is one. */
    @Test
    void each_class_is_reported_once() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = bh(runtime);
        for (int i = 0; i < 3; i++) {
            Gate gate = runtimes.gate();
            Item blocking = runtimes.item(work -> gate.pass());
            workqueue.queue(blocking);
            Await.until("the handler has blocked", () -> isBlocked(runtime, blocking));
            report();
            Await.never("another one is reported", () -> reports.size() > 1);
            gate.open();
            blocking.flush();
        }
        Gate gate = runtimes.gate();
        Work other = Work.of(work -> gate.pass());
        runtimes.doNotCountRuns();
        workqueue.queue(other);
        Await.until("the other class is reported", () -> reports.size() == 2);
        gate.open();
        other.flush();
        assertSame(other, List.copyOf(reports).get(1).work());
    }

    private static boolean isBlocked(WorkRuntime runtime, Item item) {
        return InFlight.all(runtime).stream().filter(handler -> handler.work() == item).map(InFlight::thread)
                .anyMatch(thread -> thread != null && thread.getState() == Thread.State.WAITING);
    }

    /** Its CPU has gone on by then, with others. */
    @Test
    void a_handler_that_blocks_late_is_reported_too() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = bh(runtime);
        Gate mayBlock = runtimes.gate();
        Gate gate = runtimes.gate();
        Item blocking = runtimes.item(work -> {
            mayBlock.burn();
            gate.pass();
        });
        workqueue.queue(blocking);
        Await.until("it runs", () -> blocking.runs() == 1);
        Item plain = runtimes.item();
        runtime.system().queue(plain);
        plain.flush(); // the CPU was taken from it, or has gone on without
        Await.never("it is reported", () -> !reports.isEmpty());
        mayBlock.open();
        assertSame(blocking, report().work());
        gate.open();
        blocking.flush();
    }

    @Test
    void each_runtime_reports_for_itself() {
        for (int i = 1; i <= 2; i++) {
            Gate gate = runtimes.gate();
            Item blocking = runtimes.item(work -> gate.pass());
            bh(runtimes.strictCpu()).queue(blocking);
            int expected = i;
            Await.until("it is reported", () -> reports.size() == expected);
            gate.open();
            blocking.flush();
        }
    }

    @Test
    void handlers_that_do_not_block_and_those_that_may_are_not_reported() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = bh(runtime);
        Workqueue normal = runtimes.queue(runtime.workqueue("normal")
                .exceptionHandler((work, thrown) -> reports.add(new Report(work, thrown, Thread.currentThread()))));
        AtomicInteger runs = new AtomicInteger();
        for (int i = 0; i < 200; i++) {
            Item quick = runtimes.item(work -> runs.incrementAndGet());
            Item sleeping = runtimes.item(work -> Thread.sleep(1));
            workqueue.queue(quick);
            normal.queue(sleeping);
            quick.flush();
            sleeping.flush();
        }
        assertEquals(200, runs.get());
        assertTrue(reports.isEmpty(), () -> reports.toString());
    }

    @Test
    void flight_recorder_gets_an_event() throws IOException {
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable(BlockedInAtomicEvent.NAME);
            recording.start();
            Gate gate = runtimes.gate();
            Item blocking = runtimes.item(work -> gate.pass());
            bh(runtimes.strictCpu()).queue(blocking);
            report();
            gate.open();
            blocking.flush();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals(BlockedInAtomicEvent.NAME)).toList();
        assertEquals(1, events.size());
        RecordedEvent event = events.getFirst();
        assertEquals("test", event.getString("runtime"));
        assertEquals("soft", event.getString("workqueue"));
        assertEquals(Item.class.getName(), event.getClass("handler").getName());
        assertTrue(event.getThread("handlerThread").getJavaName().startsWith("kworker/"));
    }
}
