// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The state word of a line. A transition returns what the caller now owes, as {@link Todo}: whoever gets anything else
 * than {@link Todo#NOTHING} is in progress, and goes on until {@link #next} says nothing.
 */
final class IrqState {
    /*
     *   63       48 47      32 31      16 15      5    4        3        2         1         0
     *   +----------+----------+----------+---------+------+---------+--------+---------+----------+
     *   | ONESHOT  |  INSIDE  |   RUN    |  depth  | SHUT | STOPPED | MASKED | PENDING | PROGRESS |
     *   +----------+----------+----------+---------+------+---------+--------+---------+----------+
     *
     *   PROGRESS  some thread runs the primaries, or tells the chip: one at a time (I13)
     *   PENDING   an interrupt is remembered (I17)
     *   MASKED    the chip was told to mask
     *   STOPPED   too many interrupts that nobody wanted
     *   SHUT      there is no handler
     *   depth     levels of disabling
     *   RUN       by handler: woken, and has not started (I14)
     *   INSIDE    by handler: the threaded handler runs
     *   ONESHOT   by handler: the line is to stay masked for its sake (I16)
     *
     * Reasons to be masked: depth, SHUT, STOPPED, ONESHOT. Without PROGRESS it is masked exactly if there is a reason,
     * and nothing is remembered unless it is masked. Of a level line nothing is remembered while it is masked.
     *
     *   raise     free, not masked ----> PROGRESS, level: and MASKED; PASS          the raiser
     *             else ----------------> PENDING; a masked level line: no change    the raiser
     *   next      MASKED wrong --------> the other; MASK or UNMASK                  who is in progress
     *             PENDING, not masked -> no PENDING, level: MASKED; PASS            who is in progress
     *             else ----------------> no PROGRESS; NOTHING                       who is in progress
     *   remember  any -----------------> PENDING                                    who is in progress, level
     *   stop      any -----------------> STOPPED                                    who is in progress
     *   wake      any -----------------> RUN, by a primary with the flag: ONESHOT   in progress, or anybody by hand
     *   begin     RUN -----------------> INSIDE, no RUN                             the handler's worker
     *   end       INSIDE --------------> no INSIDE; unless RUN, no ONESHOT          the handler's worker
     *   drop      RUN -----------------> no RUN; unless INSIDE, no ONESHOT          who has woken and found no worker
     *   disable   depth ---------------> depth + 1                                  anybody
     *   enable    depth ---------------> depth - 1; at 0 already: no STOPPED                anybody
     *   shut      any -----------------> SHUT                                       under the line's lock
     *   open      any -----------------> no SHUT; a sharer: no STOPPED              under the line's lock
     *
     * All but the first three, where nobody is in progress and MASKED becomes wrong by it: also PROGRESS and the right
     * MASKED, in the same step; MASK or UNMASK, by the same thread.
     *
     * Why nothing is lost. Everything is one word, and every change of it one CAS, also a raise that finds PENDING set:
     *   - a remembered interrupt, against the end of the progress: who ends it does so by a CAS of a word without
     *     PENDING; a raise before that CAS makes it fail, one after it finds the line free;
     *   - the last reason to be masked goes, against a pass: who takes it away either finds nobody in progress, and is
     *     so itself; or else the CAS that would end the progress fails, and next() unmasks (R77);
     *   - a wake, against the end of the run before: RUN and ONESHOT are set in one step, and end() takes away ONESHOT
     *     in one step with having found no RUN (R78);
     *   - a raise of a level line that comes while it is unmasked: MASKED is cleared before the chip is told, so what
     *     the chip raises from then on is remembered.
     */

    /** What the caller of a transition owes. */
    enum Todo {
        /** Nothing: the caller is not in progress. */
        NOTHING,
        /** Run the primaries; of a level line mask the chip before. */
        PASS,
        /** Tell the chip. */
        MASK,
        /** Tell the chip. */
        UNMASK
    }

    /** Handlers that a line has room for. */
    static final int ROOM = 16;

    /** Levels of disabling. */
    static final int MAX_DEPTH = (1 << 11) - 1;

    private static final long PROGRESS = 1;
    private static final long PENDING = 1 << 1;
    private static final long MASKED = 1 << 2;
    private static final long STOPPED = 1 << 3;
    private static final long SHUT = 1 << 4;
    private static final int DEPTH_SHIFT = 5;
    private static final long DEPTH = 1 << DEPTH_SHIFT;
    private static final long ALL_DEPTH = (long) MAX_DEPTH << DEPTH_SHIFT;
    private static final long RUN = 1L << 16;
    private static final long ALL_RUN = (1L << 32) - RUN;
    private static final long INSIDE = 1L << 32;
    private static final long ONESHOT = 1L << 48;
    private static final long ALL_INSIDE = ONESHOT - INSIDE;
    private static final long ALL_ONESHOT = -ONESHOT;
    private static final long REASONS = ALL_ONESHOT | ALL_DEPTH | STOPPED | SHUT;

    private static final VarHandle WORD = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "word", VarHandle.class, IrqState.class, long.class);

    /** I. */
    private final boolean isLevel;

    /** M. */
    private volatile long word = SHUT | MASKED;

    IrqState(boolean isLevel) {
        this.isLevel = isLevel;
    }

    // ---- transitions ----

    Todo raise() {
        while (true) {
            long s = word;
            if ((s & (PROGRESS | MASKED)) == 0) {
                assert (s & (REASONS | PENDING)) == 0 : Long.toHexString(s);
                if (cas(s, s | PROGRESS | maskOfPass())) {
                    return Todo.PASS;
                }
            } else if (isLevel && (s & MASKED) != 0) {
                return Todo.NOTHING; // looked at again when it is unmasked
            } else if (cas(s, s | PENDING)) { // also where it is set: what the raiser did is seen by the pass
                return Todo.NOTHING;
            }
        }
    }

    /** In progress. What is to be done next; the caller is not in progress any more if that is nothing. */
    Todo next() {
        while (true) {
            long s = word;
            assert (s & PROGRESS) != 0;
            if (isMaskedWrongly(s)) {
                long n = turned(s);
                if (cas(s, n)) {
                    return told(n);
                }
            } else if ((s & (PENDING | MASKED)) == PENDING) {
                if (cas(s, s & ~PENDING | maskOfPass())) {
                    return Todo.PASS;
                }
            } else if (cas(s, s & ~PROGRESS)) {
                return Todo.NOTHING;
            }
        }
    }

    /** In progress. There is one more interrupt. */
    void remember() {
        WORD.getAndBitwiseOr(this, PENDING);
    }

    /** In progress. The line is raised in vain. */
    void stop() {
        WORD.getAndBitwiseOr(this, STOPPED);
    }

    /** Wakes a handler; false if it was woken already. */
    boolean wake(int index, boolean isOneshot) {
        long bits = RUN << index | (isOneshot ? ONESHOT << index : 0);
        return ((long) WORD.getAndBitwiseOr(this, bits) & RUN << index) == 0;
    }

    /** False if the handler has nothing to run for. */
    boolean begin(int index) {
        while (true) {
            long s = word;
            if ((s & RUN << index) == 0) {
                return false;
            }
            assert (s & INSIDE << index) == 0;
            if (cas(s, s & ~(RUN << index) | INSIDE << index)) {
                return true;
            }
        }
    }

    Todo end(int index) {
        while (true) {
            long s = word;
            assert (s & INSIDE << index) != 0;
            long n = s & ~(INSIDE << index);
            if ((n & RUN << index) == 0) {
                n &= ~(ONESHOT << index);
            }
            n = taken(n);
            if (cas(s, n)) {
                return todo(s, n);
            }
        }
    }

    /** The handler cannot be run: nothing may wait for it (I21). */
    Todo drop(int index) {
        while (true) {
            long s = word;
            long n = s & ~(RUN << index);
            if ((n & INSIDE << index) == 0) {
                n &= ~(ONESHOT << index);
            }
            n = taken(n);
            if (cas(s, n)) {
                return todo(s, n);
            }
        }
    }

    /** @throws IllegalStateException if there is no level left; nothing is changed then */
    Todo disable() {
        while (true) {
            long s = word;
            if (depth(s) == MAX_DEPTH) {
                throw new IllegalStateException("disabled " + MAX_DEPTH + " times already");
            }
            long n = taken(s + DEPTH);
            if (cas(s, n)) {
                return todo(s, n);
            }
        }
    }

    /** @throws IllegalStateException if it is neither disabled nor stopped; nothing is changed then */
    Todo enable() {
        while (true) {
            long s = word;
            if (depth(s) == 0 && (s & STOPPED) == 0) {
                throw new IllegalStateException("not disabled, so it cannot be enabled");
            }
            long n = taken(depth(s) == 0 ? s & ~STOPPED : s - DEPTH);
            if (cas(s, n)) {
                return todo(s, n);
            }
        }
    }

    Todo shut() {
        while (true) {
            long s = word;
            long n = taken(s | SHUT);
            if (cas(s, n)) {
                return todo(s, n);
            }
        }
    }

    Todo open() {
        while (true) {
            long s = word;
            long n = taken(s & ~(SHUT | STOPPED));
            if (cas(s, n)) {
                return todo(s, n);
            }
        }
    }

    // ---- looking ----

    boolean isInProgress() {
        return (word & PROGRESS) != 0;
    }

    boolean isMasked() {
        return (word & MASKED) != 0;
    }

    boolean isPending() {
        return (word & PENDING) != 0;
    }

    boolean isStopped() {
        return (word & STOPPED) != 0;
    }

    int depth() {
        return depth(word);
    }

    /** Whether a threaded handler was woken and is not done (I15). */
    boolean hasActive() {
        return (word & (ALL_RUN | ALL_INSIDE)) != 0;
    }

    boolean isActive(int index) {
        return (word & (RUN << index | INSIDE << index)) != 0;
    }

    // ---- parts ----

    private boolean cas(long expected, long next) {
        return WORD.weakCompareAndSet(this, expected, next);
    }

    private static int depth(long s) {
        return (int) (s >>> DEPTH_SHIFT) & MAX_DEPTH;
    }

    private long maskOfPass() {
        return isLevel ? MASKED : 0;
    }

    private static boolean isMaskedWrongly(long s) {
        return (s & REASONS) != 0 != ((s & MASKED) != 0);
    }

    private long turned(long s) {
        return (s & MASKED) != 0 ? s & ~MASKED : isLevel ? s & ~PENDING | MASKED : s | MASKED;
    }

    /** The caller is in progress if nobody is and the chip has to be told. */
    private long taken(long s) {
        return (s & PROGRESS) == 0 && isMaskedWrongly(s) ? turned(s) | PROGRESS : s;
    }

    private static Todo todo(long s, long n) {
        return ((s ^ n) & PROGRESS) == 0 ? Todo.NOTHING : told(n);
    }

    private static Todo told(long n) {
        return (n & MASKED) != 0 ? Todo.MASK : Todo.UNMASK;
    }

    @Override
    public String toString() {
        long s = word;
        return (isLevel ? "level" : "edge") + ((s & PROGRESS) != 0 ? ", in progress" : "")
                + ((s & PENDING) != 0 ? ", pending" : "") + ((s & MASKED) != 0 ? ", masked" : "")
                + ((s & STOPPED) != 0 ? ", stopped" : "") + (depth(s) != 0 ? ", disabled " + depth(s) : "");
    }
}
