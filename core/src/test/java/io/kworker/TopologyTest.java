// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is read of hand-made machines, and their division into pods and shares (A78 to A82, A88, G33). */
@Timeout(60)
class TopologyTest {
    private static final int SHARD_SIZE = 8;

    /** Stands in for {@code /sys/devices/system}. */
    @TempDir Path root;

    @Test
    void two_cpus_with_one_cache() throws IOException {
        for (int cpu = 0; cpu < 2; cpu++) {
            core(cpu, "" + cpu);
            cache(cpu, 0, 1, "Data", "" + cpu);
            cache(cpu, 1, 1, "Instruction", "" + cpu);
            cache(cpu, 2, 2, "Unified", "" + cpu);
            cache(cpu, 3, 3, "Unified", "0-1");
        }
        node(0, "0-1");
        Topology topology = Topology.read(root, range(0, 2));
        assertPods("[{0}, {1}]", topology, Affinity.CPU);
        assertPods("[{0}, {1}]", topology, Affinity.SMT);
        assertPods("[{0, 1}]", topology, Affinity.CACHE);
        assertPods("[{0, 1}]", topology, Affinity.CACHE_SHARD);
        assertPods("[{0, 1}]", topology, Affinity.NUMA);
        assertPods("[{0, 1}]", topology, Affinity.SYSTEM);
        assertEquals("{0}", topology.nodes().toString());
        assertEquals("{0, 1}", topology.cpusOfNode(0).toString());
        assertEquals("{}", topology.cpusOfNode(1).toString());
        assertEquals(0, topology.node(1));
    }

    /** Two sockets of four cores; the second hardware threads are numbered after all the first ones. */
    @Test
    void hardware_threads_of_a_core_stay_together() throws IOException {
        writeSockets();
        Topology topology = Topology.read(root, range(0, 16));
        assertPods("[{0, 8}, {1, 9}, {2, 10}, {3, 11}, {4, 12}, {5, 13}, {6, 14}, {7, 15}]", topology, Affinity.SMT);
        String sockets = "[{0, 1, 2, 3, 8, 9, 10, 11}, {4, 5, 6, 7, 12, 13, 14, 15}]";
        assertPods(sockets, topology, Affinity.CACHE);
        assertPods(sockets, topology, Affinity.CACHE_SHARD);
        assertPods(sockets, topology, Affinity.NUMA);
        assertEquals("[{0, 1, 8, 9}, {2, 3, 10, 11}, {4, 5, 12, 13}, {6, 7, 14, 15}]", shards(topology, 2));
        assertEquals("[{0, 8}, {1, 9}, {2, 10}, {3, 11}, {4, 12}, {5, 13}, {6, 14}, {7, 15}]", shards(topology, 1));
        assertEquals(shards(topology, 1), shards(topology, 0));
        assertEquals(sockets, shards(topology, Integer.MAX_VALUE));
        assertEquals(1, topology.node(15));
        assertEquals("{0, 1}", topology.nodes().toString());
        assertEquals("{4, 5, 6, 7, 12, 13, 14, 15}", topology.cpusOfNode(1).toString());
    }

    @Test
    void cpus_that_are_not_asked_for_do_not_count() throws IOException {
        writeSockets();
        Topology topology = Topology.read(root, cpus(2, 3, 9, 10, 11));
        assertPods("[{2, 10}, {3, 11}, {9}]", topology, Affinity.SMT);
        assertPods("[{2, 3, 9, 10, 11}]", topology, Affinity.CACHE);
        assertEquals("[{2, 3, 10, 11}, {9}]", shards(topology, 2));
        assertEquals("{0}", topology.nodes().toString());
    }

    @Test
    void sixty_four_cpus_with_four_caches_in_two_nodes() throws IOException {
        for (int cpu = 0; cpu < 64; cpu++) {
            core(cpu, "" + cpu);
            cache(cpu, 0, 3, "Unified", cpu / 16 * 16 + "-" + (cpu / 16 * 16 + 15));
        }
        node(0, "0-31");
        node(1, "32-63");
        Topology topology = Topology.read(root, range(0, 64));
        assertPods(slices(64, 16), topology, Affinity.CACHE);
        assertPods(slices(64, 8), topology, Affinity.CACHE_SHARD);
        assertPods(slices(64, 32), topology, Affinity.NUMA);
        assertPods(slices(64, 64), topology, Affinity.SYSTEM);
    }

    /** A81: the number of shards is rounded to nearest; they differ by at most one core. */
    @Test
    void a_cache_is_cut_into_shards_of_about_the_size_asked_for() {
        assertEquals("[11]", shardSizes(11, 8));
        assertEquals("[6, 6]", shardSizes(12, 8));
        assertEquals("[10, 9]", shardSizes(19, 8));
        assertEquals("[7, 7, 6]", shardSizes(20, 8));
        assertEquals("[2, 2, 2, 1]", shardSizes(7, 2));
        assertEquals("[1]", shardSizes(1, 8));
    }

    /** The pods are those of the machine; the mask takes CPUs away and moves none. */
    @Test
    void a_mask_does_not_reshuffle_the_shards() {
        Topology topology = Topology.of(range(0, 32), cpu -> cpu, _ -> 0, _ -> 0);
        BitSet mask = range(4, 12);
        mask.set(31);
        assertEquals("[{4, 5, 6, 7}, {8, 9, 10, 11}, {31}]",
                topology.pods(Affinity.CACHE_SHARD, mask, SHARD_SIZE).toString());
        assertEquals("[{4, 5, 6, 7, 8, 9, 10, 11, 31}]",
                topology.pods(Affinity.SYSTEM, mask, SHARD_SIZE).toString());
        assertEquals(List.of(), topology.pods(Affinity.SYSTEM, new BitSet(), SHARD_SIZE));
    }

    @Test
    void pods_are_a_copy() {
        Topology topology = Topology.of(range(0, 4), cpu -> cpu, _ -> 0, _ -> 0);
        topology.pods(Affinity.SYSTEM, range(0, 4), SHARD_SIZE).getFirst().clear();
        topology.nodes().clear();
        topology.cpusOfNode(0).clear();
        assertPods("[{0, 1, 2, 3}]", topology, Affinity.SYSTEM);
        assertEquals("{0, 1, 2, 3}", topology.cpusOfNode(0).toString());
    }

    @Test
    void without_any_file_all_cpus_share_a_cache_and_node_0() {
        for (Path nothing : List.of(root, root.resolve("missing"))) {
            Topology topology = Topology.read(nothing, cpus(1, 2, 5));
            assertPods("[{1}, {2}, {5}]", topology, Affinity.SMT);
            assertPods("[{1, 2, 5}]", topology, Affinity.CACHE);
            assertPods("[{1, 2, 5}]", topology, Affinity.NUMA);
            assertEquals("{0}", topology.nodes().toString());
        }
        assertEquals(List.of(), Topology.read(root, new BitSet()).pods(Affinity.CACHE, new BitSet(), SHARD_SIZE));
    }

    @Test
    void without_caches_those_of_a_package_share_one() throws IOException {
        for (int cpu = 0; cpu < 4; cpu++) {
            file("cpu/cpu" + cpu + "/topology/package_cpus_list", cpu % 2 == 0 ? "0,2" : "1,3");
            file("cpu/cpu" + (cpu + 4) + "/topology/core_siblings_list", "4-7");
        }
        Topology topology = Topology.read(root, range(0, 10));
        assertPods("[{0, 2}, {1, 3}, {4, 5, 6, 7}, {8, 9}]", topology, Affinity.CACHE);
    }

    @Test
    void the_old_name_of_the_siblings_is_understood() throws IOException {
        file("cpu/cpu0/topology/thread_siblings_list", "0,2");
        file("cpu/cpu1/topology/thread_siblings_list", "1,3");
        assertPods("[{0, 2}, {1, 3}]", Topology.read(root, range(0, 4)), Affinity.SMT);
    }

    /** As of a CPU that is off-line while we read. */
    @Test
    void a_cpu_without_files_is_where_others_put_it() throws IOException {
        for (int cpu = 1; cpu < 4; cpu++) {
            core(cpu, cpu < 2 ? "0-1" : "2-3");
            cache(cpu, 0, 2, "Unified", cpu < 2 ? "0-1" : "2-3");
        }
        Topology topology = Topology.read(root, range(0, 4));
        assertPods("[{0, 1}, {2, 3}]", topology, Affinity.SMT);
        assertPods("[{0, 1}, {2, 3}]", topology, Affinity.CACHE);
    }

    /** Some CPUs have a third level, others of the same package only a second one. */
    @Test
    void the_last_level_is_each_cpus_own() throws IOException {
        for (int cpu = 0; cpu < 8; cpu++) {
            cache(cpu, 0, 1, "Data", "" + cpu);
            cache(cpu, 1, 1, "Instruction", "0-7");
            cache(cpu, 2, 2, "Unified", cpu < 4 ? "" + cpu : "4-7");
            if (cpu < 4) {
                cache(cpu, 10, 3, "Unified", "0-3");
            }
        }
        assertPods("[{0, 1, 2, 3}, {4, 5, 6, 7}]", Topology.read(root, range(0, 8)), Affinity.CACHE);
    }

    /** Sub-NUMA clustering: the file says that the whole socket has the cache. */
    @Test
    void a_cache_of_two_nodes_counts_as_one_in_each() throws IOException {
        for (int cpu = 0; cpu < 8; cpu++) {
            cache(cpu, 0, 3, "Unified", "0-7");
        }
        node(0, "0-3");
        node(1, "4-7");
        assertPods("[{0, 1, 2, 3}, {4, 5, 6, 7}]", Topology.read(root, range(0, 8)), Affinity.CACHE);
    }

    /** As some virtual machines have it. */
    @Test
    void threads_of_a_core_share_its_cache_whatever_the_cache_says() throws IOException {
        for (int cpu = 0; cpu < 4; cpu++) {
            core(cpu, cpu < 2 ? "0-1" : "2-3");
            cache(cpu, 0, 3, "Unified", "" + cpu);
        }
        Topology topology = Topology.read(root, range(0, 4));
        assertPods("[{0, 1}, {2, 3}]", topology, Affinity.CACHE);
        assertPods("[{0, 1}, {2, 3}]", topology, Affinity.CACHE_SHARD);
    }

    @Test
    void nodes_have_the_systems_numbers() throws IOException {
        node(2, "0-1\n");
        node(5, "");
        node(10, "2-3,5-7");
        file("node/possible", "0-10");
        file("node/nodes/cpulist", "0-7");
        Topology topology = Topology.read(root, range(0, 8));
        assertEquals("{0, 2, 10}", topology.nodes().toString());
        assertEquals("{2, 3, 5, 6, 7}", topology.cpusOfNode(10).toString());
        assertEquals("{4}", topology.cpusOfNode(0).toString());
        assertEquals("{}", topology.cpusOfNode(5).toString());
        assertEquals(2, topology.node(1));
        assertPods("[{0, 1}, {2, 3, 5, 6, 7}, {4}]", topology, Affinity.NUMA);
    }

    @Test
    void nonsense_in_a_list_makes_all_of_it_ignored() throws IOException {
        List<String> nonsense =
                List.of("?", "0-", "-1", "-", ",", "0,", "0,,1", "1-0", "0 1", "0-1-2", "0x1", "0-1:1/2",
                        "1", "2-3", "99999999999", "0-99999999999", "0-1,\u00ff", "٠-١", "0000000000-1");
        for (String list : nonsense) {
            core(0, list);
            file("cpu/cpu0/topology/thread_siblings_list", list);
            cache(0, 0, 1, "Data", list);
            assertPods("[{0}, {1}]", Topology.read(root, range(0, 2)), Affinity.SMT);
        }
        for (String list : List.of("0-1", "1,0", "0-1,0", "0,1,1", "0-999999999", "0-1\n", "00-01", "0-1,64")) {
            core(0, list);
            assertPods("[{0, 1}]", Topology.read(root, range(0, 2)), Affinity.SMT);
        }
    }

    @Test
    void nonsense_in_a_caches_files_makes_it_ignored() throws IOException {
        cache(0, 0, 2, "Unified", "0");
        cache(1, 0, 2, "Unified", "1");
        cache(0, 1, 3, "Unified", "1");
        cache(0, 2, 3, "Glorified", "0-1");
        cache(0, 3, -3, "Unified", "0-1");
        cache(0, 4, 1_000_000_000, "Unified", "0-1");
        cache(0, 5, 0, "Unified", "0-1");
        file("cpu/cpu0/cache/index6/level", "3");
        file("cpu/cpu0/cache/index7", "3");
        file("cpu/cpu0/cache/other/level", "3");
        file("cpu/cpu0/cache/other/type", "Unified");
        file("cpu/cpu0/cache/other/shared_cpu_list", "0-1");
        assertPods("[{0}, {1}]", Topology.read(root, range(0, 2)), Affinity.CACHE);
    }

    @Test
    void a_directory_for_a_file_and_the_reverse_are_ignored() throws IOException {
        Files.createDirectories(root.resolve("cpu/cpu0/topology/core_cpus_list"));
        Files.createDirectories(root.resolve("cpu/cpu0/cache/index0/level"));
        Files.createDirectories(root.resolve("node/node1/cpulist"));
        file("cpu/cpu1", "");
        file("cpu/cpu2/cache", "");
        Topology topology = Topology.read(root, range(0, 4));
        assertPods("[{0}, {1}, {2}, {3}]", topology, Affinity.SMT);
        assertPods("[{0, 1, 2, 3}]", topology, Affinity.CACHE);
        assertEquals("{0}", topology.nodes().toString());
        assertPods("[{0}, {1}]", Topology.read(root.resolve("cpu/cpu1"), range(0, 2)), Affinity.SMT);
    }

    @Test
    void any_files_make_a_partition() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 50; round++) {
            for (int cpu = 0; cpu < 10; cpu++) {
                core(cpu, randomList(random));
                file("cpu/cpu" + cpu + "/topology/package_cpus_list", randomList(random));
                cache(cpu, 0, random.nextInt(4), random.nextBoolean() ? "Unified" : "Instruction", randomList(random));
                cache(cpu, 1, random.nextInt(4), random.nextBoolean() ? "Data" : "?", randomList(random));
                node(cpu, randomList(random));
            }
            BitSet cpus = randomSubset(random, range(0, 12));
            checkPods(Topology.read(root, cpus), cpus, random);
        }
    }

    @Test
    void any_numbers_make_a_partition() {
        SplittableRandom random = new SplittableRandom(2);
        for (int round = 0; round < 2_000; round++) {
            BitSet cpus = randomSubset(random, range(0, 1 + random.nextInt(200)));
            IntUnaryOperator core = randomNumbers(random, 200);
            IntUnaryOperator node = randomNumbers(random, 4);
            Topology topology = Topology.of(cpus, core, randomNumbers(random, 8), node);
            checkPods(topology, cpus, random);
            for (BitSet pod : topology.pods(Affinity.SMT, cpus, SHARD_SIZE)) {
                int first = pod.nextSetBit(0);
                assertTrue(pod.stream().allMatch(cpu -> core.applyAsInt(cpu) == core.applyAsInt(first)));
            }
            cpus.stream().forEach(cpu -> assertEquals(node.applyAsInt(cpu), topology.node(cpu)));
        }
    }

    @Test
    void the_machine_itself_can_be_read() {
        int processors = Runtime.getRuntime().availableProcessors();
        SplittableRandom random = new SplittableRandom(3);
        for (BitSet cpus : List.of(range(0, processors), range(0, processors + 64))) {
            checkPods(Topology.ofMachine(cpus), cpus, random);
        }
    }

    /** G33: in proportion to the node's CPUs, rounded up, within the bounds. */
    @Test
    void a_node_has_its_share_of_a_limit() {
        assertEquals(256, Topology.share(512, 8, 32, 64));
        assertEquals(512, Topology.share(512, 8, 64, 64));
        assertEquals(4, Topology.share(10, 1, 1, 3));
        assertEquals(8, Topology.share(16, 8, 1, 64));
        assertEquals(8, Topology.share(16, 8, 0, 64));
        assertEquals(8, Topology.share(16, 8, 0, 0));
        assertEquals(1, Topology.share(1, 1, 3, 4));
        assertEquals(4, Topology.share(4, 8, 1, 2));
        assertEquals(1 << 30, Topology.share(Integer.MAX_VALUE, 8, 64, 128));
        assertEquals(Integer.MAX_VALUE, Topology.share(Integer.MAX_VALUE, 8, 128, 128));
    }

    /** What holds of the pods of every topology. */
    private static void checkPods(Topology topology, BitSet cpus, SplittableRandom random) {
        BitSet mask = randomSubset(random, cpus);
        int shardSize = random.nextInt(12);
        List<BitSet> inner = topology.pods(Affinity.CPU, cpus, shardSize);
        assertEquals(cpus.cardinality(), inner.size());
        for (Affinity scope : List.of(Affinity.CPU, Affinity.SMT, Affinity.CACHE_SHARD, Affinity.CACHE, Affinity.NUMA,
                Affinity.SYSTEM)) {
            List<BitSet> pods = topology.pods(scope, cpus, shardSize);
            checkPartition(pods, cpus);
            assertTrue(inner.stream().allMatch(pod -> pods.stream().filter(pod::intersects).count() == 1));
            checkPartition(topology.pods(scope, mask, shardSize), mask);
            assertEquals(cut(pods, mask), topology.pods(scope, mask, shardSize));
            if (scope != Affinity.SYSTEM) {
                assertTrue(pods.stream().allMatch(pod -> pod.stream().map(topology::node).distinct().count() == 1));
            }
            inner = pods;
        }
        List<BitSet> cores = topology.pods(Affinity.SMT, cpus, shardSize);
        for (BitSet cache : topology.pods(Affinity.CACHE, cpus, shardSize)) {
            long[] sizes = topology.pods(Affinity.CACHE_SHARD, cache, shardSize).stream()
                    .mapToLong(shard -> cores.stream().filter(shard::intersects).count())
                    .sorted()
                    .toArray();
            long coresOfCache = cores.stream().filter(cache::intersects).count();
            assertEquals(Math.max(1, Math.round((double) coresOfCache / Math.max(1, shardSize))), sizes.length);
            assertTrue(sizes[sizes.length - 1] - sizes[0] <= 1);
        }
        assertEquals(cpus, all(topology));
        assertEquals(topology.nodes().cardinality(), topology.pods(Affinity.NUMA, cpus, shardSize).size());
    }

    private static void checkPartition(List<BitSet> pods, BitSet whole) {
        BitSet covered = new BitSet();
        int last = -1;
        for (BitSet pod : pods) {
            assertFalse(pod.isEmpty());
            assertFalse(pod.intersects(covered));
            assertTrue(pod.nextSetBit(0) > last);
            last = pod.nextSetBit(0);
            covered.or(pod);
        }
        assertEquals(whole, covered);
    }

    private static List<BitSet> cut(List<BitSet> pods, BitSet mask) {
        return pods.stream()
                .map(pod -> (BitSet) pod.clone())
                .peek(pod -> pod.and(mask))
                .filter(pod -> !pod.isEmpty())
                .sorted((a, b) -> a.nextSetBit(0) - b.nextSetBit(0))
                .toList();
    }

    private static void assertPods(String expected, Topology topology, Affinity scope) {
        assertEquals(expected, topology.pods(scope, all(topology), SHARD_SIZE).toString());
    }

    private static String shards(Topology topology, int size) {
        return topology.pods(Affinity.CACHE_SHARD, all(topology), size).toString();
    }

    private static BitSet all(Topology topology) {
        BitSet result = new BitSet();
        topology.nodes().stream().mapToObj(topology::cpusOfNode).forEach(result::or);
        return result;
    }

    /** The sizes of the shards of one cache of so many cores. */
    private static String shardSizes(int cores, int size) {
        Topology topology = Topology.of(range(0, cores), cpu -> cpu, _ -> 0, _ -> 0);
        return topology.pods(Affinity.CACHE_SHARD, range(0, cores), size).stream()
                .map(BitSet::cardinality)
                .toList()
                .toString();
    }

    /** That many CPUs in slices of a size. */
    private static String slices(int cpus, int size) {
        return IntStream.range(0, cpus / size)
                .mapToObj(slice -> range(slice * size, (slice + 1) * size))
                .toList()
                .toString();
    }

    private static BitSet range(int from, int to) {
        return cpus(IntStream.range(from, to).toArray());
    }

    private static BitSet cpus(int... cpus) {
        BitSet result = new BitSet();
        IntStream.of(cpus).forEach(result::set);
        return result;
    }

    private static BitSet randomSubset(SplittableRandom random, BitSet of) {
        int chance = random.nextInt(5);
        return cpus(of.stream().filter(_ -> random.nextInt(4) < chance).toArray());
    }

    private static IntUnaryOperator randomNumbers(SplittableRandom random, int bound) {
        int[] numbers = random.ints(200, 0, 1 + random.nextInt(bound)).toArray();
        return cpu -> numbers[cpu];
    }

    private static String randomList(SplittableRandom random) {
        return random.nextInt(8) == 0 ? "?" : random.nextInt(6) + "-" + random.nextInt(12);
    }

    /** Two sockets, each a node and a cache, of four cores with two hardware threads. */
    private void writeSockets() throws IOException {
        for (int cpu = 0; cpu < 16; cpu++) {
            core(cpu, cpu % 8 + "," + (cpu % 8 + 8));
            cache(cpu, 0, 1, "Data", cpu % 8 + "," + (cpu % 8 + 8));
            cache(cpu, 3, 3, "Unified", cpu % 8 < 4 ? "0-3,8-11" : "4-7,12-15");
        }
        node(0, "0-3,8-11");
        node(1, "4-7,12-15");
    }

    private void core(int cpu, String siblings) throws IOException {
        file("cpu/cpu" + cpu + "/topology/core_cpus_list", siblings);
    }

    private void cache(int cpu, int index, int level, String type, String sharers) throws IOException {
        String directory = "cpu/cpu" + cpu + "/cache/index" + index + "/";
        file(directory + "level", "" + level);
        file(directory + "type", type);
        file(directory + "shared_cpu_list", sharers);
    }

    private void node(int node, String cpus) throws IOException {
        file("node/node" + node + "/cpulist", cpus);
    }

    private void file(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
