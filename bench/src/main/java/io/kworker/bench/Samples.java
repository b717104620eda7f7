// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker.bench;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Nanoseconds, to be told as percentiles. One writer. */
final class Samples {
    private final Histogram histogram;

    Samples() {
        this(new Histogram(1, TimeUnit.MINUTES.toNanos(1), 3));
    }

    private Samples(Histogram histogram) {
        this.histogram = histogram;
    }

    void add(long nanos) {
        if (nanos < 0) {
            throw new BenchException("the clocks of two CPUs differ: " + nanos + " ns");
        }
        histogram.recordValue(nanos);
    }

    /**
     * Of samples that follow each other without end, what somebody finds who comes at any moment (corrected for
     * coordinated omission): a long one is met more often than one in so many.
     */
    Samples atAnyMoment() {
        return new Samples(histogram.copyCorrectedForCoordinatedOmission(Math.max(1, (long) percentile(50))));
    }

    void add(Samples others) {
        histogram.add(others.histogram);
    }

    long count() {
        return histogram.getTotalCount();
    }

    double percentile(double percentile) {
        return histogram.getValueAtPercentile(percentile);
    }

    /** Adds {@code NAME-p50}, {@code -p99}, {@code -max}. */
    void tell(Map<String, Double> metrics, String name) {
        metrics.put(name + "-p50", percentile(50));
        metrics.put(name + "-p99", percentile(99));
        metrics.put(name + "-max", (double) histogram.getMaxValue());
    }
}
