// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** Stub to be filled. */
public interface WorkqueueMXBean {
    /**
     * Name.
     *
     * @return the name
     */
    String getName();
}
