// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/** Waits that could never end are refused at the call (G58, J6), with nothing changed. */
@Timeout(60)
class DeadlockTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** What a call throws that the handler of an item makes; the item can be queued and run as ever afterwards. */
    private WorkDeadlockException refusalWithin(Workqueue workqueue, AtomicReference<Work> self, Executable call) {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Item item = runtimes.item(work -> {
            if (((Item) work).runs() == 1) {
                self.set(work);
                try {
                    call.execute();
                } catch (Throwable t) {
                    thrown.set(t);
                }
                assertTrue(workqueue.queue(work), "the refused call has left its mark on the item");
            }
        });
        workqueue.queue(item);
        Await.until("it has run twice", () -> item.runs() == 2);
        item.flush();
        return assertInstanceOf(WorkDeadlockException.class, thrown.get());
    }

    /** G58: the message names the call and the item, and says what to do. */
    @Test
    void a_flush_of_the_own_item_is_refused() {
        AtomicReference<Work> self = new AtomicReference<>();
        String message = refusalWithin(runtimes.runtime().system(), self, () -> self.get().flush()).getMessage();
        assertTrue(message.contains("flush()"), message);
        assertTrue(message.contains(Item.class.getName()), message);
        assertTrue(message.contains("cancel()"), message);
    }

    /** G58. */
    @Test
    void a_cancel_sync_of_the_own_item_is_refused() {
        AtomicReference<Work> self = new AtomicReference<>();
        String message = refusalWithin(runtimes.runtime().system(), self, () -> self.get().cancelSync()).getMessage();
        assertTrue(message.contains("cancelSync()"), message);
        assertTrue(message.contains(Item.class.getName()), message);
    }

    /** J6. */
    @Test
    void closing_the_own_workqueue_is_refused() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue = runtimes.queue(runtime, "mine");
        String message = refusalWithin(workqueue, new AtomicReference<>(), workqueue::close).getMessage();
        assertTrue(message.contains("'mine'"), message);
        assertTrue(message.contains(Item.class.getName()), message);
    }

    /** J6. */
    @Test
    void closing_the_own_runtime_is_refused() {
        WorkRuntime runtime = runtimes.runtime();
        String message = refusalWithin(runtime.system(), new AtomicReference<>(), runtime::close).getMessage();
        assertTrue(message.contains("'test'"), message);
        assertTrue(message.contains(Item.class.getName()), message);
    }

    /** J6, J11: the exception handler is part of the run. */
    @Test
    void an_exception_handler_cannot_wait_for_its_item_either() {
        runtimes.handlersMayFail();
        WorkRuntime runtime = runtimes.runtime();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("failing").exceptionHandler((work, failure) -> {
            try {
                work.flush();
            } catch (Throwable t) {
                thrown.set(t);
            }
        }));
        Item item = runtimes.item(work -> {
            throw new IllegalStateException();
        });
        workqueue.queue(item);
        item.flush();
        assertInstanceOf(WorkDeadlockException.class, thrown.get());
    }

    /** Not only one's own: the item of a caller is another one, and can be waited for. */
    @Test
    void waiting_for_other_items_queues_and_runtimes_is_allowed() {
        WorkRuntime runtime = runtimes.runtime();
        WorkRuntime otherRuntime = runtimes.runtime();
        Workqueue other = runtimes.queue(runtime, "other");
        Item inOther = runtimes.item(work -> Thread.sleep(1));
        Item inOtherRuntime = runtimes.item(work -> Thread.sleep(1));
        other.queue(inOther);
        otherRuntime.system().queue(inOtherRuntime);
        Item item = runtimes.item(work -> {
            inOther.flush();
            inOther.cancelSync();
            other.close();
            otherRuntime.close();
        });
        runtime.system().queue(item);
        item.flush();
        assertEquals(1, item.runs());
        assertEquals(1, inOther.runs());
        assertEquals(1, inOtherRuntime.runs());
        assertTrue(otherRuntime.describe().contains("(closed)"));
    }

    /** It is an IllegalStateException for those who do not know it. */
    @Test
    void the_exception_is_an_illegal_state_exception() {
        assertThrows(IllegalStateException.class, () -> {
            throw new WorkDeadlockException("message");
        });
    }
}
