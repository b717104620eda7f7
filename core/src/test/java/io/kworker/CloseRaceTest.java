// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Queueing that races a close is accepted and runs, or throws and leaves the item idle: nothing in between (J2, G10,
 * R24, R57).
 */
@Timeout(60)
class CloseRaceTest {
    private static final int ROUNDS = 60;
    private static final int QUEUERS = 3;
    private static final int EACH = 300;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** Distinct items: each accepted one runs once, each refused one is idle and can be used again. */
    @ParameterizedTest
    @EnumSource(CloseTest.Closed.class)
    void each_item_queued_during_a_close_has_run_or_was_refused(CloseTest.Closed what) {
        runtimes.mayStrandRefusedEntries();
        Workqueue refuge = runtimes.runtime().system();
        int refused = 0;
        int accepted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            WorkRuntime runtime = runtimes.runtime();
            Workqueue workqueue = runtimes.queue(runtime, "closing", 1 + round % 3);
            List<List<Item>> ran = lists();
            List<List<Item>> idle = lists();
            TestThreads.together(QUEUERS + 1, thread -> {
                if (thread == QUEUERS) {
                    what.close(workqueue);
                    return;
                }
                for (int i = 0; i < EACH; i++) {
                    Item item = runtimes.item();
                    try {
                        assertTrue(workqueue.queue(item));
                        ran.get(thread).add(item);
                    } catch (RejectedExecutionException e) {
                        assertFalse(item.isBusy());
                        idle.get(thread).add(item);
                    }
                }
            });
            for (List<Item> list : ran) {
                accepted += list.size();
                assertTrue(list.stream().allMatch(item -> item.runs() == 1 && !item.isBusy()));
            }
            for (List<Item> list : idle) {
                refused += list.size();
                assertTrue(list.stream().allMatch(item -> item.runs() == 0 && !item.isBusy()));
                list.forEach(item -> assertTrue(refuge.queue(item)));
                list.forEach(Work::flush);
                assertTrue(list.stream().allMatch(item -> item.runs() == 1));
            }
        }
        assertEquals(ROUNDS * QUEUERS * EACH, refused + accepted);
        assertTrue(refused > 0 && accepted > 0, refused + " refused, " + accepted + " accepted");
    }

    private static List<List<Item>> lists() {
        List<List<Item>> lists = new ArrayList<>();
        for (int i = 0; i < QUEUERS; i++) {
            lists.add(new ArrayList<>());
        }
        return lists;
    }

    /** Shared items, which queue themselves too: as many runs as acceptances. */
    @ParameterizedTest
    @EnumSource(CloseTest.Closed.class)
    void shared_items_queued_during_a_close_run_as_often_as_they_were_accepted(CloseTest.Closed what) {
        runtimes.mayStrandRefusedEntries();
        for (int round = 0; round < ROUNDS; round++) {
            WorkRuntime runtime = runtimes.runtime();
            Workqueue workqueue = runtimes.queue(runtime, "closing", 1 + round % 3);
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger runs = new AtomicInteger();
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                items.add(runtimes.item(work -> {
                    if (runs.incrementAndGet() % 4 == 0 && workqueue.queue(work)) {
                        accepted.incrementAndGet();
                    }
                }));
            }
            TestThreads.together(QUEUERS + 1, thread -> {
                if (thread == QUEUERS) {
                    what.close(workqueue);
                    return;
                }
                for (int i = 0; i < EACH; i++) {
                    try {
                        if (workqueue.queue(items.get(i % items.size()))) {
                            accepted.incrementAndGet();
                        }
                    } catch (RejectedExecutionException e) {
                        return;
                    }
                }
            });
            assertEquals(accepted.get(), runs.get());
            assertTrue(items.stream().noneMatch(Work::isBusy));
        }
    }

    /** Cancellations beside it: the refused, the cancelled and the run instances add up. */
    @ParameterizedTest
    @EnumSource(CloseTest.Closed.class)
    void cancellations_during_a_close_add_up(CloseTest.Closed what) {
        runtimes.mayStrandRefusedEntries();
        for (int round = 0; round < ROUNDS; round++) {
            WorkRuntime runtime = runtimes.runtime();
            Workqueue workqueue = runtimes.queue(runtime, "closing", 1 + round % 3);
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger cancelled = new AtomicInteger();
            Item item = runtimes.item();
            TestThreads.together(4, thread -> {
                if (thread == 3) {
                    what.close(workqueue);
                    return;
                }
                for (int i = 0; i < EACH; i++) {
                    try {
                        if (thread == 2) {
                            cancelled.addAndGet((i % 2 == 0 ? item.cancel() : item.cancelSync()) ? 1 : 0);
                        } else if (workqueue.queue(item)) {
                            accepted.incrementAndGet();
                        }
                    } catch (RejectedExecutionException e) {
                        return;
                    }
                }
            });
            item.flush();
            assertTrue(item.runs() <= accepted.get());
            // a cancellation may have taken an instance whose queuer was then refused, which counts for neither
            assertTrue(item.runs() >= accepted.get() - cancelled.get(),
                    item.runs() + " runs of " + accepted + " less " + cancelled);
        }
    }
}
