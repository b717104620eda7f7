// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.concurrent.CountDownLatch;

/** One of the places where a workqueue counts its active items: each CPU, each node, or the one of an ordered queue. */
interface Limiter {
    /** Any thread. Nothing starts from now on; the latch is told once nothing is active (G72). */
    void hold(CountDownLatch latch);

    /** Any thread. The limit has changed, or a hold has ended: what waits and may start now does (G36). */
    void limitChanged();
}
