// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fields that other threads read lie at least 120 bytes from whatever lies before and behind them. Offsets are not to
 * be had without Unsafe; but HotSpot lays out the fields of a class behind all of its superclass, so the classes'
 * declarations tell, and the size of the instances in the heap tells that the padding has not been dropped.
 */
@Timeout(60)
class PaddingTest {
    private static final int PAD_BYTES = 120;

    static Stream<Class<?>> padded() {
        return Stream.of(Doorbell.class, Tenure.class, Share.class, LaneTurns.class, Tasklet.class, Register.class,
                Ledger.class);
    }

    /** From the class up to Object. */
    private static List<Class<?>> lineage(Class<?> type) {
        List<Class<?>> lineage = new ArrayList<>();
        for (Class<?> c = type; c != Object.class; c = c.getSuperclass()) {
            lineage.add(c);
        }
        return lineage;
    }

    private static List<Field> fields(Class<?> type) {
        return Arrays.stream(type.getDeclaredFields()).filter(field -> !Modifier.isStatic(field.getModifiers()))
                .toList();
    }

    private static boolean isPad(Class<?> type) {
        List<Field> fields = fields(type);
        return !fields.isEmpty()
                && fields.stream()
                        .allMatch(field -> field.getType() == long.class && field.getName().matches("[glp]\\d+"));
    }

    private static int padBytes(Class<?> type) {
        return isPad(type) ? fields(type).size() * Long.BYTES : 0;
    }

    @ParameterizedTest
    @MethodSource("padded")
    void the_shared_fields_have_a_pad_on_each_side(Class<?> type) {
        List<Class<?>> lineage = lineage(type);
        List<Class<?>> hot =
                lineage.stream().filter(c -> !isPad(c) && !fields(c).isEmpty() && c != type).toList();
        assertFalse(hot.isEmpty());
        for (Class<?> each : hot) {
            int index = lineage.indexOf(each);
            assertTrue(padBytes(lineage.get(index - 1)) >= PAD_BYTES, () -> "behind the fields of " + each);
            assertTrue(padBytes(lineage.get(index + 1)) >= PAD_BYTES, () -> "before the fields of " + each);
        }
    }

    /** The class histogram, as jcmd prints it: number, instances, bytes, name. */
    @Test
    void instances_are_as_large_as_their_pads() throws Exception {
        Object[] keep = {new Doorbell(), new Tenure(null)};
        String histogram = (String) ManagementFactory.getPlatformMBeanServer().invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                "gcClassHistogram",
                new Object[] {new String[0]},
                new String[] {String[].class.getName()});
        for (Object instance : keep) {
            String line = histogram.lines()
                    .filter(each -> Arrays.asList(each.trim().split("\\s+")).contains(instance.getClass().getName()))
                    .findFirst()
                    .orElseThrow();
            String[] columns = line.trim().split("\\s+");
            long size = Long.parseLong(columns[2]) / Long.parseLong(columns[1]);
            assertTrue(size >= 2 * PAD_BYTES + 8, () -> instance.getClass() + " has " + size + " bytes");
        }
    }
}
