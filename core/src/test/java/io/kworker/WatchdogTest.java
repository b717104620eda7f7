// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the watchdog barks at: stalls (G80, R67, A91) and hogs (G28, A84, A85). */
@Timeout(60)
class WatchdogTest {
    private static final Duration SHORT = Duration.ofMillis(100);

    /** Many times the CPU-intensive threshold. */
    private static final Duration LONG_ENOUGH = Duration.ofMillis(500);

    /** How long a hog is left alone between two looks. */
    private static final Duration LOOK = Duration.ofMillis(1);

    private static final String QUEUE_STALL = "queue stall";
    private static final String TASK_STALL = "task stall";

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private final Logs logs = new Logs();

    @AfterEach
    void stopLogging() {
        logs.close();
    }

    private WorkRuntime oneCpu(WorkRuntime.Builder builder) {
        return runtimes.start(builder.cpus(RuntimeExtension.firstCpu()));
    }

    private Item queued(Workqueue workqueue, Work.Handler handler) {
        Item item = runtimes.item(handler);
        assertTrue(workqueue.queue(item));
        return item;
    }

    private static void assertContains(String message, String... parts) {
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "'" + part + "' is not in:\n" + message);
        }
    }

    // ---- stalls, as the monitor finds them ----

    /** G80: on a CPU that is not taken from the handler which keeps it. */
    @Test
    void a_queue_stall_is_reported_with_its_head_and_what_runs_there() {
        WorkRuntime runtime = oneCpu(RuntimeExtension.strict().watchdog(SHORT));
        Gate gate = runtimes.gate();
        queued(runtimes.queue(runtime, "hogs"), work -> gate.burn());
        Item waiting = queued(runtimes.queue(runtime, "victims"), work -> {});
        String message = logs.await(1, QUEUE_STALL);
        assertContains(message, "CPU " + RuntimeExtension.firstCpu() + ":", "runtime 'test'",
                "first in line: " + InFlight.item(waiting) + " of workqueue 'victims', of 1 queued",
                "(workqueue 'hogs')", Gate.class.getName() + ".burn");
        gate.open();
        waiting.flush();
    }

    /** G80: all sleep, the CPU too. */
    @Test
    void a_task_stall_is_reported_with_who_holds_the_slots() {
        Workqueue workqueue = runtimes.queue(oneCpu(RuntimeExtension.builder().watchdog(SHORT)), "narrow", 1);
        Gate gate = runtimes.gate();
        Item holding = queued(workqueue, work -> gate.pass());
        Item waiting = queued(workqueue, work -> {});
        String message = logs.await(1, TASK_STALL);
        assertContains(message, "'narrow' (CPU " + RuntimeExtension.firstCpu() + ")", "1 in all",
                "first in line: " + InFlight.item(waiting), InFlight.item(holding) + " for ",
                Gate.class.getName() + ".pass");
        gate.open();
        waiting.flush();
        assertTrue(logs.with(QUEUE_STALL).isEmpty());
    }

    /** A handler that has been woken and cannot go on, for another one keeps its CPU. */
    @Test
    @CarrierOnly
    void a_cpu_on_which_woken_handlers_wait_has_stalled() {
        WorkRuntime runtime = oneCpu(RuntimeExtension.strict().watchdog(SHORT));
        Gate first = runtimes.gate();
        Gate second = runtimes.gate();
        Item woken = queued(runtime.system(), work -> first.pass());
        Item hog = queued(runtime.system(), work -> second.burn());
        Await.until("the hog runs", () -> hog.runs() == 1);
        first.open();
        String message = logs.await(1, QUEUE_STALL);
        assertContains(message, "CPU " + RuntimeExtension.firstCpu() + ": handlers that were woken",
                InFlight.item(hog), Gate.class.getName() + ".burn");
        assertFalse(message.contains(InFlight.item(woken)), message);
        second.open();
        woken.flush();
    }

    @Test
    void task_stalls_of_unbound_and_ordered_workqueues_are_reported() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().watchdog(SHORT));
        Gate gate = runtimes.gate();
        List<Item> waiting = new ArrayList<>();
        for (Workqueue workqueue : List.of(
                runtimes.queue(runtime.workqueue("wide").unbound().affinity(Affinity.SYSTEM).maxActive(1)),
                runtimes.queue(runtime.workqueue("in order").ordered()))) {
            Item holding = queued(workqueue, work -> gate.pass());
            Await.until("the item runs", holding::isRunning);
            waiting.add(queued(workqueue, work -> {}));
        }
        logs.await(1, "task stall of workqueue 'wide' (pod ");
        logs.await(1, "task stall of workqueue 'in order' (ordered)");
        gate.open();
        waiting.forEach(Work::flush);
    }

    /** The threads of the report must not be those that the hogs keep. */
    @Test
    void a_stall_is_reported_while_hogs_have_all_threads() {
        int hogs = Runtime.getRuntime().availableProcessors();
        Workqueue workqueue = runtimes.queue(oneCpu(RuntimeExtension.builder().watchdog(SHORT)), "hogs", hogs);
        Gate gate = runtimes.gate();
        for (int i = 0; i < hogs; i++) {
            Item hog = queued(workqueue, work -> gate.burn());
            Await.until("the hog runs", () -> hog.runs() == 1);
        }
        Item waiting = queued(workqueue, work -> {});
        logs.await(1, TASK_STALL);
        assertFalse(gate.isOpen());
        gate.open();
        waiting.flush();
    }

    /** A91. */
    @Test
    void zero_switches_the_watch_for_stalls_off() {
        WorkRuntime runtime = oneCpu(RuntimeExtension.strict().watchdog(Duration.ZERO));
        Gate gate = runtimes.occupy(runtime.system(), RuntimeExtension.firstCpu());
        Item waiting = queued(runtime.system(), work -> {});
        Watchdog watchdog = new Watchdog(runtime);
        assertFalse(watchdog.isWary());
        Await.never("it barks", () -> {
            watchdog.look(System.nanoTime());
            return !logs.with("stall").isEmpty();
        });
        gate.open();
        waiting.flush();
    }

    // ---- stalls, with a monitor and a CPU driven by hand: the threshold is 30 seconds, a look every 7.5 ----

    /** Looks, as the monitor does, at times that have not come yet. */
    private final class Looks {
        private static final long PERIOD = 7_500_000_000L;

        private final WorkRuntime runtime = HandDriven.runtime();
        private final HandDriven cpu = HandDriven.of(runtime);
        private final Watchdog watchdog = new Watchdog(runtime);
        private final Workqueue workqueue = runtime.workqueue("one").maxActive(1).build();
        private long now = System.nanoTime();

        private Item queue() {
            Item item = new Item(work -> {});
            assertTrue(workqueue.queue(item));
            return item;
        }

        private void look(int times) {
            for (int i = 0; i < times; i++) {
                now += PERIOD;
                watchdog.look(now);
            }
        }

        /** After so many more looks, and not before, there is one more report. */
        private void assertBarksAt(int look) {
            int before = logs.with("stall").size();
            look(look - 1);
            Await.never("it barks early", () -> logs.with("stall").size() > before);
            look(1);
            logs.await(before + 1, "stall");
        }

        private void assertSilent() {
            look(20);
            Await.never("it barks", () -> !logs.with("stall").isEmpty());
        }

        private void close() {
            cpu.close();
        }
    }

    /** The same one after 30, 60 and 120 seconds. */
    @Test
    void a_stall_that_goes_on_is_reported_again_after_double_the_time() {
        Looks looks = new Looks();
        assertFalse(looks.watchdog.isWary());
        looks.queue();
        assertTrue(looks.watchdog.isWary());
        looks.assertBarksAt(5); // seen by the first
        looks.assertBarksAt(4);
        looks.assertBarksAt(8);
        looks.close();
    }

    /** Nobody serves it: the report says so. */
    @Test
    void a_pod_may_stall_too() {
        Looks looks = new Looks();
        Workqueue unbound = looks.runtime.workqueue("unbound").unbound().build();
        assertTrue(unbound.queue(new Item(work -> {})));
        looks.assertBarksAt(5);
        assertContains(logs.await(1, QUEUE_STALL), "queue stall of pod {", " of workqueue 'unbound'",
                "no handler has the CPU");
        looks.close();
    }

    @Test
    void a_new_stall_is_reported_while_another_one_goes_on() {
        Looks looks = new Looks();
        HandDriven.Started active = start(looks);
        looks.queue();
        assertTrue(looks.cpu.startAll(new ArrayList<>()).isEmpty()); // it waits for the slot
        looks.assertBarksAt(5);
        assertEquals(1, logs.with(TASK_STALL).size());
        looks.queue();
        looks.assertBarksAt(5 - 1); // the task stall again, the queue stall not yet
        assertEquals(2, logs.with(TASK_STALL).size());
        looks.assertBarksAt(1);
        assertEquals(1, logs.with(QUEUE_STALL).size());
        active.runAndEnd();
        looks.close();
    }

    private static HandDriven.Started start(Looks looks) {
        looks.queue();
        return looks.cpu.next();
    }

    /** One second at least is between two reports, whatever they are of. */
    @Test
    void stalls_that_are_found_together_are_reported_one_by_one() {
        Looks looks = new Looks();
        Workqueue urgent = looks.runtime.workqueue("urgent").highpri().build();
        looks.queue();
        assertTrue(urgent.queue(new Item(work -> {})));
        looks.assertBarksAt(5);
        looks.watchdog.look(looks.now + 999_000_000);
        Await.never("it barks twice in a second", () -> logs.with("stall").size() > 1);
        looks.watchdog.look(looks.now + 1_000_000_000);
        logs.await(2, "stall");
        looks.close();
    }

    /** R67: what is queued anew has not waited, however long nothing moved. */
    @Test
    void a_place_where_nothing_waited_has_not_stalled() {
        Looks looks = new Looks();
        looks.look(20);
        looks.queue();
        looks.assertBarksAt(5);
        looks.close();
    }

    /** Also where more has overflowed than ever goes through the ring. */
    @Test
    void a_queue_of_which_something_is_taken_has_not_stalled() {
        Looks looks = new Looks();
        for (int i = 0; i < 60; i++) {
            looks.queue();
        }
        for (int i = 0; i < 30; i++) {
            looks.look(1);
            looks.cpu.next().runAndEnd();
        }
        Await.never("it barks", () -> !logs.with("stall").isEmpty());
        looks.close();
    }

    @Test
    void a_workqueue_of_which_items_end_has_not_stalled() {
        Looks looks = new Looks();
        for (int i = 0; i < 30; i++) {
            looks.queue();
        }
        for (int i = 0; i < 20; i++) {
            HandDriven.Started active = looks.cpu.next();
            assertTrue(looks.cpu.startAll(new ArrayList<>()).isEmpty());
            looks.look(1);
            active.runAndEnd();
        }
        Await.never("it barks", () -> !logs.with("stall").isEmpty());
        looks.close();
    }

    /** G72: it is not the items' fault. */
    @Test
    void a_frozen_workqueue_has_not_stalled() {
        Looks looks = new Looks();
        Workqueue freezable = looks.runtime.workqueue("icy").freezable().maxActive(1).build();
        looks.runtime.freeze();
        assertTrue(freezable.queue(new Item(work -> {})));
        assertTrue(looks.cpu.startAll(new ArrayList<>()).isEmpty());
        assertEquals(1, freezable.stats().totals().waiting());
        looks.assertSilent();
        looks.runtime.thaw();
        looks.close();
    }

    @Test
    void cancelled_items_do_not_wait_for_a_slot() {
        Looks looks = new Looks();
        HandDriven.Started active = start(looks);
        Item waiting = looks.queue();
        assertTrue(looks.cpu.startAll(new ArrayList<>()).isEmpty());
        assertTrue(waiting.cancel());
        looks.assertSilent();
        active.runAndEnd();
        looks.close();
    }

    /** A machine that was suspended, say. */
    @Test
    void time_in_which_the_watchdog_did_not_look_does_not_count() {
        Looks looks = new Looks();
        looks.queue();
        looks.look(1);
        looks.now += 3_600_000_000_000L;
        looks.look(1);
        Await.never("it barks", () -> !logs.with("stall").isEmpty());
        looks.assertBarksAt(2);
        looks.close();
    }

    // ---- hogs ----

    private static long hogged(Workqueue workqueue) {
        return workqueue.stats().totals().cpuIntensive();
    }

    private void hog(Workqueue workqueue) {
        hog(workqueue, () -> {});
    }

    /**
     * A handler keeps its CPU until that has been counted. In fallback one that was seen to block is let go, if it was
     * only for a class to be loaded: then it is the next one's turn.
     */
    private void hog(Workqueue workqueue, Runnable afterwards) {
        long before = hogged(workqueue);
        while (hogged(workqueue) == before) {
            Gate gate = runtimes.gate();
            Item item = queued(workqueue, work -> gate.burn());
            long deadline = System.nanoTime() + LONG_ENOUGH.toNanos();
            while (hogged(workqueue) == before && System.nanoTime() - deadline < 0) {
                LockSupport.parkNanos(LOOK.toNanos());
            }
            afterwards.run();
            gate.open();
            item.flush();
        }
        assertEquals(before + 1, hogged(workqueue));
    }

    /** G28, A85. */
    @Test
    void hogs_are_counted_and_reported_from_an_offence_on_with_back_off() {
        WorkRuntime runtime = oneCpu(RuntimeExtension.builder().cpuIntensiveWarnings(2));
        Workqueue workqueue = runtimes.queue(runtime, "slow");
        for (int i = 1; i <= 5; i++) {
            hog(workqueue);
        }
        for (int times : new int[] {2, 3, 5}) {
            assertContains(logs.await(1, "hogged its CPU for more than 10000 us " + times + " times"),
                    Item.class.getName(), "CPU " + RuntimeExtension.firstCpu(), "'slow'", "cpuIntensive()",
                    "unbound()");
        }
        Await.never("the fourth is reported", () -> logs.with("hogged its CPU").size() > 3);
    }

    /** A85. */
    @Test
    void zero_keeps_the_reports_of_hogs_silent() {
        WorkRuntime runtime = oneCpu(RuntimeExtension.builder().cpuIntensiveWarnings(0));
        for (int i = 0; i < 5; i++) {
            hog(runtime.system());
        }
        Await.never("it is reported", () -> !logs.with("hogged").isEmpty());
    }

    /** One stretch of computing is one offence, however long it is. */
    @Test
    void a_hog_is_counted_once_until_it_blocks() {
        Workqueue workqueue = oneCpu(RuntimeExtension.builder()).system();
        hog(workqueue, () -> Await.never("it is counted again", () -> hogged(workqueue) > 1));
    }

    /** The kernel counts bound items only; and a handler that blocks is no hog. */
    @Test
    void who_may_take_long_and_who_blocks_is_not_counted() {
        WorkRuntime runtime = runtimes.runtime();
        Gate gate = runtimes.gate();
        Workqueue unbound = runtimes.queue(runtime.workqueue("unbound").unbound());
        Workqueue intensive = runtimes.queue(runtime.workqueue("intensive").cpuIntensive());
        Workqueue asleep = runtimes.queue(runtime, "asleep");
        List<Item> items = List.of(queued(unbound, work -> gate.burn()), queued(asleep, work -> gate.pass()),
                queued(intensive, work -> gate.burn()));
        Await.until("all of them run", () -> items.stream().allMatch(Work::isRunning));
        Await.never("one is counted", () -> hogged(unbound) + hogged(intensive) + hogged(asleep) > 0);
        gate.open();
        items.forEach(Work::flush);
    }
}
