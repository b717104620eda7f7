// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** Tells the owner of a CPU that nothing will be queued any more. */
record Stop(Cpu cpu) implements Delivery {
    @Override
    public void deliver() {
        cpu.stop();
    }
}
