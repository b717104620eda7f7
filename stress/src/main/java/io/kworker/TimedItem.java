// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** A delayed item that counts its runs; armed and looked at as the owner of a CPU that nobody serves would. */
final class TimedItem extends DelayedWork {
    /** A tick that has come. */
    static final long PAST = 1;

    /** One that has not, and will not. */
    static final long FAR = 1L << 40;

    int runs;

    @Override
    protected void run() {
        runs++;
    }

    /** Arms it as somebody who does not own the CPU; the state found. */
    long arm(Workqueue queue, Cpu cpu, long tick, Arm which) {
        return countdown.arm(queue, cpu, tick, which, null);
    }

    /** The owner looks at the clock: what is due expires. */
    static void look(Cpu cpu) {
        cpu.timers.look(System.nanoTime());
    }

    /** Alarms and operations that are left when all operations have been applied. */
    static int left(Cpu cpu) {
        cpu.timers.applyOperations();
        return cpu.timers.size() + (cpu.timers.hasOperations() ? 1 : 0);
    }
}
