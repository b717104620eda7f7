// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.crac.CheckpointException;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;

/**
 * What a runtime is to a checkpoint of the process (CRaC): it is frozen before, and thawed after the restore. Loaded
 * only where the API is there; see {@link Checkpoint}.
 */
final class CheckpointResource implements Resource {
    /** How long a checkpoint waits for handlers that are active. */
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final WorkRuntime runtime;
    private final Duration timeout;

    /** Under the context's order: whether the freeze is ours, so that the restore does not thaw somebody else's. */
    private boolean hasFrozen;

    CheckpointResource(WorkRuntime runtime, Duration timeout) {
        this.runtime = runtime;
        this.timeout = timeout;
    }

    /** Makes the resource of a runtime and has it told; the context keeps it by a weak reference only. */
    static Object register(WorkRuntime runtime) {
        CheckpointResource resource = new CheckpointResource(runtime, TIMEOUT);
        Core.getGlobalContext().register(resource);
        return resource;
    }

    @Override
    public void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException {
        boolean wasFrozen = runtime.isFrozen();
        try {
            runtime.freeze(timeout);
            hasFrozen = !wasFrozen;
        } catch (TimeoutException e) {
            CheckpointException refusal =
                    new CheckpointException("runtime '" + runtime.name() + "' is " + e.getMessage());
            refusal.initCause(e);
            throw refusal;
        }
    }

    @Override
    public void afterRestore(Context<? extends Resource> context) {
        if (hasFrozen) {
            hasFrozen = false;
            runtime.thaw();
        }
    }
}
