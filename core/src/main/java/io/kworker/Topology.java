// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Which CPUs share a core, a last-level cache, a NUMA node. CPUs go by the system's numbers. Immutable.
 *
 * <p>
 * Cores lie within caches and caches within nodes, whatever the system says: the CPUs of a core have the cache of the
 * lowest of them, and a core or cache that spans nodes counts as one in each. The kernel's scheduler, whose view its
 * workqueues go by, does likewise.
 */
final class Topology {
    /** I. */
    private final BitSet cpus;

    /** I: by CPU, the lowest CPU of its core. */
    private final int[] core;

    /** I: by CPU, the lowest CPU of its last-level cache. */
    private final int[] cache;

    /** I: by CPU, the system's number of its node. */
    private final int[] node;

    private Topology(BitSet cpus, int[] core, int[] cache, int[] node) {
        this.cpus = cpus;
        this.core = core;
        this.cache = cache;
        this.node = node;
    }

    /** Of these CPUs of this machine. What the system does not tell is assumed, as {@link #read} says. */
    static Topology ofMachine(BitSet cpus) {
        return read(Path.of("/sys/devices/system"), cpus);
    }

    /**
     * Of these CPUs, by the files that Linux has in {@code /sys/devices/system}. Never throws: what is missing,
     * unreadable or nonsense there is ignored. A CPU of which nothing is known then belongs where the files of others
     * put it; else it is a core of its own, in node 0, and shares a last-level cache with those of its package of which
     * as little is known or, without a package, with all of these.
     */
    static Topology read(Path sysDevicesSystem, BitSet cpus) {
        Sysfs sysfs = new Sysfs(sysDevicesSystem, cpus);
        int[] core = sysfs.cores();
        int[] cache = sysfs.caches();
        int[] node = sysfs.nodes();
        return of(cpus, cpu -> core[cpu], cpu -> cache[cpu], cpu -> node[cpu]);
    }

    /** Of these CPUs, by what tells the cores, caches and nodes apart. Only a node's number has a meaning. */
    static Topology of(BitSet cpus, IntUnaryOperator core, IntUnaryOperator cache, IntUnaryOperator node) {
        int[] nodes = new int[cpus.length()];
        cpus.stream().forEach(cpu -> nodes[cpu] = node.applyAsInt(cpu));
        int[] cores = lowest(cpus, cpu -> List.of(nodes[cpu], core.applyAsInt(cpu)));
        int[] caches = lowest(cpus, cpu -> List.of(nodes[cpu], cache.applyAsInt(cores[cpu])));
        return new Topology((BitSet) cpus.clone(), cores, caches, nodes);
    }

    /** By CPU, the lowest with an equal key. */
    private static int[] lowest(BitSet cpus, IntFunction<Object> key) {
        Map<Object, Integer> first = new HashMap<>();
        int[] result = new int[cpus.length()];
        cpus.stream().forEach(cpu -> result[cpu] = first.computeIfAbsent(key.apply(cpu), _ -> cpu));
        return result;
    }

    /**
     * Partitions the mask, a subset of these CPUs, into the pods of a scope: ascending by their lowest CPU, none empty.
     * They are the caller's to keep.
     *
     * <p>
     * The pods are those of all CPUs of the topology, cut by the mask, cache shards too. So it does not depend on the
     * mask which CPUs are near each other: workqueues with different masks agree on it, and a CPU that leaves a mask
     * moves no other one to another pod. The price is that a sparse mask has pods of fewer cores than the shard size.
     *
     * @param shardSize how many cores a cache shard should have; less than 1 counts as 1
     */
    List<BitSet> pods(Affinity scope, BitSet mask, int shardSize) {
        IntUnaryOperator pod = switch (scope) {
            case CPU -> cpu -> cpu;
            case SMT -> cpu -> core[cpu];
            case CACHE_SHARD -> {
                int[] shard = shards(Math.max(1, shardSize));
                yield cpu -> shard[core[cpu]];
            }
            case CACHE -> cpu -> cache[cpu];
            case NUMA -> cpu -> node[cpu];
            case SYSTEM -> _ -> 0;
        };
        Map<Integer, BitSet> pods = new LinkedHashMap<>();
        mask.stream().forEach(cpu -> {
            assert cpus.get(cpu) : cpu;
            pods.computeIfAbsent(pod.applyAsInt(cpu), _ -> new BitSet()).set(cpu);
        });
        return List.copyOf(pods.values());
    }

    /** By core, the first core of its cache shard (A81); the larger shards of a cache come first. */
    private int[] shards(int size) {
        Map<Integer, List<Integer>> cores = cpus.stream()
                .filter(cpu -> core[cpu] == cpu)
                .boxed()
                .collect(Collectors.groupingBy(cpu -> cache[cpu]));
        int[] result = new int[core.length];
        for (List<Integer> rest : cores.values()) {
            for (int count = Math.max(1, (rest.size() + size / 2) / size); count > 0; count--) {
                List<Integer> shard = rest.subList(0, Math.ceilDiv(rest.size(), count));
                shard.forEach(each -> result[each] = shard.getFirst());
                rest = rest.subList(shard.size(), rest.size());
            }
        }
        return result;
    }

    /** A copy. */
    BitSet cpus() {
        return (BitSet) cpus.clone();
    }

    /** Number of the node of one of these CPUs. */
    int node(int cpu) {
        assert cpus.get(cpu) : cpu;
        return node[cpu];
    }

    /** Numbers of the nodes that have one of these CPUs. */
    BitSet nodes() {
        BitSet result = new BitSet();
        cpus.stream().forEach(cpu -> result.set(node[cpu]));
        return result;
    }

    /** Those of these CPUs that are in the node; empty where there is no such node. */
    BitSet cpusOfNode(int node) {
        BitSet result = new BitSet();
        cpus.stream().filter(cpu -> this.node[cpu] == node).forEach(result::set);
        return result;
    }

    /**
     * A node's share of a limit on active items (G33): in proportion to its CPUs, rounded up. The shares of all nodes
     * may add up to more than the limit.
     *
     * @param max the limit, and the most that a node gets
     * @param min the least that a node gets, even one without CPUs, unless the limit is lower
     */
    static int share(int max, int min, int cpusOfNode, int allCpus) {
        long proportion = allCpus == 0 ? 0 : Math.ceilDiv((long) max * cpusOfNode, allCpus);
        return (int) Math.min(max, Math.max(min, proportion));
    }

    /** What the files in a directory like {@code /sys/devices/system} say of these CPUs; nothing here throws. */
    private record Sysfs(Path root, BitSet cpus) {
        private static final Pattern RANGE = Pattern.compile("(\\d{1,9})(?:-(\\d{1,9}))?");

        /** By CPU, a number that stands for its core. */
        int[] cores() {
            return groups(List.of(
                    cpu -> list(file(cpu, "topology/core_cpus_list")),
                    cpu -> list(file(cpu, "topology/thread_siblings_list"))));
        }

        /** By CPU, a number that stands for its last-level cache. */
        int[] caches() {
            return groups(List.of(
                    this::lastLevelCache,
                    cpu -> list(file(cpu, "topology/package_cpus_list")),
                    cpu -> list(file(cpu, "topology/core_siblings_list")),
                    _ -> (BitSet) cpus.clone()));
        }

        /** By CPU, the number of its node; the lowest, should there be several. */
        int[] nodes() {
            int[] result = new int[cpus.length()];
            names(root.resolve("node"))
                    .filter(name -> name.matches("node\\d{1,4}"))
                    .map(name -> Integer.valueOf(name.substring("node".length())))
                    .sorted(Comparator.reverseOrder())
                    .forEach(node -> list(root.resolve("node/node" + node + "/cpulist")).stream()
                            .forEach(cpu -> result[cpu] = node));
            return result;
        }

        /**
         * By CPU, the lowest one that names it as of its group, by the first source that puts it into one; itself where
         * none does. A source says which CPUs are in a CPU's group, and is not believed where they are not with it.
         */
        private int[] groups(List<IntFunction<BitSet>> sources) {
            int[] result = IntStream.range(0, cpus.length()).toArray();
            BitSet rest = (BitSet) cpus.clone();
            for (IntFunction<BitSet> source : sources) {
                for (int cpu = rest.nextSetBit(0); cpu >= 0; cpu = rest.nextSetBit(cpu + 1)) {
                    int first = cpu;
                    BitSet group = source.apply(cpu);
                    if (group.get(cpu)) {
                        group.and(rest);
                        rest.andNot(group);
                        group.stream().forEach(each -> result[each] = first);
                    }
                }
            }
            return result;
        }

        private BitSet lastLevelCache(int cpu) {
            Path directory = file(cpu, "cache");
            return names(directory)
                    .filter(name -> name.matches("index\\d+"))
                    .map(directory::resolve)
                    .filter(index -> text(index.resolve("type")).matches("Unified|Data"))
                    .filter(index -> text(index.resolve("level")).matches("[1-9]"))
                    .filter(index -> list(index.resolve("shared_cpu_list")).get(cpu))
                    .max(Comparator.comparing(index -> text(index.resolve("level"))))
                    .map(index -> list(index.resolve("shared_cpu_list")))
                    .orElseGet(BitSet::new);
        }

        private Path file(int cpu, String name) {
            return root.resolve("cpu/cpu" + cpu).resolve(name);
        }

        /** Those of these CPUs that a file like {@code 0-3,8} lists; none where there is no such file. */
        private BitSet list(Path file) {
            BitSet result = new BitSet();
            for (String range : text(file).split(",", -1)) {
                Matcher match = RANGE.matcher(range);
                if (!match.matches()) {
                    return new BitSet();
                }
                int first = Integer.parseInt(match.group(1));
                int last = match.group(2) == null ? first : Integer.parseInt(match.group(2));
                if (last < first) {
                    return new BitSet();
                }
                result.set(Math.min(first, cpus.length()), Math.min(last + 1, cpus.length()));
            }
            result.and(cpus);
            return result;
        }

        /** The names in a directory; none where there is no such one. */
        private static Stream<String> names(Path directory) {
            String[] names = directory.toFile().list();
            return names == null ? Stream.empty() : Arrays.stream(names);
        }

        /** What a file holds, without blanks at the ends; empty where there is no such file. */
        private static String text(Path file) {
            try {
                return Files.readString(file, StandardCharsets.ISO_8859_1).strip();
            } catch (IOException e) {
                return "";
            }
        }
    }
}
