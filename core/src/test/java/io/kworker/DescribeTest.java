// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a handler says of itself (A53, A55). */
@Timeout(60)
class DescribeTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final AtomicReference<Thread> thread = new AtomicReference<>();
    private final AtomicReference<String> name = new AtomicReference<>();

    /** Runs an item that describes itself, or does not, and notes its thread and the name that this has then. */
    private void run(Workqueue workqueue, String... texts) {
        Item item = runtimes.item(work -> {
            for (String text : texts) {
                Work.describe(text);
            }
            thread.set(Thread.currentThread());
            name.set(Thread.currentThread().getName());
        });
        workqueue.queue(item);
        item.flush();
        assertNotNull(thread.get());
    }

    private static String plain(String suffix) {
        return "kworker/" + RuntimeExtension.firstCpu() + ":\\d+" + suffix;
    }

    private static void assertMatches(String pattern, String name) {
        assertTrue(name.matches(pattern), () -> "'" + name + "' is not " + pattern);
    }

    @Test
    void the_name_of_the_thread_has_the_description_while_the_handler_runs() {
        run(runtimes.oneCpu().system(), "reading");
        assertMatches(plain("\\+reading"), name.get());
        assertMatches(plain("-reading"), thread.get().getName());
    }

    /** In fallback the thread ends with its item. */
    @Test
    @CarrierOnly
    void it_stays_in_the_name_until_the_thread_runs_the_next_item() {
        Workqueue workqueue = runtimes.oneCpu().system();
        run(workqueue, "reading");
        Thread first = thread.get();
        assertMatches(plain("-reading"), first.getName());
        run(workqueue);
        assertEquals(first, thread.get());
        assertMatches(plain(""), name.get());
        assertMatches(plain(""), first.getName());
    }

    @Test
    void the_last_description_counts_and_an_empty_one_is_none() {
        Workqueue workqueue = runtimes.oneCpu().system();
        run(workqueue, "reading", "writing");
        assertMatches(plain("\\+writing"), name.get());
        run(workqueue, "reading", "");
        assertMatches(plain(""), name.get());
        assertMatches(plain(""), thread.get().getName());
    }

    /** 32 in the kernel, with the one that ends it. */
    @Test
    void a_description_has_31_characters_at_most() {
        run(runtimes.oneCpu().system(), "0123456789012345678901234567890tail");
        assertMatches(plain("\\+0123456789012345678901234567890"), name.get());
    }

    @Test
    void outside_handlers_it_does_nothing() {
        String before = Thread.currentThread().getName();
        Work.describe("nobody");
        assertEquals(before, Thread.currentThread().getName());
        assertThrows(NullPointerException.class, () -> Work.describe(null));
    }

    /** A thread that a handler starts is no worker. */
    @Test
    void a_thread_that_a_handler_has_started_describes_nothing() {
        AtomicReference<String> ofChild = new AtomicReference<>();
        Item item = runtimes.item(work -> {
            Thread child = Thread.ofVirtual().name("child").start(() -> {
                Work.describe("child");
                ofChild.set(Thread.currentThread().getName());
            });
            child.join();
            name.set(Thread.currentThread().getName());
        });
        runtimes.oneCpu().system().queue(item);
        item.flush();
        assertEquals("child", ofChild.get());
        assertMatches(plain(""), name.get());
    }

    @Test
    void the_dump_shows_the_description() {
        WorkRuntime runtime = runtimes.oneCpu();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> {
            Work.describe("reading disk 7");
            gate.pass();
        });
        runtime.system().queue(item);
        Await.until("the dump has the description", () -> runtime.dump().contains("\"reading disk 7\""));
        assertTrue(runtime.dump().contains("+reading disk 7"), runtime::dump);
        gate.open();
        item.flush();
        Await.until("the dump has it no more", () -> !runtime.dump().contains("reading disk 7"));
    }
}
