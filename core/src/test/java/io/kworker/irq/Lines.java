// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.kworker.WorkRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Makes the lines of a test, and checks after it that nothing is left in their words, and that nothing was reported
 * which the test has not looked at. To be registered after the runtimes, so that it comes before they are closed.
 */
final class Lines implements AfterEachCallback {
    private final List<IrqLine> lines = new ArrayList<>();
    private final Queue<Throwable> reported = new ConcurrentLinkedQueue<>();

    /** A chip that counts, and notices a turn too many. */
    static final class Chip implements IrqChip {
        /** The last of them that is told to mask. */
        volatile boolean isMasked = true;
        volatile int unmasked;
        volatile boolean isAsserted;
        volatile boolean isWrong;

        @Override
        public void mask() {
            isWrong |= isMasked;
            isMasked = true;
        }

        @Override
        public void unmask() {
            isWrong |= !isMasked;
            isMasked = false;
            unmasked++;
        }

        @Override
        public boolean isAsserted() {
            return isAsserted;
        }
    }

    IrqLine edge(WorkRuntime runtime) {
        return make(IrqLine.edge(runtime, "edge"));
    }

    IrqLine edge(WorkRuntime runtime, Chip chip) {
        return make(IrqLine.edge(runtime, "edge").chip(chip));
    }

    IrqLine level(WorkRuntime runtime, Chip chip) {
        return make(IrqLine.level(runtime, "level", chip));
    }

    IrqLine make(IrqLine.Builder builder) {
        IrqLine line = builder.exceptionHandler((where, thrown) -> reported.add(thrown)).build();
        lines.add(line);
        return line;
    }

    /** The only thing that was reported since the last look. */
    Throwable reported() {
        assertEquals(1, reported.size(), reported::toString);
        return reported.remove();
    }

    void forget() {
        reported.clear();
    }

    int reports() {
        return reported.size();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        assertEquals(List.of(), List.copyOf(reported), "reported");
        for (IrqLine line : lines) {
            line.synchronize();
            assertFalse(line.state.isInProgress(), line::toString);
            assertFalse(line.state.hasActive(), line::toString);
            IrqStats stats = line.stats();
            assertEquals(stats.passes(), stats.handled() + stats.unhandled());
            stats.actions().forEach(action -> assertEquals(action.woken(), action.runs(), action::toString));
        }
    }
}
