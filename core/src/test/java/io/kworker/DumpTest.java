// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a dump shows (A54, semantics 4.2 and 4.3), and that nobody has to wait for it. */
@Timeout(60)
class DumpTest {
    private static final String ITEM = Item.class.getName();

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private Item queued(Workqueue workqueue, Work.Handler handler) {
        Item item = runtimes.item(handler);
        assertTrue(workqueue.queue(item));
        return item;
    }

    private static void assertHas(String dump, String pattern) {
        assertTrue(Pattern.compile(pattern, Pattern.MULTILINE).matcher(dump).find(),
                () -> pattern + "\nis not in\n" + dump);
    }

    // ---- driven by hand: nothing moves ----

    /** Another class than {@link Item}, for the run-length counts. */
    private static final class Other extends Work {
        @Override
        protected void run() {}

        /** A dump that called this would never end. */
        @Override
        public String toString() {
            throw new AssertionError("a dump must call nothing of the user's");
        }
    }

    @Test
    void pending_and_inactive_items_are_listed_with_run_lengths() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven cpu = HandDriven.of(runtime);
        Workqueue workqueue = runtime.workqueue("narrow").maxActive(1).build();
        List<HandDriven.Started> active = new ArrayList<>();
        for (Work work : List.of(new Item(work -> {}), new Item(work -> {}), new Item(work -> {}), new Other(),
                new Item(work -> {}))) {
            workqueue.queue(work);
        }
        assertEquals(1, cpu.startAll(active).size());
        workqueue.queue(new Other());
        workqueue.queue(new Other());
        workqueue.queue(new Other());
        int number = RuntimeExtension.firstCpu();
        assertEquals(
                "runtime 'by hand': online CPUs {" + number + "}\n"
                        + "CPU " + number + ": in-flight=0 queued=3 overflowing=1\n"
                        + "workqueue 'narrow': bound max_active=1\n"
                        + "  CPU " + number + ": active=1 waiting=4\n"
                        + "    pending: 2*" + Other.class.getName() + "\n"
                        + "    inactive: 2*" + ITEM + ", " + Other.class.getName() + ", " + ITEM + "\n",
                runtime.dump());
        active.getFirst().runAndEnd();
        cpu.close();
    }

    @Test
    void a_flush_is_shown_as_what_it_is() {
        WorkRuntime runtime = HandDriven.runtime();
        HandDriven cpu = HandDriven.of(runtime);
        Workqueue workqueue = runtime.workqueue("flushed").build();
        workqueue.queue(new Item(work -> {}));
        HandDriven.Started active = cpu.next();
        TestThreads.Started flusher = TestThreads.start(workqueue::flush);
        Await.until("the flush is queued", () -> runtime.dump().contains("    pending: flush\n"));
        Await.until("it has come out of the queue", () -> cpu.next() == null && runtime.dump().contains(" flushing\n"));
        assertFalse(runtime.dump().contains("pending"), runtime::dump);
        active.runAndEnd();
        flusher.join();
        assertFalse(runtime.dump().contains("flushed"), runtime::dump);
        cpu.close();
    }

    /** A54. */
    @Test
    void idle_workqueues_are_skipped() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue idle = runtimes.queue(runtime.workqueue("idle").unbound());
        queued(idle, work -> {});
        idle.flush();
        Await.until("its item is over", () -> !runtime.dump().contains("'idle'"));
        assertTrue(runtime.dump().startsWith("runtime 'test': online CPUs {"), runtime::dump);
    }

    /** Long lists are cut. */
    @Test
    void a_long_list_of_ever_different_functions_is_cut() {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            entries.add(i % 2 == 0 ? new Item(work -> {}) : new Other());
        }
        String text = Entries.functions(entries);
        assertTrue(text.endsWith(", and 68 more"), text);
        assertEquals(32, text.split(", ", -1).length - 1);
        assertEquals("", Entries.functions(List.of()));
    }

    // ---- live ----

    @Test
    void handlers_in_flight_are_shown_with_their_thread_and_for_how_long() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("busy").freezable().maxActive(3));
        Gate gate = runtimes.gate();
        Item sleeping = queued(workqueue, work -> gate.pass());
        Pattern line = Pattern.compile("^    in-flight: kworker/\\d+:\\d+: " + Pattern.quote(InFlight.item(sleeping))
                + " for [1-9]\\d* ms$", Pattern.MULTILINE);
        Await.until("it has slept for a while", () -> line.matcher(runtime.dump()).find());
        String dump = runtime.dump();
        assertHas(dump, "^workqueue 'busy': bound freezable max_active=3$");
        assertHas(dump, "^  CPU \\d+: active=1 waiting=0$");
        assertHas(dump, TestMode.isCarrier() ? "^CPU \\d+: workers=\\d+ idle=\\d+ take-overs=0 in-flight=1"
                : "^CPU \\d+: in-flight=1");
        TestThreads.Started flusher = TestThreads.start(sleeping::flush);
        Await.until("someone waits for it", () -> runtime.dump().contains(" (waited for)\n"));
        gate.open();
        flusher.join();
    }

    @Test
    void unbound_workqueues_are_shown_with_their_pods_and_nodes() {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue unbound =
                runtimes.queue(runtime.workqueue("wide").unbound().affinity(Affinity.SYSTEM).strict().maxActive(7));
        Workqueue ordered = runtimes.queue(runtime.workqueue("in order").ordered());
        Gate gate = runtimes.gate();
        for (int i = 0; i < 3; i++) {
            Item wide = queued(unbound, work -> gate.pass());
            Await.until("it runs", wide::isRunning);
            queued(ordered, work -> gate.pass());
        }
        Await.until("the first one runs", () -> ordered.stats().totals().active() == 1);
        String dump = runtime.dump();
        assertHas(dump, "^workqueue 'wide': unbound SYSTEM strict max_active=7 min_active=7$");
        assertHas(dump, "^  (node \\d+|several nodes): active=3/7$");
        assertHas(dump, "^  pod \\{.*\\}: active=3 waiting=0$");
        assertHas(dump, "^pod \\{.*\\}: queued=0$");
        assertHas(dump, "^workqueue 'in order': ordered CACHE_SHARD max_active=1$");
        assertHas(dump, "^  ordered: active=1 waiting=0\n    in-flight: .*\n    pending: 2\\*" + ITEM + "$");
        gate.open();
        unbound.flush();
        ordered.flush();
    }

    @Test
    void bh_handlers_are_shown_as_such() {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("soft").bh().highpri());
        Gate gate = runtimes.occupy(workqueue, RuntimeExtension.firstCpu());
        queued(workqueue, work -> {});
        String dump = runtime.dump();
        assertHas(dump, "^workqueue 'soft': bound bh highpri$");
        assertHas(dump, "^  CPU \\d+ bh highpri: active=1 waiting=0$");
        assertHas(dump, "^  CPU \\d+ bh highpri: queued=1$");
        assertHas(dump, "^    in-flight: kworker/\\d+:\\d+ \\(bh\\): " + ITEM);
        assertHas(dump, "^    pending: " + ITEM + "$");
        gate.open();
        workqueue.flush();
    }

    @Test
    void a_frozen_runtime_and_one_that_closes_are_shown_as_such() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = runtimes.queue(runtime.workqueue("icy").freezable());
        Gate gate = runtimes.gate();
        Item sleeping = queued(workqueue, work -> gate.pass());
        Await.until("it runs", sleeping::isRunning);
        runtime.freeze();
        queued(workqueue, work -> {});
        Await.until("one waits", () -> runtime.dump().contains("inactive: " + ITEM));
        assertHas(runtime.dump(), "^runtime 'test', frozen: ");
        runtime.thaw();
        TestThreads.Started closer = TestThreads.start(runtime::close);
        Await.until("it closes", () -> runtime.dump().startsWith("runtime 'test', closed or closing: "));
        assertHas(runtime.dump(), "in-flight: .*" + Pattern.quote(InFlight.item(sleeping)));
        gate.open();
        closer.join();
        assertFalse(runtime.dump().contains("workqueue"), runtime::dump);
    }

    // ---- nobody waits ----

    /** The carrier cannot answer, and is not asked. */
    @Test
    void a_cpu_that_is_kept_busy_is_dumped() {
        WorkRuntime runtime = runtimes.start(RuntimeExtension.strict());
        List<Gate> gates = new ArrayList<>();
        for (int cpu : runtime.cpus()) {
            gates.add(runtimes.occupy(runtime.system(), cpu));
        }
        AtomicReference<String> dump = new AtomicReference<>();
        TestThreads.start(() -> dump.set(runtime.dump())).join();
        assertHas(dump.get(), "in-flight: .*" + ITEM);
        gates.forEach(Gate::open);
    }

    @Test
    void a_handler_can_dump_its_own_runtime() {
        WorkRuntime runtime = runtimes.oneCpu();
        AtomicReference<String> dump = new AtomicReference<>();
        Item item = queued(runtime.system(), work -> dump.set(runtime.dump()));
        item.flush();
        assertHas(dump.get(), "in-flight: .*" + Pattern.quote(InFlight.item(item)));
    }

    /** Whatever is moved under its eyes: no exception, no endless walk. */
    @Test
    void a_dump_ends_and_does_not_throw_while_everything_goes_on() {
        WorkRuntime runtime = runtimes.runtime();
        List<Workqueue> workqueues = List.of(runtimes.queue(runtime, "bound", 1),
                runtimes.queue(runtime.workqueue("unbound").unbound().maxActive(1)),
                runtimes.queue(runtime.workqueue("ordered").ordered()));
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            items.add(runtimes.item());
        }
        TestThreads.together(5, thread -> {
            if (thread == 0) {
                for (int i = 0; i < 1_500; i++) {
                    assertFalse(runtime.dump().isEmpty());
                }
            } else if (thread == 4) {
                for (int i = 0; i < 100; i++) {
                    try (Workqueue shortLived = runtime.workqueue("short-lived").unbound().build()) {
                        shortLived.flush();
                        workqueues.get(i % 3).flush();
                    }
                }
            } else {
                for (int i = 0; i < 20_000; i++) {
                    Item item = items.get(i * 7 % items.size());
                    workqueues.get((i + thread) % 3).queue(item);
                    if (i % 5 == 0) {
                        items.get(i * 11 % items.size()).cancel();
                    }
                }
            }
        });
        workqueues.forEach(Workqueue::flush);
    }
}
