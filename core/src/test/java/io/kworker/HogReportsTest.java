// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which offences of a hog are reported (G28, A85, fixed numbers of semantics 0.2). */
@Timeout(60)
class HogReportsTest {
    /** The numbers of the offences that are reported, of so many. */
    private static List<Long> reported(HogReports hogs, Class<?> function, int offences) {
        List<Long> reported = new ArrayList<>();
        for (int i = 0; i < offences; i++) {
            long times = hogs.count(function);
            if (times > 0) {
                reported.add(times);
            }
        }
        return reported;
    }

    @Test
    void the_fourth_offence_is_reported_and_then_less_and_less_often() {
        assertEquals(List.of(4L, 5L, 7L, 11L, 19L, 35L, 67L, 131L), reported(new HogReports(4), String.class, 200));
    }

    @Test
    void reports_may_begin_with_the_first_offence() {
        assertEquals(List.of(1L, 2L, 4L, 8L, 16L), reported(new HogReports(1), String.class, 20));
    }

    /** A85. */
    @Test
    void zero_is_silent() {
        assertEquals(List.of(), reported(new HogReports(0), String.class, 100));
    }

    @Test
    void each_function_is_counted_for_itself() {
        HogReports hogs = new HogReports(4);
        reported(hogs, String.class, 3);
        assertEquals(List.of(), reported(hogs, Integer.class, 3));
        assertEquals(List.of(4L), reported(hogs, String.class, 1));
        assertEquals(List.of(4L), reported(hogs, Integer.class, 1));
    }

    /** Arrays of arrays are classes enough. */
    @Test
    void only_the_first_128_functions_are_tracked() {
        HogReports hogs = new HogReports(1);
        Class<?> function = String.class;
        for (int i = 0; i < HogReports.MOST; i++) {
            assertEquals(1, hogs.count(function));
            function = Array.newInstance(function, 0).getClass();
        }
        assertEquals(List.of(), reported(hogs, function, 100));
        assertEquals(2, hogs.count(String.class));
    }

    @Test
    void threads_that_count_at_once_lose_nothing() {
        HogReports hogs = new HogReports(1);
        AtomicLong reports = new AtomicLong();
        TestThreads.together(4, thread -> reports.addAndGet(reported(hogs, String.class, 1_024).size()));
        assertEquals(13, reports.get()); // 1, 2, 4 ... 4096
    }
}
