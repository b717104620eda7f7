// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/** Whether the process may be checkpointed (CRaC): keeps the classes of that API out of the way where it is absent. */
final class Checkpoint {
    private static final boolean IS_POSSIBLE = isThere("org.crac.Core");

    private Checkpoint() {}

    static boolean isThere(String name) {
        try {
            Class.forName(name, false, Checkpoint.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }

    /** Has a runtime frozen before checkpoints. What is returned has to be kept for as long as it lives. */
    static @Nullable Object register(WorkRuntime runtime) {
        try {
            return IS_POSSIBLE ? CheckpointResource.register(runtime) : null;
        } catch (LinkageError e) {
            return null; // it is where our module cannot see it
        }
    }
}
