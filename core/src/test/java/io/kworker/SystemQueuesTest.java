// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The workqueues that every runtime has (A68 to A75). */
@Timeout(60)
class SystemQueuesTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** The calls, with the kernel's names and limits. */
    enum Call {
        SYSTEM("events", 1024, WorkRuntime::system),
        HIGHPRI("events_highpri", 1024, WorkRuntime::systemHighpri),
        LONG("events_long", 1024, WorkRuntime::systemLong),
        UNBOUND("events_unbound", 2048, WorkRuntime::systemUnbound),
        FREEZABLE("events_freezable", 1024, WorkRuntime::systemFreezable),
        POWER_EFFICIENT("events_power_efficient", 1024, WorkRuntime::systemPowerEfficient),
        BH("events_bh", Integer.MAX_VALUE, WorkRuntime::systemBh),
        BH_HIGHPRI("events_bh_highpri", Integer.MAX_VALUE, WorkRuntime::systemBhHighpri);

        final String name;
        final int limit;
        final Function<WorkRuntime, Workqueue> of;

        Call(String name, int limit, Function<WorkRuntime, Workqueue> of) {
            this.name = name;
            this.limit = limit;
            this.of = of;
        }
    }

    private static List<String> names(WorkRuntime runtime) {
        return runtime.workqueues().stream().map(Workqueue::name).toList();
    }

    @ParameterizedTest
    @EnumSource(Call.class)
    void each_is_made_when_first_asked_for_and_is_always_the_same(Call call) {
        WorkRuntime runtime = runtimes.oneCpu();
        assertEquals(List.of("events"), names(runtime)); // the extension has asked for that one
        Workqueue workqueue = call.of.apply(runtime);
        assertEquals(call == Call.SYSTEM ? 1 : 2, runtime.workqueues().size());
        assertSame(workqueue, call.of.apply(runtime));
        assertEquals(call.name, workqueue.name());
        assertEquals(call.limit, workqueue.maxActive());
        assertSame(runtime, workqueue.runtime());
        AtomicReference<Workqueue> seen = new AtomicReference<>();
        Item item = runtimes.item(work -> seen.set(Run.current().share.workqueue));
        assertTrue(workqueue.queue(item));
        item.flush();
        assertSame(workqueue, seen.get());
    }

    @Test
    void all_are_different() {
        WorkRuntime runtime = runtimes.oneCpu();
        Map<Call, Workqueue> all = new EnumMap<>(Call.class);
        for (Call call : Call.values()) {
            all.put(call, call.of.apply(runtime));
        }
        assertEquals(Call.values().length, Set.copyOf(all.values()).size());
        assertEquals(Call.values().length, runtime.workqueues().size());
    }

    @Test
    void threads_that_ask_at_once_get_the_same_one() {
        for (int round = 0; round < 10; round++) {
            WorkRuntime runtime = runtimes.oneCpu();
            Set<Workqueue> seen = ConcurrentHashMap.newKeySet();
            TestThreads.together(4, thread -> seen.add(runtime.systemHighpri()));
            assertEquals(1, seen.size());
        }
    }

    /** What they are made of. */
    @Test
    void each_has_its_flags() {
        WorkRuntime runtime = runtimes.oneCpu();
        assertTrue(runtime.systemHighpri().settings().highpri());
        assertTrue(runtime.systemFreezable().settings().freezable());
        assertInstanceOf(PodShare.class, runtime.systemUnbound().allShares().getFirst());
        assertTrue(runtime.systemBh().settings().bh());
        assertTrue(runtime.systemBhHighpri().settings().bh() && runtime.systemBhHighpri().settings().highpri());
        for (Workqueue bound : List.of(runtime.system(), runtime.systemLong(), runtime.systemPowerEfficient())) {
            assertInstanceOf(BoundShare.class, bound.allShares().getFirst());
        }
    }

    /** J14. */
    @Test
    void the_power_efficient_one_is_unbound_where_the_runtime_saves_power() {
        WorkRuntime saving = runtimes.start(RuntimeExtension.builder().powerEfficient(true));
        assertInstanceOf(PodShare.class, saving.systemPowerEfficient().allShares().getFirst());
        assertInstanceOf(BoundShare.class, saving.system().allShares().getFirst());
        Item item = runtimes.item();
        saving.systemPowerEfficient().queue(item);
        item.flush();
    }

    @ParameterizedTest
    @EnumSource(Call.class)
    void none_can_be_closed_by_itself(Call call) {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = call.of.apply(runtime);
        assertThrows(UnsupportedOperationException.class, workqueue::close);
        Item item = runtimes.item();
        assertTrue(workqueue.queue(item));
        item.flush();
    }

    /** What was queued runs; then nothing is taken any more, and none is made any more. */
    @ParameterizedTest
    @EnumSource(Call.class)
    void each_is_closed_with_the_runtime(Call call) {
        runtimes.doNotCountRuns(); // the extension finds the queues of runtimes that are open
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue workqueue = call.of.apply(runtime);
        Item item = runtimes.item();
        workqueue.queue(item);
        runtime.close();
        assertEquals(1, item.runs());
        assertThrows(RejectedExecutionException.class, () -> workqueue.queue(item));
        assertSame(workqueue, call.of.apply(runtime));
        for (Call other : Call.values()) {
            if (other != call && other != Call.SYSTEM) {
                assertThrows(RejectedExecutionException.class, () -> other.of.apply(runtime));
            }
        }
    }
}
