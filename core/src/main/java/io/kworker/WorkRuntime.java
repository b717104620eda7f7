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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeoutException;
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

    /** At most one report in so long that no thread could be made. */
    private static final long NOT_MADE_NANOS = 1_000_000_000;

    /** I. */
    final RuntimeSettings settings;

    private final Cpus cpus;
    private final Pods pods;
    private final Online online = new Online(this);
    private final Freezer freezer = new Freezer(this);
    private final SystemQueues systemQueues = new SystemQueues(this);
    private final UserThreads userThreads = new UserThreads(this);
    private final Clock clock = new Clock();
    private final Lifecycle lifecycle = new Lifecycle();

    /** I: by the index of the CPU. */
    private final List<Engine> engines = new ArrayList<>();

    /** I. */
    private final Ticks ticks;

    /** I: null where the engines are a test's. */
    private final @Nullable Monitor monitor;

    private final Watchdog watchdog;
    private final String schedulerProblem;
    private final String pinningProblem;
    private final boolean isShared;

    /** S: by the builder: what is told of checkpoints, which others keep by a weak reference only. */
    private volatile @Nullable Object checkpoint;

    /** S: when the last failure to make a thread was reported. */
    private volatile long lastNotMade = System.nanoTime() - NOT_MADE_NANOS;

    private WorkRuntime(Builder builder) {
        settings = builder.settings();
        isShared = builder.isShared;
        Priming.Machine machine = Priming.machine();
        BitSet chosen = builder.chosenCpus(machine);
        schedulerProblem = builder.carrierScheduler.problem("carrierScheduler", CarrierScheduler.problem());
        boolean hooked = schedulerProblem.isEmpty() && builder.engines == null;
        String noPinning = builder.topology == null ? Os.problem() : "the machine is not the real one";
        if (noPinning == null && !hooked && builder.pinning == Mode.AUTO) {
            noPinning =
                    "without the carrier scheduler the JDK's own scheduler would start its threads with the mask of "
                            + "a pinned carrier; pinning(Mode.ON) pins all the same";
        }
        String unpinned = builder.pinning.problem("pinning", noPinning);
        ticks = new Ticks(System.nanoTime(), settings.tickNanos());
        cpus = new Cpus(this, machine.allowed(), chosen);
        pods = new Pods(this, builder.topology == null ? Topology.ofMachine(chosen) : builder.topology);
        online.begin();
        List<Seat> seats = new ArrayList<>();
        for (Cpu cpu : cpus.array()) {
            if (builder.engines != null) {
                engines.add(builder.engines.apply(cpu));
            } else if (hooked) {
                Seat seat = new Seat(cpu, unpinned.isEmpty());
                seats.add(seat);
                engines.add(seat);
            } else {
                engines.add(new Dispatcher(cpu, unpinned.isEmpty()));
            }
        }
        watchdog = new Watchdog(this);
        monitor = builder.engines == null ? new Monitor(this, seats, watchdog) : null;
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

    // ---- workqueues ----

    /**
     * The system queue ({@code system_percpu_wq}): bound to CPUs, {@value Workqueue#DEFAULT_MAX_ACTIVE} active items
     * per CPU. Like all system queues it is made on first use, has the kernel's name and limits, and is closed with the
     * runtime.
     *
     * @return always the same workqueue
     * @throws RejectedExecutionException if it was not used before and the runtime is closed or closing; so for all
     *     system queues
     */
    public Workqueue system() {
        return systemQueues.normal();
    }

    /**
     * The system queue of high priority ({@code system_highpri_wq}).
     *
     * @return always the same workqueue
     */
    public Workqueue systemHighpri() {
        return systemQueues.get(SystemQueues.Kind.HIGHPRI);
    }

    /**
     * The system queue for items that may take long ({@code system_long_wq}), so that a flush of {@link #system} need
     * not wait for them.
     *
     * @return always the same workqueue
     */
    public Workqueue systemLong() {
        return systemQueues.get(SystemQueues.Kind.LONG);
    }

    /**
     * The unbound system queue ({@code system_dfl_wq}): {@value Workqueue#MAX_ACTIVE_LIMIT} active items.
     *
     * @return always the same workqueue
     */
    public Workqueue systemUnbound() {
        return systemQueues.get(SystemQueues.Kind.UNBOUND);
    }

    /**
     * The freezable system queue ({@code system_freezable_wq}).
     *
     * @return always the same workqueue
     */
    public Workqueue systemFreezable() {
        return systemQueues.get(SystemQueues.Kind.FREEZABLE);
    }

    /**
     * The system queue that is bound, or unbound if the runtime is {@linkplain Builder#powerEfficient power-efficient}
     * ({@code system_power_efficient_wq}).
     *
     * @return always the same workqueue
     */
    public Workqueue systemPowerEfficient() {
        return systemQueues.get(SystemQueues.Kind.POWER_EFFICIENT);
    }

    /**
     * The BH system queue ({@code system_bh_wq}).
     *
     * @return always the same workqueue
     */
    public Workqueue systemBh() {
        return systemQueues.get(SystemQueues.Kind.BH);
    }

    /**
     * The BH system queue of high priority ({@code system_bh_highpri_wq}).
     *
     * @return always the same workqueue
     */
    public Workqueue systemBhHighpri() {
        return systemQueues.get(SystemQueues.Kind.BH_HIGHPRI);
    }

    /** Where the callbacks of {@link SoftTimer}s run. */
    Workqueue timerQueue() {
        return systemQueues.get(SystemQueues.Kind.TIMERS);
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

    /** For tests. */
    @Nullable
    Object checkpoint() {
        return checkpoint;
    }

    /** Makes a workqueue. */
    Workqueue open(WorkqueueSettings wanted) {
        Workqueue workqueue = new Workqueue(this, wanted);
        lifecycle.add(workqueue);
        workqueue.publish();
        if (wanted.freezable()) {
            workqueue.limiters().forEach(Limiter::limitChanged); // it may have been frozen or thawed meanwhile
        }
        Rescuer rescuer = workqueue.rescuer();
        if (rescuer != null) {
            rescuer.start();
            if (monitor != null) {
                monitor.expectRescues(workqueue);
            }
        }
        return workqueue;
    }

    /**
     * Flushes all workqueues of the runtime: waits until everything is over that was queued before the call. An
     * interrupt does not end the wait; the flag is kept.
     *
     * @throws WorkDeadlockException if called by a handler of this runtime, or by another one that it would have to
     *     wait for
     */
    public void flushAll() {
        Workqueue.refuseSelfWait("flushAll() of runtime '" + name() + "'", share -> share.workqueue.runtime() == this);
        List<Workqueue> all = workqueues();
        List<Round> rounds = new ArrayList<>();
        for (Workqueue workqueue : all) {
            rounds.add(workqueue.rounds().begin(false));
        }
        for (int i = 0; i < all.size(); i++) {
            all.get(i).await("flushAll", rounds.get(i));
        }
    }

    // ---- threads ----

    /**
     * Makes virtual threads that run on the carriers, for what is written against threads: for
     * {@link java.util.concurrent.Executors#newThreadPerTaskExecutor}, {@code StructuredTaskScope}, a server. Each new
     * thread is given to the next of the {@linkplain #onlineCpus CPUs that are online}, in turn, whichever thread asks;
     * it stays there. {@link #threadFactory(int)} makes threads for one CPU. A virtual thread that is made otherwise
     * ({@link Thread#ofVirtual}) by one that runs on a carrier, such as a handler, runs on the CPU of that one.
     *
     * <p>They are virtual threads as any other: daemons without a name, which inherit the inheritable thread-locals of
     * the thread that makes them; what they throw goes to their {@linkplain Thread#getUncaughtExceptionHandler uncaught
     * exception handler}. They run no item, so {@link Work#current} is null there, and they may wait for whatever they
     * like. What the starter did before {@link Thread#start} happens before what the thread does.
     *
     * <p>On its CPU a thread runs between two handlers, as does a handler that has been woken: one that can run goes
     * before items that are queued, but after 64 times in a row an item is started. One that keeps its CPU for the
     * {@linkplain Builder#cpuIntensiveThreshold CPU-intensive threshold} while something waits for that loses it to
     * another carrier, as a handler does, and goes on beside it; so does one that blocks where a virtual thread cannot
     * unmount (a file, native code, the initialisation of a class). Up to then, and where that CPU has as many carriers
     * as it {@linkplain Builder#maxCarriersPerCpu may}, it holds up the others of its CPU. Where its CPU goes offline
     * it goes on with the carriers of that CPU. A platform thread that it starts inherits the affinity mask of the
     * carrier.
     *
     * <p>In fallback they are the JDK's own virtual threads, on no certain CPU.
     *
     * <p>{@link #close} does not wait for these threads: shut down first whatever executor or server they belong to. It
     * waits for the handlers, which may go on making threads; from then on the factory refuses. A thread that lives on,
     * or is started later, or is made by such a one, runs on the JDK's own carriers. Only where a thread keeps a CPU
     * that no other carrier may take over does {@code close} wait until it waits for something, or ends.
     *
     * @return always the same factory, for any thread. Its {@code newThread} throws {@link RejectedExecutionException}
     *     once the runtime is closed, and {@link NullPointerException} for no task
     */
    public ThreadFactory threadFactory() {
        return userThreads;
    }

    /**
     * Makes virtual threads that run on the carriers of one CPU, as {@link #threadFactory()} makes them in all other
     * respects. This is how a handler starts a thread elsewhere. As {@link Workqueue#queueOn} it takes a CPU that is
     * offline too: the threads run on those that are left.
     *
     * @param cpu number of a CPU, out of {@link #cpus}
     * @return a factory for any thread; it refuses as that does
     * @throws IllegalArgumentException if the runtime has no such CPU
     */
    public ThreadFactory threadFactory(int cpu) {
        return userThreads.on(cpus.array()[indexOf(cpu)]);
    }

    // ---- freeze ----

    /**
     * Begins to freeze: no item of a freezable workqueue starts any more; those that are active go on to their end
     * ({@code freeze_workqueues_begin}, G72). Items may be queued and cancelled meanwhile; they start after
     * {@link #thaw}. Does not wait.
     *
     * <p>Where the CRaC API ({@code org.crac}) is on the class path, a checkpoint of the process freezes all runtimes
     * first, and is refused where handlers of freezable workqueues are active for 10 seconds more; the restore thaws
     * those that the checkpoint has frozen.
     *
     * @return completes when no freezable item is active, and none starts until {@code thaw}; is cancelled where the
     *     thaw comes first. What depends on it runs on a thread of its own. Called again before a thaw: the same freeze
     */
    public CompletableFuture<Void> freeze() {
        return freezer.freeze();
    }

    /**
     * Freezes, and waits until that is complete. An interrupt does not end the wait; the flag is kept.
     *
     * @param timeout how long to wait at most
     * @throws TimeoutException if items are still active then; they are named, and everything is thawed again, unless
     *     somebody else has called this or {@link #freeze()} since the last thaw: then it goes on freezing for those
     * @throws java.util.concurrent.CancellationException if another thread thaws meanwhile
     * @throws NullPointerException if {@code timeout} is null
     */
    public void freeze(Duration timeout) throws TimeoutException {
        freezer.freeze(timeout);
    }

    /**
     * Lets the freezable workqueues go on ({@code thaw_workqueues}), however often {@link #freeze} was called, and by
     * whom. Does nothing where nothing is frozen.
     */
    public void thaw() {
        freezer.thaw();
    }

    /**
     * Whether the freezable workqueues are stopped, or are being.
     *
     * @return true between {@link #freeze} and {@link #thaw}
     */
    public boolean isFrozen() {
        return freezer.isFrozen();
    }

    // ---- CPUs ----

    /**
     * Takes a CPU out of use (G77, J12). Nothing is moved or lost: what is queued there, the handlers that run or sleep
     * there, and what is queued there by {@link Workqueue#queueOn} from now on, run on the CPUs that are left; what is
     * queued with no CPU given goes to those anyway. Where carriers are not pinned ({@link #describe}), the operating
     * system may go on running threads there. Does nothing if it is offline already.
     *
     * @param cpu number of a CPU, out of {@link #cpus}
     * @throws IllegalArgumentException if the runtime has no such CPU
     * @throws IllegalStateException if it is the last one online
     */
    public void cpuOffline(int cpu) {
        online.offline(cpus.array()[indexOf(cpu)]);
    }

    /**
     * Takes a CPU into use again. Does nothing if it is online already.
     *
     * @param cpu number of a CPU, out of {@link #cpus}
     * @throws IllegalArgumentException if the runtime has no such CPU
     */
    public void cpuOnline(int cpu) {
        online.online(cpus.array()[indexOf(cpu)]);
    }

    /**
     * The CPUs that are online. One goes offline by {@link #cpuOffline}, or when the system takes it from its carriers
     * (a change of their affinity mask or cpuset), which is noticed within about a second of activity where carriers
     * are pinned; and comes back likewise. The last one stays.
     *
     * @return a new array of the operating system's numbers, ascending
     */
    public int[] onlineCpus() {
        return online.get().stream().toArray();
    }

    /** The CPUs that are online, by the system's numbers; a copy. */
    BitSet online() {
        return online.get();
    }

    /** Monitor. */
    void checkAffinity() {
        online.check();
    }

    // ---- looking ----

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
     * How many workers, entries and the like the CPUs and pods have at the moment. Nothing stops or waits for it, so
     * the numbers are weakly consistent.
     *
     * @return the numbers, also of a closed runtime
     */
    public RuntimeStats stats() {
        return RuntimeStats.of(this);
    }

    /**
     * What goes on, for people (the kernel's {@code show_all_workqueues} and {@code wq_dump}, A54): for each CPU and
     * pod its workers and the length of its queue; for each workqueue that has something to do its flags and limits,
     * and by CPU or pod the handlers in flight, with their threads and for how long they have run, what is pending, and
     * what waits for a slot. Items go by the class of their handler, equal ones in a row counted; their
     * {@code toString} is not called.
     *
     * <p>It is read while everything goes on and stops nobody, so it is weakly consistent: something that moves may
     * show twice or not at all. The times are exact to half the CPU-intensive threshold, or to 100 milliseconds where
     * that is less or the threshold is off.
     *
     * @return several lines, in no format to rely on
     */
    public String dump() {
        return Dump.of(this);
    }

    /**
     * Waits until nothing queued to any of the runtime's workqueues is pending or runs, refusing new items from outside
     * meanwhile, then stops all its threads. Handlers, save those of BH workqueues, may go on queueing to all its
     * workqueues until they are empty. A queueing at the same time either is accepted, and its run waited for, or
     * throws {@link RejectedExecutionException} and leaves the item idle. Idempotent: a later call waits for the first.
     * An interrupt does not end the wait; the flag is kept. Where items of frozen workqueues wait, it waits for the
     * {@link #thaw}. It does not wait for threads of the user's ({@link #threadFactory()}). On the
     * {@linkplain #shared shared} runtime this does nothing.
     *
     * @throws WorkDeadlockException if called by a handler of this runtime, or by another one that it would have to
     *     wait for
     */
    @Override
    public void close() {
        Workqueue.refuseSelfWait(
                "close() of runtime '" + name() + "'", share -> share.workqueue.runtime() == this);
        if (isShared) {
            return;
        }
        WaitGraph.Wait wait =
                WaitGraph.begin(new WaitGraph.OfDrain("close() of runtime '" + name() + "'", true, workqueues()));
        try {
            lifecycle.closeAll(this::stop);
        } finally {
            WaitGraph.end(wait);
        }
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
        userThreads.stop();
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
        return systemQueues.contains(workqueue);
    }

    /** The workqueues that are not closed. */
    List<Workqueue> workqueues() {
        return lifecycle.open();
    }

    Pods pods() {
        return pods;
    }

    Clock clock() {
        return clock;
    }

    /** For tests. */
    @Nullable
    Monitor monitor() {
        return monitor;
    }

    /** A workqueue has lost its rescuer. */
    void forgetRescues(Workqueue workqueue) {
        if (monitor != null) {
            monitor.forgetRescues(workqueue);
        }
    }

    /** A carrier has been asleep and is not any more. */
    void stirred() {
        if (monitor != null) {
            monitor.stirred();
        }
    }

    // ---- CPUs ----

    /** Indexes of the CPUs that are online; not to be written. */
    int[] onlineIndexes() {
        return cpus.online();
    }

    /** The CPUs by index; not to be written. */
    Cpu[] cpuArray() {
        return cpus.array();
    }

    /** What serves the CPUs; not to be written. */
    List<Engine> engines() {
        return engines;
    }

    Engine engine(Cpu cpu) {
        return engines.get(cpu.index);
    }

    /** From now on items with no CPU given go to these. */
    void route(BitSet cpusOnline) {
        cpus.assign(cpusOnline);
    }

    /** All contexts that run handlers, weakly consistent; those without an item too. */
    List<Run> runs() {
        List<Run> runs = new ArrayList<>();
        engines.forEach(engine -> runs.addAll(engine.runs()));
        for (Workqueue workqueue : workqueues()) {
            Rescuer rescuer = workqueue.rescuer();
            Run rescue = rescuer == null ? null : rescuer.current();
            if (rescue != null) {
                runs.add(rescue);
            }
        }
        return runs;
    }

    /** Throws where none of these is a CPU of the runtime, though there are some. */
    void checkCpus(Set<Integer> numbers) {
        if (!numbers.isEmpty()
                && Arrays.stream(cpus.array()).noneMatch(cpu -> numbers.contains(cpu.number))) {
            throw new IllegalArgumentException("runtime '" + name() + "' has none of the CPUs " + numbers + ", but "
                    + Arrays.toString(cpus()));
        }
    }

    /** Index of a CPU of that node: the caller's if possible. */
    int localCpuOfNode(int node) {
        return cpus.localOfNode(node, pods.topology(), online.get());
    }

    Cpu cpuAt(int index) {
        return cpus.array()[index];
    }

    Ticks ticks() {
        return ticks;
    }

    /** Index of the caller's CPU. */
    int localCpu() {
        return cpus.local();
    }

    /** The same for a caller that has asked for its carrier already. */
    int localCpu(@Nullable Carrier carrier) {
        return cpus.local(carrier);
    }

    /** Index of the CPU with that number. */
    int indexOf(int number) {
        return cpus.indexOf(number);
    }

    // ---- faults ----

    /** No thread could be made for a reserve worker. */
    void workerNotMade(Throwable t) {
        long now = System.nanoTime();
        if (now - lastNotMade >= NOT_MADE_NANOS) {
            lastNotMade = now;
            inBackground(() -> LOG.log(Level.WARNING,
                    "runtime '" + name() + "' could not make a thread for a worker or carrier; it goes on trying", t));
        }
    }

    /** Carrier. A handler has blocked that must not (J7). */
    void blockedInAtomic(Run run) {
        watchdog.blockedInAtomic(run);
    }

    /** Dispatcher. A handler has kept on for the CPU-intensive threshold (G28). */
    void hogged(Run run) {
        watchdog.countHog(run);
    }

    /** Logs, or the like, on a thread that may block; nothing where none is to be had. */
    static void inBackground(Runnable report) {
        try {
            Thread.ofVirtual().start(report);
        } catch (Throwable nothing) {
            // no thread for the message either; the caller must go on
        }
    }

    /** A continuation failed as it should not. */
    void carrierFault(Throwable t) {
        inBackground(() -> LOG.log(Level.ERROR, "a fault on a carrier of runtime '" + name() + "'", t));
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
        private long watchdogNanos = 30_000_000_000L;
        private int hogWarnings = 4;
        private boolean powerEfficient;
        private Affinity defaultAffinity = Affinity.CACHE_SHARD;
        private int cacheShardSize = 8;
        private long tickNanos = 1 << 17;
        private @Nullable Function<Cpu, Engine> engines;
        private @Nullable Topology topology;
        private Runnable beforeThread = () -> {};

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

        /** For tests: a machine that is not there. Its CPUs are those of the runtime; nothing is pinned. */
        Builder topology(Topology machine) {
            topology = machine;
            return this;
        }

        /** For tests: called before a thread of a worker or carrier is made, and may throw in its place. */
        Builder beforeThread(Runnable hook) {
            beforeThread = hook;
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
         * goes on beside it (G28, {@code workqueue.cpu_intensive_thresh_us}). 10 milliseconds if not given. While the
         * runtime has {@linkplain Workqueue.Builder#memReclaim memReclaim} workqueues it loses the CPU after 10
         * milliseconds, if that is less, or this is off.
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
         * A CPU or pod on which something waits and nothing moves for so long (a queue stall), and a workqueue whose
         * items wait for so long for the slots that others hold (a task stall), are reported to {@link System.Logger}
         * {@code io.kworker}: what is first in line, and the handlers that are in the way, with their stacks (G80,
         * {@code workqueue.watchdog_thresh}). At most one report in a second, and the same stall again after twice the
         * time. It looks four times in that time, so a report may be a quarter late. 30 seconds if not given.
         *
         * @param time zero to switch this off
         * @return this
         * @throws IllegalArgumentException if negative
         */
        public Builder watchdog(Duration time) {
            watchdogNanos = nanos("watchdog", time, 0);
            return this;
        }

        /**
         * From which offence on a handler that takes its CPU for the CPU-intensive threshold is reported, to
         * {@link System.Logger} {@code io.kworker}; after that less and less often: 4, 5, 7, 11, 19, 35 and so on (G28,
         * {@code workqueue.cpu_intensive_warning_thresh}). Offences are counted for each class of handlers, 128 classes
         * at most; not those of unbound and cpuIntensive workqueues. The time is that on the clock, not what the
         * handler has had of the CPU: on a machine where other programs take that from it, a handler may be reported
         * which does little. 4 if not given.
         *
         * @param offences zero for no reports
         * @return this
         * @throws IllegalArgumentException if negative
         */
        public Builder cpuIntensiveWarnings(int offences) {
            if (offences < 0) {
                throw new IllegalArgumentException("cpuIntensiveWarnings must not be negative: " + offences);
            }
            hogWarnings = offences;
            return this;
        }

        /**
         * Workqueues built {@linkplain Workqueue.Builder#powerEfficient power-efficient} are unbound, so that an item
         * wakes nobody while a CPU of the pod is awake and has nothing to do (J14, {@code workqueue.power_efficient}).
         * Off if not given.
         *
         * @param on whether they are
         * @return this
         */
        public Builder powerEfficient(boolean on) {
            powerEfficient = on;
            return this;
        }

        /**
         * How the CPUs are divided into pods for unbound workqueues that do not say it
         * ({@code workqueue.default_affinity_scope}). {@link Affinity#CACHE_SHARD} if not given.
         *
         * @param scope the scope
         * @return this
         * @throws NullPointerException if {@code scope} is null
         */
        public Builder defaultAffinity(Affinity scope) {
            defaultAffinity = Objects.requireNonNull(scope, "scope");
            return this;
        }

        /**
         * Cores in a pod of {@link Affinity#CACHE_SHARD} ({@code workqueue.cache_shard_size}). 8 if not given.
         *
         * @param cores one or more
         * @return this
         * @throws IllegalArgumentException if less than one
         */
        public Builder cacheShardSize(int cores) {
            if (cores < 1) {
                throw new IllegalArgumentException("cacheShardSize must be at least 1, not " + cores);
            }
            cacheShardSize = cores;
            return this;
        }

        /**
         * The tick of the timer wheels: a timer is late by at most so much, and the time its CPU needs to get to it.
         * Time without timers costs nothing whatever the tick; timers that fall into the same tick share a wake-up.
         * Rounded down to a power of two of nanoseconds; 131,072 nanoseconds if not given.
         *
         * @param tick 1 microsecond to 1 second
         * @return this
         * @throws IllegalArgumentException if out of range
         */
        public Builder timerResolution(Duration tick) {
            if (tick.compareTo(Duration.ofNanos(1_000)) < 0 || tick.compareTo(Duration.ofSeconds(1)) > 0) {
                throw new IllegalArgumentException(
                        "timerResolution must be 1 microsecond to 1 second, not " + tick);
            }
            tickNanos = tick.toNanos();
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
            WorkRuntime runtime = new WorkRuntime(this);
            runtime.checkpoint = Checkpoint.register(runtime);
            return runtime;
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
                    name, idleStrategies, mountedSpin(), thresholdNanos, lifetimeNanos, ringCapacity, maxCarriers,
                    watchdogNanos, hogWarnings, powerEfficient, defaultAffinity, cacheShardSize, tickNanos,
                    beforeThread);
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
            BitSet allowed = topology == null ? machine.allowed() : topology.cpus();
            if (cpus == null) {
                return topology == null ? machine.usable() : allowed;
            }
            BitSet chosen = new BitSet();
            for (int number : cpus) {
                if (!allowed.get(number)) {
                    throw new IllegalArgumentException(
                            "CPU " + number + " is not one that this process may run on: " + allowed);
                }
                chosen.set(number);
            }
            return chosen;
        }
    }
}
