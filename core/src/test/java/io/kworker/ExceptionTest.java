// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Handlers that throw (J11): told once, completed, and no worker is lost. */
@Timeout(60)
class ExceptionTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    @BeforeEach
    void handlersMayFail() {
        runtimes.handlersMayFail();
    }

    /** What the exception handler was told. */
    private record Report(Work work, Throwable thrown) {}

    private final ConcurrentLinkedQueue<Report> reports = new ConcurrentLinkedQueue<>();

    private Workqueue reporting(WorkRuntime runtime) {
        return runtimes.queue(runtime.workqueue("reporting").maxActive(1)
                .exceptionHandler((work, thrown) -> reports.add(new Report(work, thrown))));
    }

    static Stream<Throwable> throwables() {
        return Stream.of(
                new IllegalStateException("unchecked"),
                new IOException("checked"),
                new InterruptedException("interrupted"),
                new AssertionError("assertion"),
                new OutOfMemoryError("not a real one"),
                new StackOverflowError("not a real one"),
                new ThreadDeathLike(),
                new Throwable("bare"));
    }

    /** An Error of one's own. */
    private static final class ThreadDeathLike extends Error {
        private static final long serialVersionUID = 1L;
    }

    private static void sneak(Throwable thrown) throws Exception {
        switch (thrown) {
            case Exception e -> throw e;
            case Error e -> throw e;
            default -> throw ExceptionTest.<RuntimeException>disguised(thrown);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T disguised(Throwable thrown) throws T {
        throw (T) thrown;
    }

    /** J11: once, with the item; the item is completed, its waiters released, its slot returned. */
    @ParameterizedTest
    @MethodSource("throwables")
    void whatever_a_handler_throws_is_reported_once_and_the_item_is_completed(Throwable thrown) {
        Workqueue workqueue = reporting(runtimes.oneCpu());
        Gate gate = runtimes.gate();
        Item failing = runtimes.item(work -> {
            gate.pass();
            sneak(thrown);
        });
        Item next = runtimes.item();
        workqueue.queue(failing);
        workqueue.queue(next);
        TestThreads.Started flusher = TestThreads.start(failing::flush);
        Await.until("someone waits for the item", failing::hasWaiters);
        gate.open();
        flusher.join();
        next.flush();
        assertEquals(1, next.runs());
        assertEquals(1, reports.size());
        assertSame(failing, reports.element().work);
        assertSame(thrown, reports.element().thrown);
        assertFalse(failing.isBusy());
    }

    /** A real overflow of the worker's stack. */
    @Test
    void a_worker_survives_a_stack_overflow() {
        Workqueue workqueue = reporting(runtimes.oneCpu());
        Item deep = runtimes.item(work -> descend(0));
        for (int i = 1; i <= 3; i++) {
            workqueue.queue(deep);
            deep.flush();
            assertEquals(i, reports.size());
        }
        assertTrue(reports.stream().allMatch(report -> report.thrown instanceof StackOverflowError));
    }

    private static int descend(int depth) {
        return descend(depth + 1) + 1;
    }

    /** G2: a failing item that had queued itself runs again. */
    @Test
    void a_failing_item_that_was_queued_again_runs_again() {
        Workqueue workqueue = reporting(runtimes.oneCpu());
        Item item = runtimes.item(work -> {
            if (((Item) work).runs() < 5) {
                workqueue.queue(work);
            }
            throw new IllegalStateException();
        });
        workqueue.queue(item);
        Await.until("it has failed five times", () -> reports.size() == 5);
        item.flush();
        assertEquals(5, item.runs());
    }

    /** J11: the item counts as running until the exception handler returns, which may block. */
    @Test
    void an_item_runs_until_its_exception_handler_returns() {
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.gate();
        AtomicReference<Work> current = new AtomicReference<>();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("slow").exceptionHandler((work, thrown) -> {
            current.set(Work.current());
            try {
                gate.pass();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }));
        Item failing = runtimes.item(work -> {
            throw new IllegalStateException();
        });
        Item other = runtimes.item();
        workqueue.queue(failing);
        workqueue.queue(other);
        other.flush(); // the exception handler sleeps: G22 holds for it too
        Await.until("the exception handler has been called", () -> current.get() != null);
        assertSame(failing, current.get());
        assertTrue(failing.isRunning());
        gate.open();
        failing.flush();
        assertFalse(failing.isBusy());
    }

    /** What the runtime logs while the action runs; nothing of it goes to the console. */
    private static List<LogRecord> logged(Runnable action) {
        ConcurrentLinkedQueue<LogRecord> records = new ConcurrentLinkedQueue<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                records.add(record);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("io.kworker");
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try {
            action.run();
        } finally {
            logger.setUseParentHandlers(true);
            logger.removeHandler(handler);
        }
        return List.copyOf(records);
    }

    /** J11: the default is one line to System.Logger, with the item and the cause. */
    @Test
    void without_an_exception_handler_the_failure_is_logged_once() {
        Workqueue workqueue = runtimes.oneCpu().system();
        IllegalStateException thrown = new IllegalStateException("as the test wants");
        Item failing = runtimes.item(work -> {
            throw thrown;
        });
        List<LogRecord> records = logged(() -> {
            workqueue.queue(failing);
            failing.flush();
        });
        assertEquals(1, records.size());
        assertEquals(Level.SEVERE, records.getFirst().getLevel());
        assertSame(thrown, records.getFirst().getThrown());
        assertTrue(records.getFirst().getMessage().contains(Item.class.getName()), records.getFirst()::getMessage);
    }

    /** J11: a failing exception handler is logged with both causes, and no worker is lost. */
    @Test
    void a_failing_exception_handler_is_logged_and_the_item_is_completed() {
        WorkRuntime runtime = runtimes.oneCpu();
        IllegalStateException first = new IllegalStateException("of the handler");
        AssertionError second = new AssertionError("of the exception handler");
        Workqueue workqueue =
                runtimes.queue(runtime.workqueue("worse").maxActive(1).exceptionHandler((work, thrown) -> {
                    throw second;
                }));
        Item failing = runtimes.item(work -> {
            throw first;
        });
        List<LogRecord> records = logged(() -> {
            workqueue.queue(failing);
            failing.flush();
        });
        assertEquals(1, records.size());
        assertSame(second, records.getFirst().getThrown());
        assertSame(first, second.getSuppressed()[0]);
        assertTrue(records.getFirst().getMessage().contains("'worse'"), records.getFirst()::getMessage);
        Item next = runtimes.item();
        workqueue.queue(next);
        next.flush();
        assertEquals(1, next.runs());
    }

    /** The same exception thrown by both is not suppressed by itself, which Throwable forbids. */
    @Test
    void an_exception_handler_that_throws_what_it_was_given_loses_no_worker() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue =
                runtimes.queue(runtime.workqueue("rethrows").maxActive(1).exceptionHandler((work, thrown) -> {
                    throw (IllegalStateException) thrown;
                }));
        Item failing = runtimes.item(work -> {
            throw new IllegalStateException("as the test wants");
        });
        List<LogRecord> records = logged(() -> {
            workqueue.queue(failing);
            failing.flush();
        });
        assertEquals(1, records.size());
        assertNotNull(records.getFirst().getThrown());
        Item next = runtimes.item();
        workqueue.queue(next);
        next.flush();
        assertEquals(1, next.runs());
    }

    /** An item whose own description fails cannot be named in a message; that costs no worker either. */
    @Test
    void a_failing_item_that_cannot_be_described_loses_no_worker() {
        runtimes.doNotCountRuns();
        Workqueue workqueue = runtimes.oneCpu().system();
        Work nameless = new Work() {
            @Override
            protected void run() {
                throw new IllegalStateException("as the test wants");
            }

            @Override
            public String toString() {
                throw new UnsupportedOperationException("as the test wants");
            }
        };
        List<LogRecord> records = logged(() -> {
            workqueue.queue(nameless);
            nameless.flush();
        });
        assertEquals(1, records.size());
        Item next = runtimes.item();
        workqueue.queue(next);
        next.flush();
        assertEquals(1, next.runs());
    }
}
