// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** The owner of a CPU that nobody serves: the test plays it. */
class Owner {
    final Cpu cpu;
    private final Run run;

    /** Who runs handlers. */
    private volatile Thread thread;

    Owner(Cpu cpu) {
        this.cpu = cpu;
        run = new Run(cpu) {
            @Override
            Thread thread() {
                return thread;
            }
        };
    }

    /** Where handlers run. */
    final Run context() {
        return run;
    }

    /** A context that no thread belongs to. */
    static Run context(Cpu cpu) {
        return new Run(cpu) {
            @Override
            Thread thread() {
                return null;
            }
        };
    }

    /** Starts the next item; false where there is none that could start. */
    boolean start() {
        return cpu.fetch(run);
    }

    /** The next look in vain at the urgent lanes clears the flag. */
    void lookAtUrgentForTheLastTime() {
        run.turnsWithoutUrgent = Cpu.TURNS_WITHOUT_URGENT - 1;
    }

    /** Takes in what is queued, of which nothing may start. */
    void startNothing() {
        boolean started = cpu.fetch(context(cpu));
        assert !started;
    }

    /** The item that was started last. */
    Work started() {
        return run.work();
    }

    /** Runs the handler of the item that has been started, and ends it. */
    void run() {
        thread = Thread.currentThread();
        Command command = run.perform(run.share);
        end(run, command);
    }

    /** Ends the item that has been started, as if its handler had run. */
    void end() {
        end(run);
    }

    /** Ends the item that has been started in some context. */
    static void end(Run context) {
        end(context, null);
    }

    private static void end(Run context, Command command) {
        context.finish(command, true);
        context.share.finished(context.turn);
    }

    /** Takes the next message, if there is one. */
    void deliver() {
        Runnable message = cpu.nextMessage();
        if (message != null) {
            message.run();
        }
    }

    /** Starts, runs and ends the next item; false where there is none that could start. */
    boolean turn() {
        boolean started = start();
        if (started) {
            run();
        }
        return started;
    }

    /** Takes messages and turns until nothing waits that could be done. */
    void serve() {
        while (cpu.hasWaiting(0)) {
            serveOnce();
        }
    }

    /** Takes a message, or else a turn; false where nothing came of it. */
    boolean serveOnce() {
        Runnable message = cpu.nextMessage();
        if (message == null) {
            return turn();
        }
        message.run();
        return true;
    }
}
