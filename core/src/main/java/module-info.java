// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors

import org.jspecify.annotations.NullMarked;

/**
 * The Linux kernel's workqueue for the JVM.
 */
@NullMarked
@SuppressWarnings("requires-transitive-automatic") // Agrona has only an automatic module name
module io.kworker {
    requires static java.management; // for the MXBean of a workqueue
    requires static jdk.jfr; // for an event
    requires org.jctools.core.jdk11;
    requires static transitive org.jspecify;
    requires static org.crac;
    requires transitive org.agrona;

    exports io.kworker;
    exports io.kworker.irq;
}
