// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a BH handler may wait for: nothing that its own lane has to do (J6, G74, G75). */
@Timeout(60)
class BhWaitTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** Kinds of BH workqueues, of the two lanes. */
    enum Bh {
        SYSTEM(false), OWN(false), SYSTEM_HIGHPRI(true), OWN_HIGHPRI(true);

        final boolean isHighpri;

        Bh(boolean isHighpri) {
            this.isHighpri = isHighpri;
        }

        Workqueue in(RuntimeExtension runtimes, WorkRuntime runtime) {
            return switch (this) {
                case SYSTEM -> runtime.systemBh();
                case OWN -> runtimes.queue(runtime.workqueue("bh").bh());
                case SYSTEM_HIGHPRI -> runtime.systemBhHighpri();
                case OWN_HIGHPRI -> runtimes.queue(runtime.workqueue("bh highpri").bh().highpri());
            };
        }
    }

    /** Waits for an item of a workqueue. */
    enum Call {
        FLUSH, CANCEL_SYNC, FLUSH_WORKQUEUE, DRAIN, CLOSE;

        void on(Workqueue workqueue, Work item) {
            switch (this) {
                case FLUSH -> item.flush();
                case CANCEL_SYNC -> item.cancelSync();
                case FLUSH_WORKQUEUE -> workqueue.flush();
                case DRAIN -> workqueue.drain();
                case CLOSE -> workqueue.close();
            }
        }
    }

    static Stream<Object[]> pairs() {
        return Stream.of(Bh.values()).flatMap(from -> Stream.of(Bh.values())
                .filter(to -> to.isHighpri == from.isHighpri)
                .flatMap(to -> Stream.of(Call.FLUSH, Call.FLUSH_WORKQUEUE, Call.DRAIN)
                        .map(call -> new Object[] {from, to, call})));
    }

    /** What it did in a handler, and what that has thrown. */
    private WorkDeadlockException refusal(Workqueue workqueue, Runnable what) {
        AtomicReference<WorkDeadlockException> refusal = new AtomicReference<>();
        Item item = runtimes.item(work -> {
            try {
                what.run();
            } catch (WorkDeadlockException e) {
                refusal.set(e);
            }
        });
        assertTrue(workqueue.queue(item));
        TestThreads.start(item::flush).join();
        return refusal.get();
    }

    /** Of whatever workqueues: the lane runs one item at a time. */
    @ParameterizedTest
    @MethodSource("pairs")
    void a_wait_for_the_own_lane_is_refused(Bh from, Bh to, Call call) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue waiting = from.in(runtimes, runtime);
        Workqueue target = to.in(runtimes, runtime);
        Item behind = runtimes.item();
        WorkDeadlockException refusal = refusal(waiting, () -> {
            target.queue(behind);
            call.on(target, behind);
        });
        assertNotNull(refusal);
        TestThreads.start(behind::flush).join();
        assertEquals(1, behind.runs());
    }

    /** What was pending is taken back, so there is nothing to wait for. */
    @ParameterizedTest
    @EnumSource(Bh.class)
    void cancel_sync_of_an_item_of_the_own_lane_is_served(Bh kind) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue target = kind.in(runtimes, runtime);
        Item behind = runtimes.item();
        assertNull(refusal(kind.isHighpri ? runtime.systemBhHighpri() : runtime.systemBh(), () -> {
            target.queue(behind);
            behind.cancelSync();
        }));
        assertEquals(0, behind.runs());
    }

    /** The last marker would have to go through the lane. */
    @Test
    void closing_an_idle_bh_workqueue_in_its_lane_is_refused() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue idle = runtimes.queue(runtime.workqueue("idle").bh());
        assertNotNull(refusal(runtime.systemBh(), idle::close));
        idle.queue(runtimes.item());
        TestThreads.start(idle::close).join();
    }

    @Test
    void a_flush_of_an_idle_workqueue_of_the_own_lane_is_served() {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue idle = runtimes.queue(runtime.workqueue("idle").bh());
        assertNull(refusal(runtime.systemBh(), idle::flush));
    }

    /** A handler that another one waits for may not wait for the lane of that one. */
    @ParameterizedTest
    @EnumSource(value = Call.class, names = {"FLUSH", "FLUSH_WORKQUEUE", "DRAIN"})
    void a_lane_is_a_link_of_a_ring(Call call) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue other = runtimes.queue(runtime.workqueue("bh").bh());
        Gate gate = runtimes.gate();
        AtomicReference<WorkDeadlockException> refusal = new AtomicReference<>();
        Item behind = runtimes.item();
        Item threaded = runtimes.item(work -> {
            gate.pass();
            other.queue(behind);
            try {
                call.on(other, behind);
            } catch (WorkDeadlockException e) {
                refusal.set(e);
            }
        });
        runtime.system().queue(threaded);
        Await.until("it runs", threaded::isRunning);
        Item spinner = runtimes.item(work -> threaded.flush());
        runtime.systemBh().queue(spinner);
        Await.until("it waits", () -> WaitGraph.size() == 1);
        Await.never("it ends", () -> !spinner.isRunning());
        gate.open();
        TestThreads.start(spinner::flush).join();
        assertNotNull(refusal.get());
        assertTrue(refusal.get().getMessage().contains(spinner.getClass().getName()));
        TestThreads.start(behind::flush).join();
    }

    /** Where the thing waited for is. */
    enum Place {
        NORMAL, HIGHPRI, OTHER_LANE, UNBOUND, ORDERED;

        Workqueue in(RuntimeExtension runtimes, WorkRuntime runtime) {
            return switch (this) {
                case NORMAL -> runtime.system();
                case HIGHPRI -> runtime.systemHighpri();
                case OTHER_LANE -> runtime.systemBhHighpri();
                case UNBOUND -> runtime.systemUnbound();
                case ORDERED -> runtimes.queue(runtime.workqueue("ordered").ordered());
            };
        }
    }

    /** Though its CPU is never taken from a handler: one that must not block, and waits, gives it away. */
    @ParameterizedTest
    @EnumSource(Place.class)
    void a_bh_handler_may_wait_for_what_needs_its_cpu(Place place) {
        WorkRuntime runtime = runtimes.strictCpu();
        Workqueue target = place.in(runtimes, runtime);
        Item item = runtimes.item();
        for (int round = 1; round <= 3; round++) {
            assertNull(refusal(runtime.systemBh(), () -> {
                target.queue(item);
                item.flush();
            }));
            assertEquals(round, item.runs());
        }
    }

    /** The same where that has started, and sleeps. */
    @Test
    void a_bh_handler_may_wait_for_what_is_to_go_on_on_its_cpu() {
        WorkRuntime runtime = runtimes.strictCpu();
        Gate gate = runtimes.gate();
        Item item = runtimes.item(work -> gate.pass());
        runtime.system().queue(item);
        Await.until("it runs", item::isRunning);
        assertNull(refusal(runtime.systemBh(), () -> {
            gate.open();
            item.cancelSync();
        }));
        assertEquals(1, item.runs());
    }
}
