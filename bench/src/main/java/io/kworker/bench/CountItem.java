// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A tiny handler: counts its runs. An item is in flight once at most, so there is one writer at a time. */
final class CountItem extends Item {
    private static final VarHandle RUNS = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "runs", VarHandle.class, CountItem.class, int.class);

    private int runs;

    @Override
    public void run() {
        RUNS.setRelease(this, runs + 1);
    }

    int runs() {
        return (int) RUNS.getAcquire(this);
    }

    static CountItem[] pool(int size) {
        CountItem[] items = new CountItem[size];
        for (int i = 0; i < size; i++) {
            items[i] = new CountItem();
        }
        return items;
    }
}
