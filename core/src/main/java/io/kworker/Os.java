// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The few calls of the operating system that we need, by the foreign function API: which CPU a thread runs on, where it
 * may run, and a memory barrier on every CPU of the process. Where one is missing (no Linux, native access denied), it
 * answers so and {@link #problem} says why; nothing here throws.
 */
@SuppressWarnings("restricted")
final class Os {
    private static final int CPUS = 1024; // glibc's cpu_set_t
    private static final long SYS_MEMBARRIER = switch (System.getProperty("os.arch")) {
        case "amd64", "x86_64" -> 324;
        case "aarch64", "riscv64" -> 283;
        default -> -1; // a call that no system has
    };
    private static final long SYS_GETTID = switch (System.getProperty("os.arch")) {
        case "amd64", "x86_64" -> 186;
        case "aarch64", "riscv64" -> 178;
        default -> -1;
    };
    private static final int MEMBARRIER_PRIVATE_EXPEDITED = 1 << 3;
    private static final int MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 1 << 4;

    private static final @Nullable Calls CALLS;
    private static final @Nullable String PROBLEM;
    private static final boolean HAS_MEMBARRIER;

    static {
        Calls calls = null;
        String problem = null;
        try {
            if (!"Linux".equals(System.getProperty("os.name"))) {
                throw new UnsupportedOperationException("the operating system is not Linux");
            }
            calls = Calls.find();
        } catch (Throwable t) { // IllegalCallerException, UnsatisfiedLinkError, NoSuchElementException ...
            problem = t.getMessage() == null ? t.toString() : t.getMessage();
        }
        CALLS = calls;
        PROBLEM = problem;
        HAS_MEMBARRIER = membarrier(MEMBARRIER_REGISTER_PRIVATE_EXPEDITED);
    }

    private Os() {}

    /** A record, because the compiler trusts its fields as constants: the calls are then inlined. */
    private record Calls(MethodHandle getcpu, MethodHandle getaffinity, MethodHandle setaffinity,
            MethodHandle syscall) {
        static Calls find() {
            Linker linker = Linker.nativeLinker();
            FunctionDescriptor affinity = FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
            FunctionDescriptor syscall = FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT);
            return new Calls(
                    linker.downcallHandle(
                            symbol(linker, "sched_getcpu"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT),
                            Linker.Option.critical(false)),
                    linker.downcallHandle(symbol(linker, "sched_getaffinity"), affinity),
                    linker.downcallHandle(symbol(linker, "sched_setaffinity"), affinity),
                    linker.downcallHandle(symbol(linker, "syscall"), syscall, Linker.Option.firstVariadicArg(1)));
        }
    }

    private static MemorySegment symbol(Linker linker, String name) {
        return linker.defaultLookup().find(name)
                .orElseThrow(() -> new UnsupportedOperationException("no function " + name));
    }

    /** Why these calls are not to be had, or null where they are. */
    static @Nullable String problem() {
        return PROBLEM;
    }

    /** The CPU that the calling thread runs on at this moment, or -1. About 2.5 ns. */
    static int currentCpu() {
        if (CALLS == null) {
            return -1;
        }
        try {
            return (int) CALLS.getcpu.invokeExact();
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /**
     * The CPUs that the process may run on, whatever its threads have been confined to; empty where that cannot be
     * told.
     */
    static BitSet processAffinity() {
        return affinity((int) ProcessHandle.current().pid());
    }

    /** The CPUs that the calling thread may run on; empty where that cannot be told. */
    static BitSet threadAffinity() {
        return affinity(0);
    }

    /** The system's number of the calling thread, or -1. */
    static int threadId() {
        if (CALLS == null) {
            return -1;
        }
        try {
            return (int) (long) CALLS.syscall.invokeExact(SYS_GETTID, 0, 0, 0);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** The CPUs that a thread may run on, by the system's number of it; empty where that cannot be told. */
    static BitSet affinity(int thread) {
        if (CALLS == null || thread < 0) {
            return new BitSet();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(CPUS / 8, 8);
            int result = (int) CALLS.getaffinity.invokeExact(thread, mask.byteSize(), mask);
            return result == 0 ? BitSet.valueOf(mask.asByteBuffer()) : new BitSet();
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** Confines the calling thread to these CPUs; false where the system refuses. */
    static boolean setAffinity(BitSet cpus) {
        return setAffinity(0, cpus);
    }

    /** The same for a thread by the system's number of it. */
    static boolean setAffinity(int thread, BitSet cpus) {
        if (CALLS == null || thread < 0 || cpus.length() > CPUS) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(CPUS / 8, 8);
            mask.copyFrom(MemorySegment.ofArray(cpus.toByteArray()));
            return (int) CALLS.setaffinity.invokeExact(thread, mask.byteSize(), mask) == 0;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    static boolean hasMembarrier() {
        return HAS_MEMBARRIER;
    }

    /**
     * Makes every running thread of this process execute a full memory barrier before it returns. 8 to 10 microseconds.
     */
    static void membarrier() {
        if (!membarrier(MEMBARRIER_PRIVATE_EXPEDITED)) {
            throw new IllegalStateException("membarrier(2) failed though it was registered");
        }
    }

    private static boolean membarrier(int command) {
        if (CALLS == null) {
            return false;
        }
        try {
            return (long) CALLS.syscall.invokeExact(SYS_MEMBARRIER, command, 0, 0) == 0;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
