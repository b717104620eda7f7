// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors

/**
 * Work items, queues of them, and the runtime whose carriers execute them.
 */
@NullMarked
package io.kworker;

import org.jspecify.annotations.NullMarked;
