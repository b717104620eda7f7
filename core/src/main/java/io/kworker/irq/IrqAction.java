// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.irq;

import io.kworker.Work;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A handler on a line: what {@link IrqLine#request} returns, and what the others want to know which one is meant (the
 * kernel's {@code struct irqaction}, and its cookie).
 */
public final class IrqAction {
    /** Of {@link #wakers}: no more of them. */
    private static final int RETIRED = Integer.MIN_VALUE;

    /** I. */
    final IrqLine line;

    /** I: among the handlers of the line, until it is freed. */
    final int index;

    private final String name;
    private final IrqLine.@Nullable Primary primary;
    private final IrqLine.@Nullable ThreadHandler handler;
    private final Set<IrqFlag> flags;

    /** I: what runs the threaded handler. */
    final ThreadItem thread = new ThreadItem();

    /**
     * M: those who are waking by hand, and {@link #RETIRED}. So nobody sets a bit of a handler that has been freed,
     * which may be another's by then (R80).
     */
    private final AtomicInteger wakers = new AtomicInteger();

    /** M. */
    private final LongAdder woken = new LongAdder();

    /** S: written by the worker that runs the threaded handler. */
    private final AtomicLong runs = new AtomicLong();

    /** P: it was told that there is no threaded handler to be woken. */
    private boolean isToldOff;

    IrqAction(
            IrqLine line,
            int index,
            String name,
            IrqLine.@Nullable Primary primary,
            IrqLine.@Nullable ThreadHandler handler,
            Set<IrqFlag> flags) {
        this.line = line;
        this.index = index;
        this.name = name;
        this.primary = primary;
        this.handler = handler;
        this.flags = flags;
    }

    /** The item that runs the threaded handler. Its pending bit follows the line's RUN bit, and may outlive it. */
    final class ThreadItem extends Work {
        @Override
        protected void run() {
            if (line.state.begin(index)) {
                perform();
                line.proceed(line.state.end(index));
            }
        }

        IrqLine line() {
            return line;
        }

        @Override
        public String toString() {
            return IrqAction.this.toString();
        }
    }

    /** Runs the threaded handler. */
    private void perform() {
        assert handler != null;
        try {
            handler.run(this);
        } catch (Throwable t) {
            line.report(t);
        }
        runs.setRelease(runs.getPlain() + 1);
    }

    /** In progress. Runs the primary; false if the interrupt was not for it. */
    boolean pass() {
        IrqReturn answer = answer();
        if (answer == IrqReturn.WAKE_THREAD) {
            if (handler != null) {
                wakeByPrimary();
            } else if (!isToldOff) {
                isToldOff = true;
                line.report(new IllegalStateException(
                        this + " returned WAKE_THREAD and has no threaded handler; said once"));
            }
        }
        return answer != IrqReturn.NONE;
    }

    private IrqReturn answer() {
        if (primary == null) {
            return IrqReturn.WAKE_THREAD;
        }
        try {
            IrqReturn answer = primary.run(this);
            if (answer != null) {
                return answer;
            }
            line.report(new NullPointerException("the primary handler of " + this + " returned null"));
        } catch (Throwable t) {
            line.report(t);
        }
        return IrqReturn.NONE;
    }

    /** By hand; false if it was woken already, or has been freed. */
    boolean wakeByHand() {
        boolean isNew = false;
        Throwable failure = null;
        IrqState.Todo todo = IrqState.Todo.NOTHING;
        if (wakers.getAndIncrement() >= 0) {
            try {
                isNew = wake(false);
            } catch (Throwable t) {
                failure = t;
                todo = line.state.drop(index);
            }
        }
        wakers.getAndDecrement();
        if (failure != null) { // here, since what comes now is foreign code, which may free
            line.report(failure);
            line.proceed(todo);
        }
        return isNew;
    }

    /** In progress. */
    private void wakeByPrimary() {
        try {
            wake(flags.contains(IrqFlag.ONESHOT));
        } catch (Throwable t) { // the runtime is closed, or out of memory (I21)
            line.state.drop(index);
            line.report(t);
        }
    }

    /**
     * The item is queued also where the bit was set already: whoever set that may not have come to queue it, and a
     * flush of the item must wait for what this caller has woken.
     */
    private boolean wake(boolean isOneshot) {
        boolean isNew = line.state.wake(index, isOneshot);
        line.queue(thread);
        if (isNew) {
            woken.increment();
        }
        return isNew;
    }

    /** Nobody wakes it by hand any more when this returns. Those who do are never blocked. */
    void retire() {
        wakers.getAndAccumulate(RETIRED, (now, bit) -> now | bit);
        while (wakers.get() != RETIRED) {
            Thread.yield();
        }
    }

    boolean has(IrqFlag flag) {
        return flags.contains(flag);
    }

    boolean hasHandler() {
        return handler != null;
    }

    IrqStats.PerAction stats() {
        return new IrqStats.PerAction(name, woken.sum(), runs.getAcquire());
    }

    /**
     * The name given to the request.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The line it was requested on.
     *
     * @return the line
     */
    public IrqLine line() {
        return line;
    }

    @Override
    public String toString() {
        return "IrqAction[" + line.name() + "/" + name + "]";
    }
}
