// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the runtimes log while it is open; nothing of it goes to the console. */
final class Logs implements AutoCloseable {
    private final Logger logger = Logger.getLogger("io.kworker");
    private final Queue<LogRecord> records = new ConcurrentLinkedQueue<>();

    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord record) {
            records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    Logs() {
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
    }

    /** Those that have this in their message. */
    List<LogRecord> with(String text) {
        return records.stream().filter(record -> record.getMessage().contains(text)).toList();
    }

    /** Waits for so many of them; the last one's message. */
    String await(int count, String text) {
        Await.until(count + " messages have '" + text + "'", () -> with(text).size() >= count);
        return with(text).get(count - 1).getMessage();
    }

    @Override
    public void close() {
        logger.setUseParentHandlers(true);
        logger.removeHandler(handler);
    }
}
