// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A place where work may wait for longer than it should (G80). Two of them are equal where they are about the same
 * place. For any thread; takes no lock, save where said.
 */
sealed interface Watched {
    /** Entries that are looked at for one that was not cancelled. */
    int MOST_LOOKED_AT = 64;

    /** Whether something waits there. */
    boolean isWaiting();

    /** A number that changes whenever something moves there while something waits. */
    long progress();

    /** For people: what kind of stall it is, and where. */
    String stall();

    /** For people: what is first in line. */
    String head();

    /** Whether the place waits for that handler. Asks threads for their state, which takes a lock of theirs. */
    boolean isInTheWay(InFlight handler);

    /** For people: what there is to say where no handler is in the way. */
    String otherwise();

    /** The places of a runtime where something waits. */
    static List<Watched> waiting(WorkRuntime runtime) {
        List<Watched> waiting = new ArrayList<>();
        for (Cpu cpu : runtime.cpuArray()) {
            int before = waiting.size();
            for (Lane lane : cpu.lanes()) {
                addIfWaiting(waiting, new OfPool(lane));
            }
            if (waiting.size() == before && runtime.engine(cpu) instanceof Seat seat) {
                addIfWaiting(waiting, new OfInbox(seat));
            }
        }
        for (Pod pod : runtime.pods().all()) {
            addIfWaiting(waiting, new OfPool(pod));
        }
        for (Workqueue workqueue : runtime.workqueues()) {
            for (Share share : workqueue.allShares()) {
                if (share.isCongested()) {
                    addIfWaiting(waiting, new OfShare(share));
                }
            }
        }
        return waiting;
    }

    private static void addIfWaiting(List<Watched> waiting, Watched place) {
        if (place.isWaiting()) {
            waiting.add(place);
        }
    }

    /** Whether a handler has the CPU at the moment, so that nothing else runs there. */
    private static boolean hasCpu(InFlight handler) {
        Run run = handler.run();
        if (run.isRescuer()) {
            return false;
        }
        if (run.cpu.runtime.engine(run.cpu) instanceof Seat seat) {
            Carrier owner = seat.owner();
            return Tenure.isForeign(owner.tenure.phase()) && owner.mounted() == run;
        }
        Thread thread = handler.share().isPlain ? handler.thread() : null; // the others are in nobody's way
        return thread != null && thread.getState() == Thread.State.RUNNABLE;
    }

    private static String whoHas(Cpu cpu) {
        if (cpu.runtime.engine(cpu) instanceof Seat seat) {
            Carrier owner = seat.owner();
            if (Tenure.isForeign(owner.tenure.phase()) && owner.mounted() == null) {
                return "a thread that a handler has started has the CPU";
            }
        }
        return "no handler has the CPU";
    }

    /** A lane of a CPU, or a pod. */
    record OfPool(Pool pool) implements Watched {
        @Override
        public boolean isWaiting() {
            return pool instanceof Pod pod ? pod.hasWork() : !pool.queue.isEmpty() || pool.hasListed();
        }

        /** What overflowed, or waits outside the queue, moves in the books of the shares only. */
        @Override
        public long progress() {
            long moved = pool instanceof Pod pod ? pod.progress() : pool.queue.consumed();
            if (pool.queue.overflowing() > 0 || pool.hasListed()) {
                for (Workqueue workqueue : pool.runtime.workqueues()) {
                    for (Share share : workqueue.allShares()) {
                        if (share.poolNow() == pool) {
                            moved += share.enteredNow() + share.startedNow() + share.completedNow();
                        }
                    }
                }
            }
            return moved;
        }

        @Override
        public String stall() {
            return "queue stall of " + pool.name() + ": work waits there, and nothing is taken up";
        }

        @Override
        public String head() {
            Iterator<Entry> entries = pool.queue.ringEntries();
            return (entries.hasNext() ? Entries.describe(entries.next()) : "not to be seen in the queue") + ", of "
                    + pool.queue.size() + " queued";
        }

        @Override
        public boolean isInTheWay(InFlight handler) {
            boolean serves =
                    pool instanceof Pod pod ? pod.isServedBy(handler.run().cpu) : pool.cpu() == handler.run().cpu;
            boolean isSerial = handler.share().workqueue.isBh() && handler.share().poolNow() == pool;
            return serves && (isSerial || hasCpu(handler));
        }

        @Override
        public String otherwise() {
            return whoHas(pool.cpu());
        }
    }

    /** What a CPU is told: which handlers were woken, for one. */
    record OfInbox(Seat seat) implements Watched {
        @Override
        public boolean isWaiting() {
            return seat.cpu().hasMessages();
        }

        @Override
        public long progress() {
            Carrier owner = seat.owner();
            return 31L * System.identityHashCode(owner) + owner.tenure.phase();
        }

        @Override
        public String stall() {
            return "queue stall of CPU " + seat.cpu().number
                    + ": handlers that were woken wait for it, and none goes on";
        }

        @Override
        public String head() {
            return "not to be seen";
        }

        @Override
        public boolean isInTheWay(InFlight handler) {
            return handler.run().cpu == seat.cpu() && hasCpu(handler);
        }

        @Override
        public String otherwise() {
            return whoHas(seat.cpu());
        }
    }

    /** The slots that the items of a share need, all of them taken. */
    record OfShare(Share share) implements Watched {
        @Override
        public boolean isWaiting() {
            int slots = share.slots();
            int active = share instanceof PodShare inPod ? inPod.node.active() : share.activeNow();
            return slots > 0 && active >= slots && share.isCongested() && hasLiveEntry();
        }

        private boolean hasLiveEntry() {
            List<Entry> first = first();
            return first.size() == MOST_LOOKED_AT || first.stream().anyMatch(Entries::isLive);
        }

        private List<Entry> first() {
            return share instanceof OrderedShare ordered ? Entries.queued(ordered.queue, MOST_LOOKED_AT)
                    : Entries.parked(share, MOST_LOOKED_AT);
        }

        @Override
        public long progress() {
            long ended = 0;
            for (Share other : share.workqueue.allShares()) {
                ended += share.sharesSlots(other) ? other.completedNow() : 0;
            }
            return ended;
        }

        @Override
        public String stall() {
            return "task stall of workqueue '" + share.workqueue.name() + "' (" + WorkqueueStats.label(share)
                    + "): items wait for a slot, and of those that have one (" + share.slots() + " in all) none ends";
        }

        @Override
        public String head() {
            return first().stream().filter(Entries::isLive).findFirst().map(Entries::describe).orElse("not to be seen");
        }

        @Override
        public boolean isInTheWay(InFlight handler) {
            return share.sharesSlots(handler.share());
        }

        @Override
        public String otherwise() {
            return "no handler is seen to have one";
        }
    }
}
