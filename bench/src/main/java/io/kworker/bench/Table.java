// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A text table: columns of numbers to the right, others to the left. */
final class Table {
    private final String title;
    private final String[] headings;
    private final List<String[]> lines = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    Table(String title, String... headings) {
        this.title = title;
        this.headings = headings;
    }

    void line(String... cells) {
        lines.add(cells);
    }

    void note(String note) {
        notes.add(note);
    }

    @Override
    public String toString() {
        String[] formats = new String[headings.length];
        for (int i = 0; i < formats.length; i++) {
            formats[i] = format(i);
        }
        StringBuilder text = new StringBuilder("\n").append(title).append('\n');
        append(text, headings, formats);
        lines.forEach(line -> append(text, line, formats));
        notes.forEach(note -> text.append("  ").append(note).append('\n'));
        return text.toString();
    }

    private String format(int column) {
        int width = headings[column].length();
        boolean numbers = true;
        for (String[] line : lines) {
            width = Math.max(width, line[column].length());
            numbers &= isNumber(line[column]);
        }
        return "  %" + (numbers ? "" : "-") + width + "s";
    }

    private static boolean isNumber(String cell) {
        return Character.isDigit(cell.charAt(0)) || cell.equals("-");
    }

    private static void append(StringBuilder text, String[] cells, String[] formats) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            line.append(String.format(Locale.ROOT, formats[i], cells[i]));
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    /** Grouped, without decimals. */
    static String whole(double value) {
        return String.format(Locale.ROOT, "%,.0f", value);
    }

    /** Grouped, with two decimals. */
    static String decimal(double value) {
        return String.format(Locale.ROOT, "%,.2f", value);
    }

    /** What the figures of a title are. */
    static String medians(int rounds) {
        return rounds == 1 ? "one round" : "medians of " + rounds + " rounds";
    }
}
