// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/**
 * Two cache lines between the fields of a subclass and whatever lies before the object in memory. The JVM lays out the
 * fields of a superclass first, but puts small ones of a subclass into the gaps that are left there: beside the header
 * of the object, or before a {@code long}. So a padding has an {@code int} too, which fills that.
 */
abstract class Lead {
    int l;
    long l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, l12, l13, l14;
}
