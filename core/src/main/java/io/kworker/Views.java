// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

/** The executors made of a workqueue, so that they end with it. Those that nobody uses any more are forgotten. */
final class Views {
    /** L. */
    private final Set<View> views = Collections.newSetFromMap(new WeakHashMap<>());

    /** L. */
    private boolean isEnded;

    <V extends View> V add(V view) {
        boolean isLate;
        synchronized (this) {
            isLate = isEnded;
            views.add(view);
        }
        if (isLate) {
            view.endWithQueue();
        }
        return view;
    }

    /** Whoever closes the workqueue. */
    void end() {
        List<View> all;
        synchronized (this) {
            isEnded = true;
            all = new ArrayList<>(views);
        }
        all.forEach(View::endWithQueue);
    }
}
