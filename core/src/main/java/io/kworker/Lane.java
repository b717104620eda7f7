// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * One of the pools of a CPU, by urgency: BH, high priority, normal (the kernel has two threaded pools and two BH pools
 * for each CPU). Owned with the CPU.
 */
class Lane extends Pool {
    /** I. */
    final Cpu cpu;

    private final String name;

    Lane(Cpu cpu, String name, int ringCapacity) {
        super(cpu.runtime, ringCapacity);
        this.cpu = cpu;
        this.name = name;
    }

    @Override
    final void submit(Entry entry) {
        queue.offer(entry);
        stir();
    }

    /** Any thread. As {@link #submit}; false, and nothing done, where the ring is full. */
    final boolean trySubmit(Entry entry) {
        boolean isTaken = queue.tryOffer(entry);
        if (isTaken) {
            stir();
        }
        return isTaken;
    }

    /** Any thread, after it has put an entry into the queue. */
    void stir() {
        cpu.doorbell.ring();
    }

    @Override
    final Cpu cpu() {
        return cpu;
    }

    @Override
    final String name() {
        return "CPU " + cpu.number + name;
    }

    @Override
    final boolean isDisturbed() {
        return cpu.hasMessages();
    }

    /** Whether it goes before the normal lane. */
    boolean isUrgent() {
        return false;
    }

    /** Owner. An item of this lane is over, if the lane is an urgent one. */
    void ended() {}

    /** A lane that goes before the normal one. The CPU's {@code urgent} flag says that there may be something in it. */
    static final class Urgent extends Lane {
        /** I: items in a row, then the lanes behind it have a turn, so that nothing starves. */
        private final int budget;

        /** I: whether its items run one at a time, whatever they do (G74). */
        private final boolean isSerial;

        /** I. */
        private final LaneTurns turns = new LaneTurns();

        Urgent(Cpu cpu, String name, int ringCapacity, int budget, boolean isSerial) {
            super(cpu, name, ringCapacity);
            this.budget = budget;
            this.isSerial = isSerial;
        }

        @Override
        void stir() {
            cpu.raise();
            super.stir();
        }

        @Override
        boolean isUrgent() {
            return true;
        }

        @Override
        boolean hasWork() {
            return !turns.isOccupied && super.hasWork();
        }

        /** Owner. A cheap look: whether {@link #fetch} would be worth a call. What is on its way does not count. */
        boolean stirs() {
            return !turns.isOccupied && (queue.hasNext() || hasListed());
        }

        @Override
        boolean fetch(Run run) {
            if (turns.isOccupied || !super.fetch(run)) {
                return false;
            }
            turns.isOccupied = isSerial;
            return true;
        }

        /** Owner. Whether it is to stand back once. */
        boolean isSpent() {
            if (turns.streak < budget) {
                turns.streak++;
                return false;
            }
            turns.streak = 0;
            return true;
        }

        /** Owner. It had nothing when it was its turn. */
        void endStreak() {
            turns.streak = 0;
        }

        @Override
        void ended() {
            if (isSerial) {
                turns.isOccupied = false;
                cpu.raise(); // whoever looked meanwhile took it for empty
            }
        }

        @Override
        void handOff(Entry entry) {
            super.handOff(entry);
            cpu.raise();
        }

        @Override
        void listIfRunnable(Share share) {
            super.listIfRunnable(share);
            if (hasListed()) {
                cpu.raise();
            }
        }
    }
}
