// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Arrays;
import java.util.BitSet;

/** The CPUs of a runtime, and which of them a thread is on. */
final class Cpus {
    private final WorkRuntime runtime;
    private final Cpu[] array;

    /** I: from the system's number of a CPU to its index here; a CPU that is not ours is mapped to one that is. */
    private final int[] indexes;

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
    }

    /** By index; not to be written. */
    Cpu[] array() {
        return array;
    }

    int[] numbers() {
        return Arrays.stream(array).mapToInt(cpu -> cpu.number).toArray();
    }

    /** Index of the caller's CPU: its worker's, else the one it runs on at the moment. */
    int local() {
        Run run = Run.current();
        if (run != null && run.cpu.runtime == runtime) {
            return run.cpu.index;
        }
        int number = Os.currentCpu();
        return number >= 0 && number < indexes.length
                ? indexes[number]
                : (int) (Thread.currentThread().threadId() % array.length);
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
