// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The forked JVM of one lane. Reads one command a line, {@code ROUND AMOUNT}; answers {@code metric NAME VALUE} lines
 * and then {@code end}, or {@code failed MESSAGE}. Ends when its standard input does. A round starts the executor and
 * ends it, so that a JVM between rounds is idle and the lanes can take turns.
 */
final class LaneMain {
    private static final int PATIENCE_SECONDS = 20;
    private static final int LONG_SECONDS = 150;
    private static final Set<String> LONG_ROUNDS =
            Set.of(Timers.MILLION, Timers.LATENESS, Idle.NO_TIMER, Idle.ONE_TIMER, Idle.MANY_TIMERS, Blocking.SLEEPERS);

    private static final int FRAMES = 16;
    private static final String END = "";

    private LaneMain() {
    }

    public static void main(String[] args) throws InterruptedException {
        PrintStream answers = System.out;
        System.setOut(System.err);
        Lane lane = new Lane(Contender.of(args[0]), Placement.valueOf(args[1]));
        BlockingQueue<String> commands = new LinkedBlockingQueue<>();
        Thread.ofPlatform().daemon().name("commands").start(() -> readCommands(commands));
        for (String command = commands.take(); !command.equals(END); command = commands.take()) {
            int patience = patience(command);
            Thread watch = Thread.ofPlatform().daemon().name("watch").start(() -> watch(answers, patience));
            answers.println(execute(lane, args[2], command));
            answers.flush();
            watch.interrupt();
        }
    }

    private static String execute(Lane lane, String expectedMask, String command) {
        try {
            Cpus cpus = Cpus.ofProcess();
            if (!cpus.mask().equals(expectedMask)) {
                throw new BenchException("may run on CPU " + cpus.mask() + ", its parent on " + expectedMask);
            }
            int space = command.indexOf(' ');
            StringBuilder answer = new StringBuilder();
            round(lane, cpus, command.substring(0, space), Long.parseLong(command.substring(space + 1)))
                    .forEach((name, value) -> answer.append("metric %s %s\n".formatted(name, value)));
            return answer + "end";
        } catch (RuntimeException | Error e) {
            if (!(e instanceof BenchException) || e.getCause() != null) {
                e.printStackTrace();
            }
            return "failed " + String.valueOf(e.getMessage()).replace('\n', ' ');
        }
    }

    private static Map<String, Double> round(Lane lane, Cpus cpus, String name, long amount) {
        return switch (name) {
            case Handoff.SPIN -> new HandoffRound(lane, cpus).spin(amount);
            case Handoff.PARK -> new HandoffRound(lane, cpus).park(amount);
            case Handoff.PARK_WARM_UP -> new HandoffRound(lane, cpus).parkWarmUp(amount);
            case Throughput.ONE -> new ThroughputRound(lane, cpus, 1).run(amount);
            case Throughput.TWO -> new ThroughputRound(lane, cpus, 2).run(amount);
            case Isolation.SLEEP -> new SleeperRound(lane, cpus).run(amount);
            case Isolation.STUCK -> new StuckRound(lane, cpus).run(amount);
            case Alloc.NAME -> AllocRound.run(amount);
            case Timers.LOCAL -> new ArmCancelRound(lane, cpus).local(amount);
            case Timers.FOREIGN -> new ArmCancelRound(lane, cpus).foreign(amount);
            case Timers.MILLION -> new MillionRound(lane, cpus).run(amount);
            case Timers.LATENESS -> new LatenessRound(lane, cpus).run(amount);
            case Idle.NO_TIMER -> new IdleRound(lane, cpus, 0).run(amount);
            case Idle.ONE_TIMER -> new IdleRound(lane, cpus, 1).run(amount);
            case Idle.MANY_TIMERS -> new IdleRound(lane, cpus, Idle.MANY).run(amount);
            case Blocking.NAPS -> new NapRound(lane, cpus).run(amount);
            case Blocking.SLEEPERS -> new CrowdRound(lane, cpus).run(amount);
            case Views.EXECUTE ->
                new ThroughputRound(lane, cpus, 1).run(amount, threads -> ViewPeer.open(lane, cpus, threads));
            case Views.SUBMIT_GET -> new SubmitGetRound(lane, cpus).run(amount);
            case Views.INVOKE_ALL -> new InvokeAllRound(lane, cpus).run(amount);
            case Views.FORK_JOIN -> new TreeRound(lane, cpus).run(amount);
            case Views.SCHEDULED -> new ScheduleRound(lane, cpus).run(amount);
            default -> Features.round(lane, cpus, name, amount);
        };
    }

    /** Some rounds mean to take long. */
    private static int patience(String command) {
        return LONG_ROUNDS.contains(command.substring(0, command.indexOf(' '))) ? LONG_SECONDS : PATIENCE_SECONDS;
    }

    private static void readCommands(BlockingQueue<String> commands) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            in.lines().forEach(commands::add);
            commands.add(END);
            TimeUnit.SECONDS.sleep(1);
        } catch (IOException | InterruptedException e) {
            e.printStackTrace();
        }
        Runtime.getRuntime().halt(1); // the parent is gone, and a round goes on
    }

    private static void watch(PrintStream answers, int patience) {
        try {
            for (int i = 0; i < patience; i++) {
                TimeUnit.SECONDS.sleep(1); // one by one: a JVM that was stopped meanwhile is not stuck
            }
        } catch (InterruptedException e) {
            return;
        }
        Thread.getAllStackTraces().forEach((thread, frames) -> {
            ThreadGroup group = thread.getThreadGroup();
            if (group == null || group.getName().equals("main")) { // null: it has just ended
                System.err.println("\n" + thread);
                Arrays.stream(frames).limit(FRAMES).forEach(frame -> System.err.println("    at " + frame));
            }
        });
        answers.println("failed stuck for " + patience + " s: an item was lost, or the executor hangs");
        answers.flush();
        Runtime.getRuntime().halt(1);
    }
}
