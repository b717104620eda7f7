// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the MBean server is given for a workqueue. */
record WorkqueueBean(Workqueue workqueue) implements WorkqueueMXBean {
    /** The place where it is to be published; null where it is not to be, or cannot. */
    static @Nullable Publication publication(Workqueue workqueue) {
        if (!workqueue.settings().mxBean()) {
            return null;
        }
        if (ModuleLayer.boot().findModule("java.management").isEmpty()) {
            System.getLogger("io.kworker").log(
                    Level.WARNING, workqueue + " has no MXBean: add --add-modules java.management");
            return null;
        }
        return new Publication(workqueue);
    }

    private WorkqueueStats.Counters counters() {
        return workqueue.stats().totals();
    }

    @Override
    public String getName() {
        return workqueue.name();
    }

    @Override
    public List<String> getFlags() {
        return Dump.flags(workqueue.settings());
    }

    @Override
    public int getMaxActive() {
        return workqueue.maxActive();
    }

    @Override
    public void setMaxActive(int items) {
        workqueue.setMaxActive(items);
    }

    @Override
    public int getMinActive() {
        return workqueue.minActive();
    }

    @Override
    public void setMinActive(int items) {
        workqueue.setMinActive(items);
    }

    @Override
    public List<Integer> getCpus() {
        List<Integer> wanted = workqueue.isBound() ? List.of() : List.copyOf(workqueue.attributes().cpus());
        return wanted.isEmpty() ? Arrays.stream(workqueue.runtime().cpus()).boxed().toList() : wanted;
    }

    @Override
    public @Nullable Affinity getAffinity() {
        return workqueue.isBound() ? null : workqueue.attributes().affinity();
    }

    @Override
    public boolean isStrict() {
        return !workqueue.isBound() && workqueue.attributes().strict();
    }

    @Override
    public long getStarted() {
        return counters().started();
    }

    @Override
    public long getCompleted() {
        return counters().completed();
    }

    @Override
    public long getActive() {
        return counters().active();
    }

    @Override
    public long getWaiting() {
        return counters().waiting();
    }

    @Override
    public long getCpuIntensive() {
        return counters().cpuIntensive();
    }

    @Override
    public long getCmWakeup() {
        return counters().cmWakeup();
    }

    @Override
    public long getMayday() {
        return counters().mayday();
    }

    @Override
    public long getRescued() {
        return counters().rescued();
    }

    @Override
    public long getRepatriated() {
        return counters().repatriated();
    }
}
