// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which pods there are on a machine of sixty-four CPUs, and who serves them (G19, A44, A77 to A83). */
@Timeout(60)
class PodsTest {
    private WorkRuntime runtime;

    @BeforeEach
    void make() {
        runtime = HandDriven.runtime(FakeMachine.large());
    }

    @AfterEach
    void close() {
        HandDriven.close(runtime);
    }

    private Workqueue.Builder unbound(Affinity scope) {
        return runtime.workqueue("u").unbound().affinity(scope);
    }

    private static Pod pod(Workqueue workqueue, int cpu) {
        Item item = new Item(work -> {});
        assertTrue(workqueue.queueOn(cpu, item));
        Pod pod = (Pod) item.share().poolNow();
        item.cancel();
        return pod;
    }

    private int[] servers(Pod pod) {
        return Arrays.stream(runtime.cpuArray()).filter(pod::isServedBy).mapToInt(cpu -> cpu.number).toArray();
    }

    private static int[] numbers(BitSet mask) {
        return mask.stream().toArray();
    }

    /** A78 to A82: a CPU, a core, a shard of eight cores, a cache of sixteen CPUs, a node, all. */
    @Test
    void pods_are_as_large_as_their_scope() {
        assertEquals("{5}", pod(unbound(Affinity.CPU).build(), 5).mask.toString());
        assertEquals("{4, 5}", pod(unbound(Affinity.SMT).build(), 5).mask.toString());
        assertEquals(FakeMachine.range(16, 32), pod(unbound(Affinity.CACHE_SHARD).build(), 17).mask);
        assertEquals(FakeMachine.range(16, 32), pod(unbound(Affinity.CACHE).build(), 17).mask);
        assertEquals(FakeMachine.range(32, 64), pod(unbound(Affinity.NUMA).build(), 33).mask);
        assertEquals(FakeMachine.range(0, 64), pod(unbound(Affinity.SYSTEM).build(), 33).mask);
    }

    /** A81, A87, A88: by the runtime's settings. */
    @Test
    void the_default_scope_and_the_shard_size_are_the_runtimes() {
        WorkRuntime other = WorkRuntime.builder()
                .carrierScheduler(WorkRuntime.Mode.OFF)
                .topology(FakeMachine.large())
                .cacheShardSize(2)
                .engines(cpu -> HandDriven.of(runtime, 0))
                .build();
        assertEquals("{16, 17, 18, 19}", pod(other.workqueue("u").unbound().build(), 17).mask.toString());
        assertEquals(FakeMachine.range(16, 32), pod(runtime.workqueue("u").unbound().build(), 17).mask);
    }

    /** A83, G19: a strict pod is served by its own CPUs, another by all of the workqueue's. */
    @Test
    void who_serves_a_pod() {
        Workqueue strict = unbound(Affinity.CACHE).strict().build();
        Workqueue loose = unbound(Affinity.CACHE).build();
        Workqueue few = unbound(Affinity.CACHE).cpus(3, 20, 21, 40).build();
        for (int cpu = 0; cpu < 64; cpu += 7) {
            assertEquals(Arrays.toString(numbers(FakeMachine.range(cpu / 16 * 16, cpu / 16 * 16 + 16))),
                    Arrays.toString(servers(pod(strict, cpu))));
            assertEquals(64, servers(pod(loose, cpu)).length);
        }
        assertEquals("{20, 21}", pod(few, 20).mask.toString());
        assertEquals("[3, 20, 21, 40]", Arrays.toString(servers(pod(few, 20))));
    }

    /** G19: the pods of a workqueue take turns in serving the CPUs that it has not. */
    @Test
    void cpus_that_are_not_the_workqueues_are_spread_over_its_pods() {
        Workqueue workqueue = unbound(Affinity.CPU).cpus(3, 20).build();
        List<Pod> pods = new ArrayList<>();
        for (int cpu = 40; cpu < 44; cpu++) {
            pods.add(pod(workqueue, cpu));
        }
        assertEquals(List.of("{3}", "{20}", "{3}", "{20}"), pods.stream().map(pod -> pod.mask.toString()).toList());
    }

    /** A44: the same CPUs, priority and strictness make the same pool. */
    @Test
    void workqueues_of_the_same_kind_share_pods() {
        Pod pod = pod(unbound(Affinity.CACHE).build(), 17);
        assertEquals(pod, pod(unbound(Affinity.CACHE).build(), 31));
        assertEquals(pod, pod(unbound(Affinity.CACHE_SHARD).build(), 16));
        assertFalse(pod == pod(unbound(Affinity.CACHE).strict().build(), 17));
        assertFalse(pod == pod(unbound(Affinity.CACHE).highpri().build(), 17));
        assertFalse(pod == pod(unbound(Affinity.CACHE).cpus(16, 17, 18).build(), 17));
    }

    /** G78, G19: of a pod the CPUs that are online serve it; where there is none, all that are. */
    @Test
    void pods_follow_the_cpus_that_are_online() {
        Workqueue strict = unbound(Affinity.SMT).strict().build();
        Workqueue loose = unbound(Affinity.SMT).build();
        Pod own = pod(strict, 4);
        runtime.cpuOffline(4);
        assertEquals("[5]", Arrays.toString(servers(own)));
        assertEquals(own, pod(strict, 4)); // it is still the nearest
        runtime.cpuOffline(5);
        assertEquals(62, servers(own).length);
        assertFalse(own == pod(strict, 4));
        assertTrue(pod(strict, 4).mask.intersects(runtime.online()));
        assertEquals(62, servers(pod(loose, 0)).length);
        runtime.cpuOnline(5);
        assertEquals(own, pod(strict, 4));
        assertEquals("[5]", Arrays.toString(servers(own)));
        runtime.cpuOnline(4);
        assertEquals("[4, 5]", Arrays.toString(servers(own)));
    }

    /** A43: attributes that come again bring their pods and shares again. */
    @Test
    void attributes_that_come_again_make_no_new_pods() {
        Workqueue workqueue = unbound(Affinity.CACHE).build();
        for (int i = 0; i < 50; i++) {
            workqueue.apply(Attributes.of(Affinity.NUMA));
            workqueue.apply(Attributes.of(Affinity.CACHE).strictly());
            workqueue.apply(Attributes.of(Affinity.CACHE));
        }
        assertEquals(2 + 4 + 4, runtime.pods().all().length);
        assertEquals(2 + 4 + 4, workqueue.allShares().size());
    }

    /** An item is taken from the pod of the CPU first, then from those of others. */
    @Test
    void a_cpu_prefers_its_own_pod() {
        Workqueue workqueue = unbound(Affinity.CACHE).build();
        List<Item> items = new ArrayList<>();
        for (int cpu : new int[] {0, 16, 32, 48}) {
            items.add(new Item(work -> {}));
            workqueue.queueOn(cpu, items.getLast());
        }
        List<Work> order = HandDriven.of(runtime, 40).runAll();
        assertEquals(4, order.size());
        assertEquals(items.get(2), order.getFirst());
    }
}
