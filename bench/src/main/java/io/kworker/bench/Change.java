// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import io.kworker.Affinity;
import io.kworker.Attributes;
import io.kworker.Workqueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** What an unpinned thread changes about a workqueue every millisecond while items flow through it. */
enum Change {
    /** There is no such thread. */
    NOT_LOOKED_FOR,
    /** It wakes up and does nothing. */
    NOTHING {
        @Override
        void change(Workqueue queue, boolean isOdd) {}
    },
    MAX_ACTIVE {
        @Override
        void change(Workqueue queue, boolean isOdd) {
            queue.setMaxActive(isOdd ? 1 : Workqueue.DEFAULT_MAX_ACTIVE);
        }
    },
    ATTRIBUTES {
        @Override
        void change(Workqueue queue, boolean isOdd) {
            queue.apply(Attributes.of(isOdd ? Affinity.CPU : Affinity.SYSTEM));
        }
    };

    private static final String PREFIX = "change-";
    private static final long PERIOD = TimeUnit.MILLISECONDS.toNanos(1);

    void change(Workqueue queue, boolean isOdd) {
        throw new IllegalStateException();
    }

    /** The name of the round. */
    String round() {
        return PREFIX + name();
    }

    static boolean isRound(String name) {
        return name.startsWith(PREFIX);
    }

    static Change ofRound(String name) {
        return valueOf(name.substring(PREFIX.length()));
    }

    /** Runs {@code body}, and the thread meanwhile. */
    void during(Peer peer, Runnable body) {
        if (this == NOT_LOOKED_FOR || !(peer instanceof KworkerPeer kworker)) {
            body.run();
            return;
        }
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().daemon().name("changer").unstarted(() -> {
            try {
                for (int i = 0; !Thread.interrupted(); i++) {
                    change(kworker.queue(), i % 2 == 1);
                    LockSupport.parkNanos(PERIOD);
                }
            } catch (Throwable t) {
                failure.set(t);
            }
        });
        thread.start();
        try {
            body.run();
        } finally {
            thread.interrupt();
            PeerThreads.join(thread);
        }
        if (failure.get() != null) {
            throw new BenchException("a change failed: " + failure.get(), failure.get());
        }
    }
}
