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
        if (found == Found.GENERAL) {
            found = arm(home(), tenure, tick);
        }
        tenure.endRunner(); // whoever made the timer may be the one who revokes it
        return found == Found.GENERAL ? modOn(0, moment(tick)) : found == Found.PENDING;
    }

    /** As {@link SoftTimer#mod} by a handler on the second CPU that has found it nobody's own. */
    boolean modThere(long tick) {
        Found found = arm(cpus.second.cpu.timers, other, tick);
        return found == Found.GENERAL ? modOn(1, moment(tick)) : found == Found.PENDING;
    }

    private Found arm(Timers at, Tenure owners, long tick) {
        if (owners.tryHold() == null) {
            return Found.GENERAL;
        }
        try {
            return arm(at, tick, WorkState.Arm.ANY, false);
        } finally {
            owners.release();
        }
    }

    /** As {@link SoftTimer#delete} by a handler on the first CPU. */
    boolean deleteHere() {
        tenure.beRunner(Thread.currentThread());
        Found found = cancelInPlace();
        if (found == Found.GENERAL && tenure.tryHold() != null) {
            found = cancel(home());
            tenure.release();
        }
        tenure.endRunner();
        return found == Found.GENERAL ? delete() : found == Found.PENDING;
    }

    /** Alarms and operations that are left when all operations have been applied and the leftovers cleared away. */
    int left() {
        apply();
        apply(); // what the second CPU has sent to the first one
        return left(cpus.first.cpu) + left(cpus.second.cpu);
    }

    private void apply() {
        cpus.first.cpu.timers.applyOperations();
        cpus.second.cpu.timers.applyOperations();
    }

    private static int left(Cpu cpu) {
        cpu.timers.clearLeftovers();
        return cpu.timers.wheel(false).size() + (cpu.timers.hasOperations() ? 1 : 0);
    }
}
