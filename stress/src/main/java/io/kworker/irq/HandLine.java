// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import io.kworker.Work;
import java.util.function.Consumer;

/** A line and its chip, and no workers: the test plays them. */
final class HandLine implements IrqChip {
    final IrqLine line;

    /** What the chip was told last. */
    boolean isMasked = true;

    /** It was told something twice. */
    boolean isWrong;

    /** @param queue where a woken item goes, as a workqueue does it */
    HandLine(Consumer<Work> queue) {
        line = new IrqLine("stress", false, this, queue, (where, thrown) -> {
            throw new AssertionError(thrown);
        });
    }

    @Override
    public void mask() {
        isWrong |= isMasked;
        isMasked = true;
    }

    @Override
    public void unmask() {
        isWrong |= !isMasked;
        isMasked = false;
    }
}
