// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NoOpIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * The CPUs, carriers and workers that run the items of its workqueues: one carrier for each CPU, pinned to it, and as
 * many workers as handlers block.
 *
 * <p>Handlers run on virtual threads whose scheduler is the carrier of their CPU. That needs the flag
 * {@code --add-opens java.base/java.lang=ALL-UNNAMED} ({@code =io.kworker} where kworker is on the module path);
 * without it the runtime falls back to the JDK's own virtual threads, with the same guarantees and more overhead.
 * Pinning needs Linux, and {@code --enable-native-access} to be free of a warning. {@link #describe} tells what is in
 * force.
 *
 * <p>All threads are daemons. All methods may be called from any thread.
 */
public final class WorkRuntime implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.kworker");

    /** I. */
    final RuntimeSettings settings;

    private final Cpus cpus;

    private final List<Engine> engines = new ArrayList<>();
    private final @Nullable Monitor monitor;
    private final String schedulerProblem;
    private final String pinningProblem;
    private final Workqueue system;
    private final boolean isShared;

    private final Lifecycle lifecycle = new Lifecycle();

    private WorkRuntime(Builder builder) {
        settings = builder.settings();
        isShared = builder.isShared;
        Priming.Machine machine = Priming.machine();
        BitSet chosen = builder.chosenCpus(machine);
        schedulerProblem = builder.carrierScheduler.problem("carrierScheduler", CarrierScheduler.problem());
        boolean hooked = schedulerProblem.isEmpty() && builder.engines == null;
        String noPinning = Os.problem();
        if (noPinning == null && !hooked && builder.pinning == Mode.AUTO) {
            noPinning =
                    "without the carrier scheduler the JDK's own scheduler would start its threads with the mask of "
                            + "a pinned carrier; pinning(Mode.ON) pins all the same";
        }
        String unpinned = builder.pinning.problem("pinning", noPinning);
        cpus = new Cpus(this, machine.allowed(), chosen);
        List<Seat> seats = new ArrayList<>();
        for (Cpu cpu : cpus.array()) {
            if (builder.engines != null) {
                engines.add(builder.engines.apply(cpu));
            } else if (hooked) {
                seats.add(new Seat(cpu, unpinned.isEmpty()));
            } else {
                engines.add(new Dispatcher(cpu, unpinned.isEmpty()));
            }
        }
        engines.addAll(seats);
        monitor = hooked ? new Monitor(seats, settings) : null;
        system = new Workqueue(new Workqueue.Builder(this, "events"), cpus.array());
        lifecycle.add(system);
        begin();
        if (unpinned.isEmpty() && !engines.stream().allMatch(Engine::isPinned)) {
            unpinned = "the operating system refused to confine a thread to its CPU";
            LOG.log(Level.WARNING, "runtime ''{0}'' is not pinned: {1}", settings.name(), unpinned);
        }
        pinningProblem = unpinned;
        if (monitor != null) {
            monitor.start();
        }
        if (!hooked && builder.carrierScheduler == Mode.AUTO) {
            LOG.log(Level.INFO, "runtime ''{0}'' runs handlers on the JDK''s own virtual threads: {1}", settings.name(),
                    schedulerProblem);
        }
    }

    /**
     * The shared runtime, made on first use with the default settings. It lasts as long as the process; closing it does
     * nothing.
     *
     * @return always the same runtime
     */
    public static WorkRuntime shared() {
        return Shared.RUNTIME;
    }

    /** The shared runtime. */
    private static final class Shared {
        static final WorkRuntime RUNTIME = builder().name("shared").shared().build();
    }

    /**
     * Describes a runtime to be made.
     *
     * @return a builder with the default settings
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The system queue of this runtime ({@code system_percpu_wq}): bound to CPUs, {@value Workqueue#DEFAULT_MAX_ACTIVE}
     * active items per CPU.
     *
     * @return always the same workqueue; it is closed with the runtime
     */
    public Workqueue system() {
        return system;
    }

    /**
     * Describes a workqueue to be made ({@code alloc_workqueue}).
     *
     * @param name for messages; need not be unique
     * @return a builder with the default settings
     * @throws NullPointerException if {@code name} is null
     */
    public Workqueue.Builder workqueue(String name) {
        return new Workqueue.Builder(this, Objects.requireNonNull(name, "name"));
    }

    /**
     * The name given to the builder.
     *
     * @return the name
     */
    public String name() {
        return settings.name();
    }

    /**
     * The CPUs that this runtime runs on.
     *
     * @return a new array of the operating system's numbers, ascending
     */
    public int[] cpus() {
        return cpus.numbers();
    }

    /**
     * What is in force, for people: carriers and their CPUs, how handlers get their threads, and for each thing not
     * active why, and which flag would enable it.
     *
     * @return one line for each
     */
    public String describe() {
        String numbers =
                Arrays.stream(cpus.array()).map(cpu -> "kworker/" + cpu.number).collect(Collectors.joining(" "));
        return "runtime: " + settings.name() + (isClosing() ? " (closed)" : "") + '\n'
                + "carriers: " + cpus.array().length + " (" + numbers + ")\n"
                + "pinning: " + (pinningProblem.isEmpty() ? "each carrier to its CPU" : "none: " + pinningProblem)
                + '\n'
                + "workers: "
                + (schedulerProblem.isEmpty()
                        ? "virtual threads on the carriers"
                        : "the JDK's virtual threads (fallback): " + schedulerProblem)
                + '\n'
                + "idle: "
                + (settings.idleStrategies() == null
                        ? "spin for up to " + settings.spinNanos() / 1_000 + " us, then park"
                        : "a strategy of the user's")
                + '\n'
                + "CPU-intensive threshold: "
                + (settings.thresholdNanos() == 0 ? "off"
                        : settings.thresholdNanos() / 1_000 + " us")
                + (monitor == null ? "" : Os.hasMembarrier() ? " (membarrier)" : " (thread handshake)")
                + '\n';
    }

    /**
     * Waits until nothing queued to any of the runtime's workqueues is pending or runs, refusing new items from outside
     * meanwhile, then stops all its threads. Handlers may go on queueing to all its workqueues until they are empty. A
     * queueing at the same time either is accepted, and its run waited for, or throws
     * {@link RejectedExecutionException} and leaves the item idle. Idempotent: a later call waits for the first. An
     * interrupt does not end the wait. On the {@linkplain #shared shared} runtime this does nothing.
     *
     * @throws WorkDeadlockException if called by a handler of this runtime
     */
    @Override
    public void close() {
        Workqueue.refuseSelfWait(
                "close() of runtime '" + name() + "'", share -> share.workqueue.runtime() == this);
        if (isShared) {
            return;
        }
        lifecycle.closeAll(this::stop);
    }

    /** Starts the threads; where one cannot be had, those that run already are stopped again. */
    private void begin() {
        List<Engine> begun = new ArrayList<>();
        try {
            for (Engine engine : engines) {
                engine.begin();
                begun.add(engine);
            }
        } catch (Throwable t) {
            begun.forEach(Engine::end);
            throw t;
        }
    }

    private void stop() {
        engines.forEach(Engine::end);
        if (monitor != null) {
            monitor.close();
        }
        for (Engine engine : engines) {
            if (engine instanceof Seat seat) {
                seat.dismissSpares();
            }
        }
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    boolean isClosing() {
        return lifecycle.isClosing();
    }

    boolean isSystem(Workqueue workqueue) {
        return workqueue == system;
    }

    Monitor monitor() {
        assert monitor != null;
        return monitor;
    }

    // ---- CPUs ----

    /** The CPUs by index; not to be written. */
    Cpu[] cpuArray() {
        return cpus.array();
    }

    /** What serves the CPUs; not to be written. */
    List<Engine> engines() {
        return engines;
    }

    /** Index of the caller's CPU. */
    int localCpu() {
        return cpus.local();
    }

    /** Index of the CPU with that number. */
    int indexOf(int number) {
        return cpus.indexOf(number);
    }

    // ---- faults ----

    /** No thread could be made for a reserve worker. */
    void workerNotMade(Throwable t) {
        LOG.log(Level.WARNING, "runtime '" + name() + "' could not make a worker; the next item tries again", t);
    }

    /** A continuation failed as it should not. */
    void carrierFault(Throwable t) {
        try {
            Thread.ofVirtual().start(() -> LOG.log(Level.ERROR, "a fault on a carrier of runtime '" + name() + "'", t));
        } catch (Throwable nothing) {
            // no thread for the message either; the carrier must go on
        }
    }

    @Override
    public String toString() {
        return "WorkRuntime[" + name() + "]";
    }

    /** Whether to use something that may not be available. */
    public enum Mode {
        /** Use it, or fail. */
        ON,
        /** Do without. */
        OFF,
        /** Use it if it is available and of advantage. */
        AUTO;

        /** Why a thing is not used, empty if it is. */
        private String problem(String setting, @Nullable String unavailable) {
            if (this == OFF) {
                return "switched off by " + setting + "(Mode.OFF)";
            }
            if (this == ON && unavailable != null) {
                throw new IllegalStateException(setting + "(Mode.ON) is not possible: " + unavailable);
            }
            return unavailable == null ? "" : unavailable;
        }
    }

    /** Describes a runtime to be made. Not for several threads at once. */
    public static final class Builder {
        private String name = "kworker";
        private int @Nullable [] cpus;
        private @Nullable Supplier<? extends IdleStrategy> idleStrategies;
        private long spinNanos = 20_000;
        private long thresholdNanos = 10_000_000;
        private long lifetimeNanos = 300_000_000_000L;
        private int ringCapacity = 8192;
        private int maxCarriers = 256;
        private Mode carrierScheduler = Mode.AUTO;
        private Mode pinning = Mode.AUTO;
        private @Nullable Function<Cpu, Engine> engines;

        private boolean isShared;

        private Builder() {}

        /** It is the shared runtime, which cannot be closed. */
        private Builder shared() {
            isShared = true;
            return this;
        }

        /** For tests: what serves a CPU, in place of carriers. */
        Builder engines(Function<Cpu, Engine> perCpu) {
            engines = perCpu;
            return this;
        }

        /**
         * A name for messages.
         *
         * @param name need not be unique
         * @return this
         * @throws NullPointerException if {@code name} is null
         */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * The CPUs to run on, a carrier for each. By default those that the process may run on (its affinity mask), at
         * most {@link Runtime#availableProcessors} of them.
         *
         * @param numbers the operating system's numbers, in any order
         * @return this
         * @throws IllegalArgumentException if there is none, one is negative or one is named twice
         */
        public Builder cpus(int... numbers) {
            int[] sorted = numbers.clone();
            Arrays.sort(sorted);
            if (sorted.length == 0) {
                throw new IllegalArgumentException("cpus() needs at least one CPU");
            }
            for (int i = 0; i < sorted.length; i++) {
                if (sorted[i] < 0) {
                    throw new IllegalArgumentException("there is no CPU " + sorted[i]);
                }
                if (i > 0 && sorted[i] == sorted[i - 1]) {
                    throw new IllegalArgumentException("CPU " + sorted[i] + " is named twice");
                }
            }
            cpus = sorted;
            return this;
        }

        /**
         * What a carrier does while it has nothing to do, instead of spinning briefly and then parking. The strategy is
         * called on the bare carrier, over and over: it must not take a lock that a handler may hold. One that never
         * parks buys latency with a CPU.
         *
         * @param perCarrier makes a strategy for each carrier; it is called once more when the runtime is made, and
         *     later whenever a CPU gets one more carrier
         * @return this
         * @throws NullPointerException if {@code perCarrier} is null
         */
        public Builder idleStrategy(Supplier<? extends IdleStrategy> perCarrier) {
            idleStrategies = Objects.requireNonNull(perCarrier, "perCarrier");
            return this;
        }

        /**
         * For how long a carrier without work spins before it parks, at most; 20 microseconds if not given. Waking a
         * parked one takes tens of microseconds. While items come so seldom that spinning is in vain, it parks at once.
         *
         * @param time zero or more
         * @return this
         * @throws IllegalArgumentException if negative
         */
        public Builder spinBeforePark(Duration time) {
            spinNanos = nanos("spinBeforePark", time, 0);
            return this;
        }

        /**
         * A handler that has kept its CPU for so long while something waits for it loses the CPU to another carrier; it
         * goes on beside it (G28, {@code workqueue.cpu_intensive_thresh_us}). 10 milliseconds if not given.
         *
         * @param time zero to switch this off
         * @return this
         * @throws IllegalArgumentException if negative
         */
        public Builder cpuIntensiveThreshold(Duration time) {
            thresholdNanos = nanos("cpuIntensiveThreshold", time, 0);
            return this;
        }

        /**
         * Whether handlers run on virtual threads scheduled by the carriers. {@code AUTO} if not given.
         *
         * @param mode {@link Mode#ON} makes {@link #build} fail where the JDK does not let us
         * @return this
         * @throws NullPointerException if {@code mode} is null
         */
        public Builder carrierScheduler(Mode mode) {
            carrierScheduler = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /**
         * Whether carriers are pinned to their CPUs. {@code AUTO} if not given: pinned where the system allows it and
         * the carrier scheduler is on.
         *
         * @param mode {@link Mode#ON} makes {@link #build} fail where the system has no such call
         * @return this
         * @throws NullPointerException if {@code mode} is null
         */
        public Builder pinning(Mode mode) {
            pinning = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /**
         * Entries in the ring of each CPU; more go to an overflow list, which costs an allocation each. 8192 if not
         * given.
         *
         * @param entries 2 to 2<sup>20</sup>, rounded up to a power of two
         * @return this
         * @throws IllegalArgumentException if out of range
         */
        public Builder ringCapacity(int entries) {
            if (entries < 2 || entries > 1 << 20) {
                throw new IllegalArgumentException("ringCapacity must be 2 to 1048576, not " + entries);
            }
            ringCapacity = entries;
            return this;
        }

        /**
         * Workers that have been idle for so long, and are too many, end (G30). 300 seconds if not given.
         *
         * @param time one millisecond or more
         * @return this
         * @throws IllegalArgumentException if shorter
         */
        public Builder idleWorkerLifetime(Duration time) {
            lifetimeNanos = nanos("idleWorkerLifetime", time, 1_000_000);
            return this;
        }

        /**
         * The most carriers that one CPU may have: one, and one for each handler that keeps its own. 256 if not given.
         *
         * @param carriers one or more
         * @return this
         * @throws IllegalArgumentException if less than one
         */
        public Builder maxCarriersPerCpu(int carriers) {
            if (carriers < 1) {
                throw new IllegalArgumentException("maxCarriersPerCpu must be at least 1, not " + carriers);
            }
            maxCarriers = carriers;
            return this;
        }

        /**
         * Makes the runtime and starts its carriers.
         *
         * @return a new runtime, open until it is closed
         * @throws IllegalArgumentException if a CPU was named that the process may not run on, or the supplier of idle
         *     strategies gives none
         * @throws IllegalStateException if something switched on is not available
         */
        public WorkRuntime build() {
            return new WorkRuntime(this);
        }

        private static long nanos(String setting, Duration time, long least) {
            Duration longest = Duration.ofDays(365);
            long nanos = time.isNegative() ? -1 : time.compareTo(longest) > 0 ? longest.toNanos() : time.toNanos();
            if (nanos < least) {
                throw new IllegalArgumentException(
                        setting + " must be at least " + Duration.ofNanos(least) + ", not " + time);
            }
            return nanos;
        }

        private RuntimeSettings settings() {
            return new RuntimeSettings(
                    name, idleStrategies, mountedSpin(), thresholdNanos, lifetimeNanos, ringCapacity, maxCarriers);
        }

        /** A strategy that only spins is best served by a worker that spins mounted, and never leaves the carrier. */
        private long mountedSpin() {
            if (idleStrategies == null) {
                return spinNanos;
            }
            IdleStrategy sample = idleStrategies.get();
            if (sample == null) {
                throw new IllegalArgumentException("idleStrategy: the supplier gave null in place of a strategy");
            }
            return sample instanceof BusySpinIdleStrategy || sample instanceof NoOpIdleStrategy ? Long.MAX_VALUE : 0;
        }

        private BitSet chosenCpus(Priming.Machine machine) {
            if (cpus == null) {
                return machine.usable();
            }
            BitSet chosen = new BitSet();
            for (int number : cpus) {
                if (!machine.allowed().get(number)) {
                    throw new IllegalArgumentException(
                            "CPU " + number + " is not one that this process may run on: " + machine.allowed());
                }
                chosen.set(number);
            }
            return chosen;
        }
    }
}
