// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one file that knows the internals of the JDK's virtual threads: a scheduler of our own for the workers of one
 * CPU.
 *
 * <p>JDK 25 has the hook, the constructor {@code java.lang.ThreadBuilders$VirtualThreadBuilder(Executor)}, but does not
 * export it: it needs {@code --add-opens java.base/java.lang}. The VM then calls {@link #execute} with the thread's
 * continuation at every start, unpark, unblock and yield, on whichever thread caused it, with that thread pinned if it
 * is virtual; it must not block or throw (a refused continuation is lost for ever). The continuation is the same object
 * every time for one thread. It must be run on a platform thread, and returns when the thread blocks or ends. A thread
 * that a worker starts inherits this scheduler.
 *
 * <p>It is a {@link ForkJoinPool}, which never has a thread, for one reason: the timed waits of virtual threads are
 * given to {@link #schedule} then, on the carrier, and so to the timer wheel of the CPU; those of other schedulers go
 * to a timer thread that all share.
 */
final class CarrierScheduler extends ForkJoinPool {
    private static final @Nullable Constructor<?> HOOK;
    private static final @Nullable String PROBLEM;
    private static final ForkJoinPool JDKS_OWN;

    /**
     * {@code Thread.currentCarrierThread()}. Not final, and so not compiled into its callers: the compiler takes the
     * current carrier for a constant of the method that asks, which it is not for a virtual thread that was unmounted
     * in between.
     */
    @SuppressWarnings("NonFinalStaticField") private static @Nullable MethodHandle currentCarrier;

    static {
        Constructor<?> hook = null;
        String problem = null;
        try {
            hook = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                    .getDeclaredConstructor(Executor.class);
            hook.setAccessible(true);
            currentCarrier = MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
                    .findStatic(Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
        } catch (ReflectiveOperationException e) {
            problem = "this JDK (" + Runtime.version() + ") has no such hook: " + e;
        } catch (RuntimeException e) {
            Module module = CarrierScheduler.class.getModule();
            problem = "add --add-opens java.base/java.lang=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
        }
        HOOK = problem == null ? hook : null;
        PROBLEM = problem;
        JDKS_OWN = problem == null ? findJdksOwn() : ForkJoinPool.commonPool();
    }

    /** I. */
    private final Cpu cpu;

    /** M: the thread that starts a worker now, and the worker: at most one at a time (R40). */
    private volatile @Nullable Thread starter;

    /** R(starter). */
    private @Nullable Worker starting;

    CarrierScheduler(Cpu cpu) {
        super(1, pool -> {
            throw new AssertionError("a thread of " + pool);
        }, null, true, 0, 1, 0, null, 1, TimeUnit.MINUTES);
        this.cpu = cpu;
    }

    /**
     * The carrier that the calling virtual thread is mounted on at this moment; null if that is none of ours. Only the
     * thread itself can find out: a carrier that has been given its continuation may have been given it twice.
     */
    static @Nullable Carrier currentCarrier() {
        MethodHandle handle = currentCarrier;
        try {
            return handle != null && (Thread) handle.invokeExact() instanceof Carrier carrier ? carrier : null;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static ForkJoinPool findJdksOwn() {
        try {
            Method getter = Class.forName("java.lang.VirtualThread").getDeclaredMethod("defaultScheduler");
            getter.setAccessible(true);
            return getter.invoke(null) instanceof ForkJoinPool pool ? pool : ForkJoinPool.commonPool();
        } catch (ReflectiveOperationException e) {
            return ForkJoinPool.commonPool();
        }
    }

    /**
     * The JDK's own scheduler of virtual threads, for those that have outlived their CPU; the common pool, which may
     * have one thread only, where it cannot be had.
     */
    static ForkJoinPool jdksOwn() {
        return JDKS_OWN;
    }

    /** Why virtual threads cannot have our scheduler, or null where they can. */
    static @Nullable String problem() {
        return PROBLEM;
    }

    /** A builder of virtual threads that run on this scheduler. */
    Thread.Builder.OfVirtual builder() {
        Constructor<?> hook = HOOK;
        if (hook == null) {
            throw new UnsupportedOperationException(PROBLEM);
        }
        try {
            return (Thread.Builder.OfVirtual) hook.newInstance(this);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the hook for virtual-thread schedulers failed", e);
        }
    }

    /**
     * Starts the thread of a worker so that its continuation is kept by the worker, to be mounted when it is first
     * needed, rather than queued. May block (the JDK tracks threads in a shared map): never on the bare carrier.
     */
    void start(Worker worker, Thread thread) {
        starting = worker;
        starter = Thread.currentThread();
        try {
            thread.start();
        } finally {
            starter = null;
            starting = null;
        }
    }

    @Override
    public void execute(Runnable continuation) {
        Thread thread = Thread.currentThread();
        if (thread instanceof Carrier carrier && carrier.cpu() == cpu && carrier.takes(continuation)) {
            return;
        }
        if (thread == starter) {
            Worker worker = starting;
            assert worker != null;
            if (worker.continuation == null) {
                worker.continuation = continuation;
                return;
            }
        }
        cpu.post(continuation);
    }

    /** The JDK's, on whatever carries the thread that is about to wait. Never blocks. */
    @Override
    public ScheduledFuture<?> schedule(Runnable wakeUp, long delay, TimeUnit unit) {
        return Sleep.begin(cpu.timers, wakeUp, unit.toNanos(delay));
    }
}
