// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Who stands where: the consumer on the first CPU that this process may use, the producers on others.
 *
 * @param mask the affinity mask of the process, as the kernel writes it ("0-3,8")
 * @param allowed the same, one by one
 * @param consumer the CPU of the consumer, or of kworker's carrier
 * @param producer the CPU of the (first) producer: on another core than the consumer where there is one
 */
record Cpus(String mask, List<Integer> allowed, int consumer, int producer) {
    static Cpus ofProcess() {
        String mask = ThreadMasks.current();
        List<Integer> allowed = parse(mask);
        if (allowed.size() < 2) {
            throw new BenchException("the benchmarks need two CPUs, this process may only use CPU " + mask);
        }
        int consumer = allowed.getFirst();
        List<Integer> siblings = siblings(consumer);
        int producer = allowed.stream().skip(1).filter(cpu -> !siblings.contains(cpu)).findFirst()
                .orElse(allowed.get(1));
        return new Cpus(mask, allowed, consumer, producer);
    }

    /** The CPUs of {@code count} producers: each its own while there are enough, else all on the first one's. */
    int[] producers(int count) {
        int[] others = allowed.stream().mapToInt(Integer::intValue)
                .filter(cpu -> cpu != consumer && cpu != producer).limit(count - 1L).toArray();
        if (others.length < count - 1) {
            int[] shared = new int[count];
            Arrays.fill(shared, producer);
            return shared;
        }
        return IntStream.concat(IntStream.of(producer), IntStream.of(others)).toArray();
    }

    private static List<Integer> siblings(int cpu) {
        Path file = Path.of("/sys/devices/system/cpu/cpu" + cpu + "/topology/thread_siblings_list");
        try {
            return parse(Files.readString(file).strip());
        } catch (IOException e) {
            return List.of(cpu);
        }
    }

    private static List<Integer> parse(String list) {
        List<Integer> cpus = new ArrayList<>();
        for (String range : list.split(",", -1)) {
            int dash = range.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
            int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
            for (int cpu = first; cpu <= last; cpu++) {
                cpus.add(cpu);
            }
        }
        return List.copyOf(cpus);
    }
}
