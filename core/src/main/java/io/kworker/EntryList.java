// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import org.jspecify.annotations.Nullable;

/** A FIFO of entries linked through {@link Entry#next}; confined to the owner of a pool. */
final class EntryList {
    /** C. */
    private @Nullable Entry head;

    /** C: meaningful only while head is not null. */
    private @Nullable Entry tail;

    boolean isEmpty() {
        return head == null;
    }

    void addLast(Entry entry) {
        assert entry.next == null;
        Entry last = tail;
        if (head == null || last == null) {
            head = entry;
        } else {
            last.next = entry;
        }
        tail = entry;
    }

    void addFirst(Entry entry) {
        assert entry.next == null;
        if (head == null) {
            tail = entry;
        }
        entry.next = head;
        head = entry;
    }

    /** Before the first one of the same turn or of a later one. */
    void addByTurn(Entry entry) {
        Entry before = null;
        for (Entry next = head; next != null && next.turn - entry.turn < 0; next = next.next) {
            before = next;
        }
        if (before == null) {
            addFirst(entry);
            return;
        }
        assert entry.next == null;
        entry.next = before.next;
        before.next = entry;
        if (entry.next == null) {
            tail = entry;
        }
    }

    @Nullable
    Entry peekFirst() {
        return head;
    }

    @Nullable
    Entry pollFirst() {
        Entry entry = head;
        if (entry != null) {
            head = entry.next;
            entry.next = null;
            if (head == null) {
                tail = null;
            }
        }
        return entry;
    }
}
