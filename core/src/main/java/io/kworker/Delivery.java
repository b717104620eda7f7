// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** A message for the owner of a CPU, which the carrier runs on itself: short, no lock, no user code. */
interface Delivery extends Runnable {
    void deliver();

    @Override
    default void run() {
        deliver();
    }
}
