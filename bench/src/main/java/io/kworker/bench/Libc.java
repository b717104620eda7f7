// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The C functions that the benchmarks need and Java has not: affinity, thread numbers, CPU time, FIFOs, terminals. */
@SuppressWarnings("restricted")
final class Libc {
    /** Room for 8,192 CPUs. */
    private static final int MASK_BYTES = 1024;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final MethodHandle SET_AFFINITY =
            function("sched_setaffinity", FunctionDescriptor.of(INT, INT, LONG, ValueLayout.ADDRESS));
    private static final MethodHandle GET_TID = function("gettid", FunctionDescriptor.of(INT));
    private static final MethodHandle MAKE_FIFO =
            function("mkfifo", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT));
    private static final MethodHandle IS_TERMINAL = function("isatty", FunctionDescriptor.of(INT, INT));

    private static final MethodHandle CLOCK =
            function("clock_gettime", FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS));

    private static final int PROCESS_CPU = 2;

    private Libc() {
    }

    /** Restricts the calling thread (in a virtual thread: its carrier) to one CPU. */
    static void pinCurrentThread(int cpu) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            mask.set(ValueLayout.JAVA_BYTE, cpu >> 3, (byte) (1 << (cpu & 7)));
            if ((int) SET_AFFINITY.invokeExact(0, (long) MASK_BYTES, mask) != 0) {
                throw new BenchException("sched_setaffinity to CPU " + cpu + " was refused");
            }
        } catch (Throwable t) {
            throw rethrow(t);
        }
    }

    /** The kernel's number of the calling thread (in a virtual thread: of its carrier). */
    static int threadId() {
        try {
            return (int) GET_TID.invokeExact();
        } catch (Throwable t) {
            throw rethrow(t);
        }
    }

    /** CPU time of this process so far, in nanoseconds; the JDK's own counts in hundredths of a second. */
    static long cpuNanos() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(2 * Long.BYTES, Long.BYTES);
            if ((int) CLOCK.invokeExact(PROCESS_CPU, time) != 0) {
                throw new BenchException("clock_gettime was refused");
            }
            return time.get(LONG, 0) * 1_000_000_000L + time.get(LONG, Long.BYTES);
        } catch (Throwable t) {
            throw rethrow(t);
        }
    }

    static void makeFifo(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            if ((int) MAKE_FIFO.invokeExact(arena.allocateFrom(path.toString()), 0600) != 0) {
                throw new BenchException("mkfifo " + path + " failed");
            }
        } catch (Throwable t) {
            throw rethrow(t);
        }
    }

    static boolean isTerminal(int fileDescriptor) {
        try {
            return (int) IS_TERMINAL.invokeExact(fileDescriptor) == 1;
        } catch (Throwable t) {
            throw rethrow(t);
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        MemorySegment address = linker.defaultLookup().find(name)
                .orElseThrow(() -> new BenchException("no function " + name + " here: the benchmarks need Linux"));
        return linker.downcallHandle(address, type);
    }

    private static RuntimeException rethrow(Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        return t instanceof RuntimeException runtime ? runtime : new IllegalStateException(t);
    }
}
