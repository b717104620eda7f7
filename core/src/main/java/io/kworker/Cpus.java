// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The CPUs of a runtime, and which of them a thread is on. */
final class Cpus {
    private final WorkRuntime runtime;
    private final Cpu[] array;

    /** I: from the system's number of a CPU to its index here; a CPU that is not ours is mapped to one that is. */
    private final int[] indexes;

    /** S: under the lock of {@link Online}: by index, the CPU itself, or one that is online in its place. */
    private volatile int[] standIns;

    /** S: the same: indexes of the CPUs that are online. */
    private volatile int[] online;

    Cpus(WorkRuntime runtime, BitSet process, BitSet chosen) {
        this.runtime = runtime;
        array = new Cpu[chosen.cardinality()];
        indexes = new int[Math.max(process.length(), chosen.length())];
        int index = 0;
        for (int number = 0; number < indexes.length; number++) {
            if (chosen.get(number)) {
                array[index] = new Cpu(runtime, index, number, runtime.settings.ringCapacity());
                indexes[number] = index;
                index++;
            } else {
                indexes[number] = number % array.length;
            }
        }
        standIns = IntStream.range(0, array.length).toArray();
        online = standIns;
    }

    /** These CPUs are online from now on. */
    void assign(BitSet numbers) {
        int[] result = new int[array.length];
        int[] there = IntStream.range(0, array.length).filter(i -> numbers.get(array[i].number)).toArray();
        for (int i = 0; i < result.length; i++) {
            result[i] = numbers.get(array[i].number) ? i : there[i % there.length];
        }
        for (Cpu cpu : array) {
            cpu.timers.setOnline(numbers.get(cpu.number));
        }
        standIns = result;
        online = there;
    }

    /** Indexes of the CPUs that are online, ascending; not to be written. */
    int[] online() {
        return online;
    }

    /** By index; not to be written. */
    Cpu[] array() {
        return array;
    }

    int[] numbers() {
        return Arrays.stream(array).mapToInt(cpu -> cpu.number).toArray();
    }

    /** The same for a caller that has asked for its carrier already. */
    int local(@Nullable Carrier carrier) {
        return carrier != null && carrier.cpu().runtime == runtime ? standIns[carrier.cpu().index] : local();
    }

    /** Index of the caller's CPU: its worker's, else the one it runs on at the moment; one that is online. */
    int local() {
        Run run = Run.current();
        if (run != null && run.cpu.runtime == runtime) {
            return standIns[run.cpu.index];
        }
        int number = Os.currentCpu();
        return standIns[number >= 0 && number < indexes.length
                ? indexes[number]
                : (int) (Thread.currentThread().threadId() % array.length)];
    }

    /** Index of a CPU of that node that is online: the caller's if possible; the caller's also if there is none. */
    int localOfNode(int node, Topology topology, BitSet online) {
        int local = local();
        if (topology.node(array[local].number) == node) {
            return local;
        }
        for (Cpu cpu : array) {
            if (online.get(cpu.number) && topology.node(cpu.number) == node) {
                return cpu.index;
            }
        }
        return local;
    }

    int indexOf(int number) {
        if (number >= 0 && number < indexes.length) {
            int index = indexes[number];
            if (array[index].number == number) {
                return index;
            }
        }
        throw new IllegalArgumentException(
                "CPU " + number + " is none of runtime '" + runtime.name() + "', which has "
                        + Arrays.toString(numbers()));
    }
}
