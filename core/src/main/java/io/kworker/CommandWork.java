// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

/** The item of a {@link Command} that runs, made once somebody asks for it. Queued anew it does nothing. */
final class CommandWork extends Work {
    /** That of the run. */
    static final int GENERATION = 1;

    private final Command command;

    CommandWork(Command command) {
        this.command = command;
        share = command.share;
        generation = GENERATION;
        pend();
        start(this); // its first instance runs
    }

    boolean isOf(Command other) {
        return command == other;
    }

    @Override
    protected void run() {}

    @Override
    Class<?> function() {
        return command.function();
    }

    @Override
    public String toString() {
        return super.toString() + " of " + function().getName();
    }
}
