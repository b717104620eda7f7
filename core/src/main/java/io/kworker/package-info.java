// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors

/**
 * Work items, queues of them, and the runtime whose carriers execute them: the Linux kernel's concurrency-managed
 * workqueue for the JVM. Start at {@link io.kworker.Workqueue} and {@link io.kworker.Work}.
 */
/*
 * Every shared field has a letter that says who may touch it:
 *
 *   I     set in the constructor, then read-only
 *   C     the owner of the CPU only: its carrier, or the worker mounted on that carrier
 *   W     the owning worker only
 *   S     one writer, any reader (release, opaque or volatile)
 *   M     many writers, read-modify-write or volatile
 *   R(x)  plain, published by a release of x and read after its acquire
 *   L     under a lock; cold
 *
 * In the order of an item's path: Work, WorkState, Entry, Workqueue, EntryQueue, Doorbell, Carrier, Worker, Cpu, Share,
 * Waiter.
 */
@NullMarked
package io.kworker;

import org.jspecify.annotations.NullMarked;
