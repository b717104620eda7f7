// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What goes on in a runtime, for people (the kernel's sysrq-t, {@code wq_dump}). Read from outside while everything
 * goes on: it takes no lock, tells nobody to stop, calls nothing of the user's, and whatever it finds, it ends and does
 * not throw.
 */
final class Dump {
    /** Entries of one queue, or waiting ones of one share, that are looked at. */
    private static final int MOST_ENTRIES = 16_384;

    private final WorkRuntime runtime;
    private final List<InFlight> inFlight;
    private final Map<Share, List<Entry>> pending = new HashMap<>();
    private final StringBuilder text = new StringBuilder();

    private Dump(WorkRuntime runtime) {
        this.runtime = runtime;
        inFlight = InFlight.all(runtime);
        for (Cpu cpu : runtime.cpuArray()) {
            for (Lane lane : cpu.lanes()) {
                sort(lane);
            }
        }
        for (Pod pod : runtime.pods().all()) {
            sort(pod);
        }
    }

    static String of(WorkRuntime runtime) {
        Dump dump = new Dump(runtime);
        dump.runtime();
        for (Cpu cpu : runtime.cpuArray()) {
            dump.cpu(cpu);
        }
        for (Pod pod : runtime.pods().all()) {
            dump.pool(pod);
        }
        for (Workqueue workqueue : runtime.workqueues()) {
            dump.workqueue(workqueue);
        }
        return dump.text.toString();
    }

    /** Tells the entries of a pool's queue apart by their shares. */
    private void sort(Pool pool) {
        for (Entry entry : Entries.queued(pool.queue, MOST_ENTRIES)) {
            Share share = entry.share;
            if (share != null) {
                pending.computeIfAbsent(share, s -> new ArrayList<>()).add(entry);
            }
        }
    }

    private void runtime() {
        text.append("runtime '").append(runtime.name()).append("'")
                .append(runtime.isFrozen() ? ", frozen" : "")
                .append(runtime.isClosing() ? ", closed or closing" : "")
                .append(": online CPUs ").append(runtime.online()).append('\n');
    }

    // ---- pools ----

    private void cpu(Cpu cpu) {
        Engine engine = runtime.engine(cpu);
        text.append("CPU ").append(cpu.number).append(":");
        if (engine instanceof Seat seat) {
            text.append(" workers=").append(seat.crew().size()).append(" idle=").append(seat.crew().idle())
                    .append(" take-overs=").append(seat.takeOvers())
                    .append(seat.isVacant() ? " no-carrier" : "")
                    .append(seat.isStarving() ? " no-worker" : "");
        }
        text.append(" in-flight=").append(inFlight.stream().filter(handler -> handler.run().cpu == cpu).count())
                .append(cpu.timers.size() > 0 ? " timers=" + cpu.timers.size() : "")
                .append(cpu.hasMessages() ? " ready" : "")
                .append(runtime.online().get(cpu.number) ? "" : " offline");
        queue(cpu.queue);
        for (Lane lane : cpu.lanes()) {
            if (lane != cpu.normal && !lane.queue.isEmpty()) {
                text.append("  ");
                pool(lane);
            }
        }
    }

    private void pool(Pool pool) {
        text.append(pool.name()).append(':');
        queue(pool.queue);
    }

    private void queue(EntryQueue queue) {
        long overflowing = queue.overflowing();
        text.append(" queued=").append(queue.size())
                .append(overflowing > 0 ? " overflowing=" + overflowing : "").append('\n');
    }

    // ---- workqueues ----

    private void workqueue(Workqueue workqueue) {
        StringBuilder shares = new StringBuilder();
        for (Share share : workqueue.allShares()) {
            share(shares, share);
        }
        if (shares.isEmpty()) {
            return; // A54
        }
        text.append("workqueue '").append(workqueue.name()).append("': ")
                .append(String.join(" ", flags(workqueue.settings())));
        if (!workqueue.isBound()) {
            Attributes attributes = workqueue.attributes();
            text.append(' ').append(attributes.affinity()).append(attributes.strict() ? " strict" : "")
                    .append(attributes.cpus().isEmpty() ? "" : " cpus=" + attributes.cpus());
        }
        if (!workqueue.isBh()) {
            text.append(" max_active=").append(workqueue.maxActive());
        }
        if (!workqueue.isBound() && !workqueue.isOrdered()) {
            text.append(" min_active=").append(workqueue.minActive());
        }
        text.append('\n');
        nodes(workqueue);
        text.append(shares);
    }

    /** The builder's names. */
    static List<String> flags(WorkqueueSettings settings) {
        List<String> flags = new ArrayList<>();
        flags.add(settings.ordered() ? "ordered" : settings.unbound() ? "unbound" : "bound");
        addIf(flags, settings.bh(), "bh");
        addIf(flags, settings.highpri(), "highpri");
        addIf(flags, settings.cpuIntensive(), "cpuIntensive");
        addIf(flags, settings.memReclaim(), "memReclaim");
        addIf(flags, settings.freezable(), "freezable");
        return flags;
    }

    private static void addIf(List<String> flags, boolean isSet, String flag) {
        if (isSet) {
            flags.add(flag);
        }
    }

    /** Where the items of an unbound one are counted. */
    private void nodes(Workqueue workqueue) {
        List<NodeLimit> told = new ArrayList<>();
        for (Share share : workqueue.allShares()) {
            if (share instanceof PodShare inPod && !told.contains(inPod.node)) {
                told.add(inPod.node);
                int number = inPod.poolNow().node;
                text.append("  ").append(number < 0 ? "several nodes" : "node " + number).append(": active=")
                        .append(inPod.node.active()).append('/').append(inPod.node.limit()).append('\n');
            }
        }
    }

    /** Nothing where it has nothing to do. */
    private void share(StringBuilder out, Share share) {
        List<InFlight> handlers = inFlight.stream().filter(handler -> handler.share() == share).toList();
        List<Entry> queued = share instanceof OrderedShare ordered ? Entries.queued(ordered.queue, MOST_ENTRIES)
                : pending.getOrDefault(share, List.of());
        List<Entry> parked = Entries.parked(share, MOST_ENTRIES);
        long overflowing = share instanceof OrderedShare ordered ? ordered.queue.overflowing() : 0;
        int active = share.activeNow();
        int waiting = share.waitingNow();
        if (handlers.isEmpty() && queued.isEmpty() && parked.isEmpty() && overflowing == 0 && active <= 0
                && waiting <= 0 && !share.hasMarkers()) {
            return;
        }
        out.append("  ").append(WorkqueueStats.label(share)).append(": active=").append(active)
                .append(" waiting=").append(waiting).append(share.hasMarkers() ? " flushing" : "").append('\n');
        for (InFlight handler : handlers) {
            out.append("    in-flight: ").append(handler.describe())
                    .append(handler.work().hasWaiters() ? " (waited for)" : "").append('\n');
        }
        list(out, "pending", queued);
        if (overflowing > 0) {
            out.append("    pending: ").append(overflowing).append(" overflowing\n");
        }
        list(out, "inactive", parked);
    }

    private static void list(StringBuilder out, String name, List<Entry> entries) {
        if (!entries.isEmpty()) {
            out.append("    ").append(name).append(": ").append(Entries.functions(entries))
                    .append(entries.size() == MOST_ENTRIES ? " ..." : "").append('\n');
        }
    }
}
