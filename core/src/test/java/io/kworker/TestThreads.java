// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Threads of a test, each of which is joined and whose failure is the test's. */
public final class TestThreads {
    private TestThreads() {}

    /** What a thread of a test does. */
    public interface Body {
        void run() throws Exception;
    }

    /** What one of several threads does. */
    public interface NumberedBody {
        void run(int number) throws Exception;
    }

    /** A thread under way. */
    public static final class Started {
        final Thread thread;
        private final FutureTask<Void> task;

        private Started(Body body) {
            task = new FutureTask<>(() -> {
                body.run();
                return null;
            });
            thread = new Thread(task, "test-helper");
            thread.setDaemon(true);
            thread.start();
        }

        public boolean isDone() {
            return task.isDone();
        }

        public void join() {
            try {
                task.get(Await.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
                thread.join();
            } catch (ExecutionException e) {
                throw new AssertionError("a thread of the test failed", e.getCause());
            } catch (TimeoutException e) {
                throw new AssertionError("a thread of the test did not end\n" + dump(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }
    }

    public static Started start(Body body) {
        return new Started(body);
    }

    /** Runs the body on so many threads at once, which start together. */
    public static void together(int threads, NumberedBody body) {
        CyclicBarrier barrier = new CyclicBarrier(threads);
        List<Started> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            all.add(start(() -> {
                barrier.await();
                body.run(number);
            }));
        }
        all.forEach(Started::join);
    }

    /** Starts so many threads of a factory. */
    static List<Thread> start(ThreadFactory factory, int count, Runnable task) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Thread thread = factory.newThread(task);
            thread.start();
            threads.add(thread);
        }
        return threads;
    }

    static void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** The stacks of our threads. */
    static String dump() {
        StringBuilder out = new StringBuilder();
        for (Map.Entry<Thread, StackTraceElement[]> entry : Thread.getAllStackTraces().entrySet()) {
            Thread thread = entry.getKey();
            if (thread.getName().startsWith("kworker") || thread.getName().startsWith("test")) {
                out.append(thread).append(' ').append(thread.getState()).append('\n');
                for (StackTraceElement element : entry.getValue()) {
                    out.append("    at ").append(element).append('\n');
                }
            }
        }
        return out.toString();
    }
}
