// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Work;

/** What is handed over: the same object is a {@link Work} for kworker and a {@link Runnable} for all others. */
abstract class Item extends Work implements Runnable {
    @Override
    public abstract void run();
}
