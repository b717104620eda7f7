// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a workqueue can be built with (J16, J18, A34, A35, A41, A58), and what is refused later on (A40, G41). */
@Timeout(60)
class FlagsTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private WorkRuntime runtime;

    /** One method of the builder each. */
    enum Flag {
        HIGHPRI("highpri()", Workqueue.Builder::highpri),
        UNBOUND("unbound()", Workqueue.Builder::unbound),
        ORDERED("ordered()", Workqueue.Builder::ordered),
        CPU_INTENSIVE("cpuIntensive()", Workqueue.Builder::cpuIntensive),
        MEM_RECLAIM("memReclaim()", Workqueue.Builder::memReclaim),
        FREEZABLE("freezable()", Workqueue.Builder::freezable),
        BH("bh()", Workqueue.Builder::bh),
        POWER_EFFICIENT("powerEfficient()", Workqueue.Builder::powerEfficient),
        MAX_ACTIVE("maxActive(", builder -> builder.maxActive(20)),
        MIN_ACTIVE("minActive()", builder -> builder.minActive(3)),
        AFFINITY("affinity()", builder -> builder.affinity(Affinity.SMT)),
        STRICT("strict()", Workqueue.Builder::strict),
        CPUS("cpus()", builder -> builder.cpus(RuntimeExtension.firstCpu()));

        /** These say where the items of workqueues run that are bound to no CPU. */
        static final Set<Flag> ATTRIBUTES = EnumSet.of(MIN_ACTIVE, AFFINITY, STRICT, CPUS);

        static final Set<Flag> NOT_BOUND = EnumSet.of(UNBOUND, ORDERED);

        private static final List<Set<Flag>> REFUSED = List.of(
                EnumSet.of(BH, UNBOUND),
                EnumSet.of(BH, ORDERED),
                EnumSet.of(BH, CPU_INTENSIVE),
                EnumSet.of(BH, MEM_RECLAIM),
                EnumSet.of(BH, FREEZABLE),
                EnumSet.of(BH, POWER_EFFICIENT),
                EnumSet.of(BH, MAX_ACTIVE),
                EnumSet.of(UNBOUND, CPU_INTENSIVE),
                EnumSet.of(UNBOUND, POWER_EFFICIENT),
                EnumSet.of(ORDERED, CPU_INTENSIVE),
                EnumSet.of(ORDERED, POWER_EFFICIENT),
                EnumSet.of(ORDERED, MAX_ACTIVE),
                EnumSet.of(ORDERED, MIN_ACTIVE));

        final String call;
        private final UnaryOperator<Workqueue.Builder> setting;

        Flag(String call, UnaryOperator<Workqueue.Builder> setting) {
            this.call = call;
            this.setting = setting;
        }

        /** What the message has to name where the two are refused; none where they go together. */
        List<String> complaint(Flag other) {
            if (REFUSED.contains(EnumSet.of(this, other))) {
                return List.of(call, other.call);
            }
            for (Flag flag : List.of(this, other)) {
                if (ATTRIBUTES.contains(flag) && !NOT_BOUND.contains(this) && !NOT_BOUND.contains(other)) {
                    return List.of("unbound()");
                }
            }
            return List.of();
        }
    }

    @BeforeEach
    void make() {
        runtime = runtimes.oneCpu();
    }

    private Workqueue build(Flag... flags) {
        Workqueue.Builder builder = runtime.workqueue("flagged");
        for (Flag flag : flags) {
            builder = flag.setting.apply(builder);
        }
        return runtimes.queue(builder);
    }

    private static void refused(Class<? extends RuntimeException> type, Executable call, String... named) {
        RuntimeException thrown = assertThrows(type, call);
        for (String name : named) {
            assertTrue(String.valueOf(thrown.getMessage()).contains(name), () -> name + " in: " + thrown.getMessage());
        }
    }

    private void works(Workqueue workqueue) {
        Item item = runtimes.item();
        assertTrue(workqueue.queue(item));
        item.flush();
        assertEquals(1, item.runs());
    }

    /** J18: pair by pair, in both orders; whoever is refused is told what does not go together. */
    @ParameterizedTest
    @EnumSource(Flag.class)
    void each_two_flags_go_together_or_are_refused_by_name(Flag flag) {
        for (Flag other : EnumSet.complementOf(EnumSet.of(flag))) {
            List<String> complaint = flag.complaint(other);
            if (complaint.isEmpty()) {
                works(build(flag, other));
            } else {
                refused(IllegalArgumentException.class, () -> build(flag, other), complaint.toArray(String[]::new));
                refused(IllegalArgumentException.class, () -> build(other, flag), "flagged");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Flag.class)
    void each_flag_alone_works_unless_it_needs_another(Flag flag) {
        if (Flag.ATTRIBUTES.contains(flag)) {
            refused(IllegalArgumentException.class, () -> build(flag), flag.call, "unbound()");
        } else {
            works(build(flag));
        }
    }

    @Test
    void as_many_flags_as_go_together() {
        works(build(Flag.HIGHPRI, Flag.CPU_INTENSIVE, Flag.MEM_RECLAIM, Flag.FREEZABLE, Flag.POWER_EFFICIENT,
                Flag.MAX_ACTIVE));
        works(build(Flag.HIGHPRI, Flag.UNBOUND, Flag.MEM_RECLAIM, Flag.FREEZABLE, Flag.MAX_ACTIVE, Flag.MIN_ACTIVE,
                Flag.AFFINITY, Flag.STRICT, Flag.CPUS));
        works(build(Flag.HIGHPRI, Flag.UNBOUND, Flag.ORDERED, Flag.MEM_RECLAIM, Flag.FREEZABLE, Flag.AFFINITY,
                Flag.STRICT, Flag.CPUS));
    }

    /** A35: it is what it has anyway. */
    @Test
    void an_ordered_workqueue_may_be_given_a_limit_of_one() {
        works(runtimes.queue(runtime.workqueue("o").ordered().maxActive(1)));
    }

    /** A41: the minimum is for unbound workqueues, whatever a message about it says. */
    @Test
    void a_minimum_is_not_said_to_be_for_ordered_workqueues() {
        RuntimeException thrown = assertThrows(IllegalArgumentException.class, () -> build(Flag.MIN_ACTIVE));
        assertFalse(thrown.getMessage().contains("ordered()"), thrown::getMessage);
    }

    /** J16, A34, A41, G34, G38. */
    @Test
    void limits_are_the_kernels_where_none_are_given() {
        assertEquals(1024, build().maxActive());
        Workqueue unbound = build(Flag.UNBOUND);
        assertEquals(1024, unbound.maxActive());
        assertEquals(8, unbound.minActive());
        assertEquals(5, runtimes.queue(runtime.workqueue("u").unbound().maxActive(5)).minActive());
        assertEquals(1, build(Flag.ORDERED).maxActive());
        assertEquals(Integer.MAX_VALUE, build(Flag.BH).maxActive());
        assertEquals(2048, Workqueue.MAX_ACTIVE_LIMIT);
    }

    /** J16: out of range is an error, not a message. */
    @ParameterizedTest
    @ValueSource(ints = {0, -1, 2049, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void a_limit_out_of_range_is_refused(int items) {
        Workqueue workqueue = build();
        refused(IllegalArgumentException.class, () -> runtime.workqueue("q").maxActive(items), "2048", "not " + items);
        refused(IllegalArgumentException.class, () -> workqueue.setMaxActive(items), "2048", "not " + items);
        assertEquals(1024, workqueue.maxActive());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2048})
    void a_limit_in_range_is_taken(int items) {
        Workqueue built = runtimes.queue(runtime, "built", items);
        assertEquals(items, built.maxActive());
        Workqueue changed = build(Flag.UNBOUND);
        changed.setMaxActive(items);
        assertEquals(items, changed.maxActive());
        works(built);
        works(changed);
    }

    /** A41: 0 to the limit. */
    @Test
    void a_minimum_is_between_nothing_and_the_limit() {
        refused(IllegalArgumentException.class, () -> runtime.workqueue("u").minActive(-1), "-1");
        refused(IllegalArgumentException.class,
                () -> runtime.workqueue("u").unbound().maxActive(4).minActive(5).build(),
                "minActive 5", "maxActive 4");
        Workqueue workqueue = runtimes.queue(runtime.workqueue("u").unbound().maxActive(4).minActive(0));
        assertEquals(0, workqueue.minActive());
        workqueue.setMinActive(4);
        assertEquals(4, workqueue.minActive());
        refused(IllegalArgumentException.class, () -> workqueue.setMinActive(5), "0 to maxActive, 4", "not 5");
        refused(IllegalArgumentException.class, () -> workqueue.setMinActive(-1), "not -1");
        assertEquals(4, workqueue.minActive());
        works(workqueue);
    }

    /** A40. */
    @Test
    void a_limit_that_is_lowered_lowers_the_minimum() {
        Workqueue workqueue = runtimes.queue(runtime.workqueue("u").unbound().maxActive(20).minActive(10));
        workqueue.setMaxActive(6);
        assertEquals(6, workqueue.minActive());
        workqueue.setMaxActive(20);
        assertEquals(6, workqueue.minActive());
    }

    /** A40, A41, G41. */
    @Test
    void limits_that_there_are_not_cannot_be_changed() {
        Workqueue bound = build();
        Workqueue ordered = build(Flag.ORDERED);
        Workqueue bh = build(Flag.BH);
        refused(IllegalStateException.class, () -> ordered.setMaxActive(1), "flagged", "ordered()");
        refused(IllegalStateException.class, () -> bh.setMaxActive(1), "flagged", "bh()");
        for (Workqueue workqueue : List.of(bound, ordered, bh)) {
            refused(IllegalStateException.class, () -> workqueue.setMinActive(1), "flagged", "unbound()");
        }
        assertEquals(1, ordered.maxActive());
        assertEquals(Integer.MAX_VALUE, bh.maxActive());
    }

    /** A43: only what is bound to no CPU has attributes. */
    @Test
    void bound_workqueues_have_no_attributes() {
        Attributes attributes = Attributes.of(Affinity.CACHE);
        for (Workqueue workqueue : List.of(build(), build(Flag.HIGHPRI), build(Flag.BH), build(Flag.POWER_EFFICIENT))) {
            refused(IllegalStateException.class, () -> workqueue.apply(attributes), "flagged");
            refused(IllegalStateException.class, workqueue::attributes, "flagged");
            refused(IllegalStateException.class, () -> workqueue.queueOnNode(0, runtimes.item()), "unbound()");
        }
    }

    /** A42: all CPUs, the runtime's scope, not strict; else what was said. */
    @Test
    void attributes_are_those_of_the_builder() {
        Attributes attributes = build(Flag.UNBOUND).attributes();
        assertEquals(new Attributes(Set.of(), Affinity.CACHE_SHARD, false), attributes);
        Attributes given = build(Flag.ORDERED, Flag.STRICT, Flag.AFFINITY, Flag.CPUS).attributes();
        assertEquals(new Attributes(Set.of(RuntimeExtension.firstCpu()), Affinity.SMT, true), given);
        WorkRuntime other = runtimes.start(RuntimeExtension.builder()
                .cpus(RuntimeExtension.firstCpu())
                .defaultAffinity(Affinity.SYSTEM));
        assertEquals(Affinity.SYSTEM, runtimes.queue(other.workqueue("u").unbound()).attributes().affinity());
    }

    @Test
    void cpus_of_attributes_are_checked() {
        refused(IllegalArgumentException.class, () -> runtime.workqueue("u").cpus(), "at least one");
        refused(IllegalArgumentException.class, () -> runtime.workqueue("u").cpus(1_000_003), "CPU 1000003");
        refused(IllegalArgumentException.class, () -> new Attributes(Set.of(-1), Affinity.CPU, false), "CPU -1");
        Workqueue workqueue = build(Flag.UNBOUND);
        Attributes before = workqueue.attributes();
        Attributes elsewhere = before.withCpus(1_000_003);
        refused(IllegalArgumentException.class, () -> workqueue.apply(elsewhere), "1000003");
        assertEquals(before, workqueue.attributes());
        works(workqueue);
    }

    @Test
    void nulls_are_refused() {
        Workqueue workqueue = build(Flag.UNBOUND);
        Stream.<Executable>of(
                () -> runtime.workqueue("u").affinity(null),
                () -> new Attributes(Set.of(), null, false),
                () -> new Attributes(null, Affinity.CPU, false),
                () -> WorkRuntime.builder().defaultAffinity(null),
                () -> workqueue.apply(null),
                () -> workqueue.queueOnNode(0, null)).forEach(call -> assertThrows(NullPointerException.class, call));
    }

    /** J14, A66: bound normally, unbound where the runtime saves power. */
    @Test
    void a_power_efficient_workqueue_is_bound_or_unbound_by_the_runtime() {
        Function<WorkRuntime, Workqueue> builder =
                of -> runtimes.queue(of.workqueue("p").powerEfficient().cpuIntensive().maxActive(3));
        Workqueue bound = builder.apply(runtime);
        assertThrows(IllegalStateException.class, bound::attributes);
        WorkRuntime saving = runtimes.start(
                RuntimeExtension.builder().powerEfficient(true).cpus(RuntimeExtension.firstCpu()));
        Workqueue unbound = builder.apply(saving);
        assertNotNull(unbound.attributes());
        assertEquals(3, unbound.maxActive());
        assertThrows(IllegalStateException.class, runtimes.queue(saving, "plain")::attributes);
        works(bound);
        works(unbound);
    }

    @Test
    void a_shard_size_out_of_range_is_refused() {
        refused(IllegalArgumentException.class, () -> WorkRuntime.builder().cacheShardSize(0), "cacheShardSize");
    }

    /** A52. */
    @Test
    void a_workqueue_is_congested_while_items_wait_for_a_slot() {
        for (Workqueue workqueue : List.of(
                runtimes.queue(runtime, "bound", 1),
                runtimes.queue(runtime.workqueue("unbound").unbound().maxActive(1)),
                runtimes.queue(runtime.workqueue("ordered").ordered()))) {
            Gate gate = runtimes.gate();
            int cpu = RuntimeExtension.firstCpu();
            assertFalse(workqueue.isCongested(cpu));
            Item first = runtimes.item(work -> gate.pass());
            Item second = runtimes.item();
            workqueue.queue(first);
            Await.until("it runs", first::isRunning);
            assertFalse(workqueue.isCongested(cpu));
            workqueue.queue(second);
            Await.until("it is congested", () -> workqueue.isCongested(cpu));
            gate.open();
            second.flush();
            Await.until("it is not any more", () -> !workqueue.isCongested(cpu));
        }
    }
}
