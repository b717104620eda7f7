// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Tasklet;
import io.kworker.WorkRuntime;
import org.jspecify.annotations.Nullable;

/** Answers its producer: one step of the reply counter. */
final class HandoffItem extends Item {
    private final PaddedCounter reply;
    private @Nullable Tasklet tasklet;

    HandoffItem(PaddedCounter reply) {
        this.reply = reply;
    }

    @Override
    public void run() {
        reply.increment();
    }

    /** What {@link TaskletPeer} schedules for it. As the item is the work itself, so the tasklet itself answers. */
    Tasklet tasklet(WorkRuntime runtime) {
        Tasklet known = tasklet;
        if (known == null) {
            tasklet = known = new HandoffTasklet(runtime, reply);
        }
        return known;
    }

    /** A few items, so that one is never queued again in the instant in which it finishes. */
    static Item[] pool(int size, PaddedCounter reply) {
        Item[] items = new Item[size];
        for (int i = 0; i < size; i++) {
            items[i] = new HandoffItem(reply);
        }
        return items;
    }

    private static final class HandoffTasklet extends Tasklet {
        private final PaddedCounter reply;

        HandoffTasklet(WorkRuntime runtime, PaddedCounter reply) {
            super(runtime);
            this.reply = reply;
        }

        @Override
        protected void run() {
            reply.increment();
        }
    }
}
