// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Locale;

/** A table of what was wanted and what was measured. Of what was not measured there is no line. */
final class Verdicts {
    private final Table table;

    Verdicts(String title) {
        table = new Table(title, "kworker", "measured", "wanted", "", "verdict");
    }

    void atMost(String what, double measured, double bound, String unit) {
        line(what, measured, "<= " + Results.number(bound), unit, measured <= bound);
    }

    void atLeast(String what, double measured, double bound, String unit) {
        line(what, measured, ">= " + Results.number(bound), unit, measured >= bound);
    }

    private void line(String what, double measured, String wanted, String unit, boolean met) {
        if (!Double.isNaN(measured)) {
            table.line(what, String.format(Locale.ROOT, "%.2f", measured), wanted, unit, met ? "met" : "missed");
        }
    }

    Table table() {
        return table;
    }
}
