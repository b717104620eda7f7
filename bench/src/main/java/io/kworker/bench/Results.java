// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** The rows of a run, and their JSON. */
final class Results {
    private static final MathContext DIGITS = new MathContext(6);

    private final List<Row> rows = new ArrayList<>();

    void add(String scenario, String executor, String metric, String unit, double value) {
        rows.add(new Row(scenario, executor, metric, unit, value));
    }

    OptionalDouble find(String scenario, String executor, String metric) {
        return rows.stream().filter(row -> row.isOf(scenario, executor, metric)).mapToDouble(Row::value).findFirst();
    }

    void write(Path file) {
        StringBuilder json = new StringBuilder("{\n  \"java\": ").append(quote(Runtime.version().toString()))
                .append(",\n  \"cpus\": ").append(Runtime.getRuntime().availableProcessors())
                .append(",\n  \"rows\": [");
        String separator = "\n    ";
        for (Row row : rows) {
            json.append(separator).append(row.json());
            separator = ",\n    ";
        }
        json.append("\n  ]\n}\n");
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            Files.writeString(file, json);
        } catch (IOException e) {
            throw new BenchException("cannot write " + file + ": " + e, e);
        }
    }

    /** Whole numbers whole, others with six digits. */
    static String number(double value) {
        if (value == Math.rint(value)) {
            return BigDecimal.valueOf(value).setScale(0).toPlainString();
        }
        return BigDecimal.valueOf(value).round(DIGITS).stripTrailingZeros().toPlainString();
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    private record Row(String scenario, String executor, String metric, String unit, double value) {
        boolean isOf(String otherScenario, String otherExecutor, String otherMetric) {
            return scenario.equals(otherScenario) && executor.equals(otherExecutor) && metric.equals(otherMetric);
        }

        String json() {
            return "{\"scenario\": %s, \"executor\": %s, \"metric\": %s, \"unit\": %s, \"value\": %s}".formatted(
                    quote(scenario), quote(executor), quote(metric), quote(unit), number(value));
        }
    }
}
