// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** A timer that is biased to one of two CPUs that nobody serves, and counts its callbacks. */
final class BiasedTimer extends SoftTimer {
    private final TwoCpus cpus;
    private final Tenure tenure;
    private final Tenure other;
    int runs;

    BiasedTimer(TwoCpus cpus) {
        super(cpus.runtime);
        this.cpus = cpus;
        tenure = inHandler(home());
        other = inHandler(cpus.second.cpu.timers);
    }

    private static Tenure inHandler(Timers timers) {
        Tenure owners = new Tenure(null);
        timers.ownedBy(owners);
        owners.leave();
        return owners;
    }

    @Override
    protected void expired() {
        runs++;
    }

    private Timers home() {
        return cpus.first.cpu.timers;
    }

    /** A deadline that is the beginning of a tick. */
    long moment(long tick) {
        return System.nanoTime() + cpus.runtime.ticks().until(tick, System.nanoTime());
    }

    /** As {@link SoftTimer#mod} by a handler on the first CPU; true where it was pending. */
    boolean modHere(long tick) {
        tenure.beRunner(Thread.currentThread());
        Found found = armInPlace(tick);
        if (found == Found.GENERAL && tenure.hold()) {
            found = arm(home(), tick, WorkState.Arm.ANY, false);
            tenure.release();
        }
        tenure.endRunner(); // whoever made the timer may be the one who revokes it
        return found == Found.GENERAL ? modOn(0, moment(tick)) : found == Found.PENDING;
    }

    /** As {@link SoftTimer#mod} by a handler on the second CPU that has found it nobody's own. */
    boolean modThere(long tick) {
        Found found = Found.GENERAL;
        if (other.hold()) {
            found = arm(cpus.second.cpu.timers, tick, WorkState.Arm.ANY, false);
        }
        other.release();
        return found == Found.GENERAL ? modOn(1, moment(tick)) : found == Found.PENDING;
    }

    /** As {@link SoftTimer#delete} there. */
    boolean deleteHere() {
        tenure.beRunner(Thread.currentThread());
        Found found = cancelInPlace();
        if (found == Found.GENERAL && tenure.hold()) {
            found = cancel(home());
            tenure.release();
        }
        tenure.endRunner();
        return found == Found.GENERAL ? delete() : found == Found.PENDING;
    }

    /** Alarms and operations that are left when all operations have been applied and the leftovers cleared away. */
    int left() {
        int atFirst = left(cpus.first.cpu);
        int atSecond = left(cpus.second.cpu);
        return cpus.first.cpu.timers.hasOperations() ? left(cpus.first.cpu) + left(cpus.second.cpu)
                : atFirst + atSecond;
    }

    private static int left(Cpu cpu) {
        cpu.timers.applyOperations();
        cpu.timers.clearLeftovers();
        return cpu.timers.wheel(false).size() + (cpu.timers.hasOperations() ? 1 : 0);
    }
}
