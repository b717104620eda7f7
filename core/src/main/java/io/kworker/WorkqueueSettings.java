// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** What a workqueue was built with, checked (J16, J18). An ordered one is unbound too. */
record WorkqueueSettings(
        String name,
        boolean highpri,
        boolean unbound,
        boolean ordered,
        boolean cpuIntensive,
        boolean memReclaim,
        boolean freezable,
        boolean bh,
        boolean mxBean,
        Attributes attributes,
        int maxActive,
        int minActive,
        BiConsumer<? super Work, ? super Throwable> exceptionHandler) {

    static void checkMaxActive(int items) {
        if (items < 1 || items > Workqueue.MAX_ACTIVE_LIMIT) {
            throw new IllegalArgumentException(
                    "maxActive must be 1 to " + Workqueue.MAX_ACTIVE_LIMIT + ", not " + items);
        }
    }

    /** What the builder has been told so far; null where nothing. */
    static final class Draft {
        private final String name;
        boolean highpri;
        boolean unbound;
        boolean ordered;
        boolean cpuIntensive;
        boolean memReclaim;
        boolean freezable;
        boolean bh;
        boolean powerEfficient;
        boolean mxBean;
        boolean strict;
        @Nullable Affinity affinity;
        @Nullable Set<Integer> cpus;
        @Nullable Integer maxActive;
        @Nullable Integer minActive;
        BiConsumer<? super Work, ? super Throwable> exceptionHandler;

        Draft(String name, BiConsumer<? super Work, ? super Throwable> exceptionHandler) {
            this.name = name;
            this.exceptionHandler = exceptionHandler;
        }

        WorkqueueSettings settle(RuntimeSettings runtime) {
            check();
            boolean anywhere = unbound || ordered || powerEfficient && runtime.powerEfficient();
            Affinity scope = affinity == null ? runtime.defaultAffinity() : affinity;
            Attributes attributes = new Attributes(cpus == null ? Set.of() : cpus, scope, strict);
            return new WorkqueueSettings(name, highpri, anywhere, ordered, cpuIntensive && !anywhere, memReclaim,
                    freezable, bh, mxBean, attributes, limit(), least(), exceptionHandler);
        }

        private int limit() {
            if (bh) {
                return Integer.MAX_VALUE; // G38
            }
            return ordered ? 1 : maxActive == null ? Workqueue.DEFAULT_MAX_ACTIVE : maxActive;
        }

        private int least() {
            return minActive == null ? Math.min(Workqueue.DEFAULT_MIN_ACTIVE, limit()) : minActive;
        }

        private void check() {
            if (bh) {
                refuse("bh()", unbound, "unbound()");
                refuse("bh()", ordered, "ordered()");
                refuse("bh()", cpuIntensive, "cpuIntensive()");
                refuse("bh()", memReclaim, "memReclaim()");
                refuse("bh()", freezable, "freezable()");
                refuse("bh()", powerEfficient, "powerEfficient()");
                refuse("bh()", maxActive != null, "maxActive()");
            }
            if (unbound || ordered) {
                String flag = ordered ? "ordered()" : "unbound()";
                refuse(flag, cpuIntensive, "cpuIntensive()");
                refuse(flag, powerEfficient, "powerEfficient()");
            }
            if (ordered) {
                refuse("ordered()", maxActive != null && maxActive != 1, "maxActive(" + maxActive + ")");
                refuse("ordered()", minActive != null, "minActive()");
            }
            if (!unbound && !ordered) {
                need(minActive != null, "minActive()", "unbound()");
                need(affinity != null, "affinity()", "unbound() and ordered()");
                need(strict, "strict()", "unbound() and ordered()");
                need(cpus != null, "cpus()", "unbound() and ordered()");
            }
            if (minActive != null && minActive > limit()) {
                throw new IllegalArgumentException(
                        "workqueue '" + name + "': minActive " + minActive + " is more than maxActive " + limit());
            }
        }

        private void refuse(String flag, boolean isGiven, String other) {
            if (isGiven) {
                throw new IllegalArgumentException(
                        "workqueue '" + name + "': " + flag + " and " + other + " do not go together");
            }
        }

        private void need(boolean isGiven, String setting, String flags) {
            if (isGiven) {
                throw new IllegalArgumentException(
                        "workqueue '" + name + "': " + setting + " is for " + flags + " workqueues");
            }
        }
    }
}
