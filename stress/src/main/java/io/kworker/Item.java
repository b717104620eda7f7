// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** An item that counts its runs. */
class Item extends Work {
    int runs;

    @Override
    protected void run() {
        runs++;
    }
}
