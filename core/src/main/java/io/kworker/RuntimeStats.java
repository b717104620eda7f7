// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What the CPUs and pods of a runtime have at hand, as {@link WorkRuntime#stats} found it. Weakly consistent, as
 * {@link WorkqueueStats}.
 *
 * @param name the runtime's name
 * @param cpus one for each CPU, in the order of {@link WorkRuntime#cpus}
 * @param pods one for each pod that an unbound or ordered workqueue has wanted so far
 */
public record RuntimeStats(String name, List<PerCpu> cpus, List<PerPod> pods) {
    /**
     * Copies the lists.
     */
    public RuntimeStats {
        cpus = List.copyOf(cpus);
        pods = List.copyOf(pods);
    }

    static RuntimeStats of(WorkRuntime runtime) {
        BitSet online = runtime.online();
        List<PerCpu> cpus = new ArrayList<>();
        for (Cpu cpu : runtime.cpuArray()) {
            cpus.add(PerCpu.of(cpu, online.get(cpu.number)));
        }
        List<PerPod> pods = new ArrayList<>();
        for (Pod pod : runtime.pods().all()) {
            pods.add(new PerPod(pod.name(), pod.mask.stream().boxed().toList(), pod.queue.size(),
                    pod.queue.overflowing()));
        }
        return new RuntimeStats(runtime.name(), cpus, pods);
    }

    /**
     * One CPU.
     *
     * @param number the operating system's number
     * @param isOnline whether it is in use (J12)
     * @param workers threads that run handlers or stand by; in fallback those of the handlers that run
     * @param idleWorkers those of them that stand by; in fallback none
     * @param isReady whether a message waits for the CPU: a handler that was woken, or news for its books
     * @param queued entries in its queues, of all urgencies and with those that overflowed, not yet looked at
     * @param overflowing those of them that did not fit into the rings
     * @param timers timers that wait for their time: of delayed items, of {@link SoftTimer}s and of sleeping handlers
     * @param takeOvers how often the CPU was taken from a handler that kept it for too long (G28); in fallback never
     */
    public record PerCpu(
            int number,
            boolean isOnline,
            int workers,
            int idleWorkers,
            boolean isReady,
            long queued,
            long overflowing,
            int timers,
            long takeOvers) {
        private static PerCpu of(Cpu cpu, boolean isOnline) {
            long queued = 0;
            long overflowing = 0;
            for (Lane lane : cpu.lanes()) {
                queued += lane.queue.size();
                overflowing += lane.queue.overflowing();
            }
            Engine engine = cpu.runtime.engine(cpu);
            Seat seat = engine instanceof Seat s ? s : null;
            int workers = seat == null ? engine.runs().size() : seat.crew().size();
            return new PerCpu(cpu.number, isOnline, workers, seat == null ? 0 : seat.crew().idle(), cpu.hasMessages(),
                    queued, overflowing, cpu.timers.size(), seat == null ? 0 : seat.takeOvers());
        }
    }

    /**
     * One pod: the queue of unbound work that some CPUs serve together.
     *
     * @param label for people: its CPUs, and whether it is of high priority or strict
     * @param cpus the operating system's numbers of the CPUs it is for, online or not
     * @param queued entries in its queue, with those that overflowed, not yet looked at; what is queued to an ordered
     *     workqueue is counted there
     * @param overflowing those of them that did not fit into the ring
     */
    public record PerPod(String label, List<Integer> cpus, long queued, long overflowing) {
        /**
         * Copies the list.
         */
        public PerPod {
            cpus = List.copyOf(cpus);
        }
    }
}
