// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one thread writes does not share a cache line with what another one reads, whatever the JVM does to fields. */
@Timeout(60)
class PaddingTest {
    private static final int LINE = 64;

    /** A field, and how many paddings are before it. */
    private record Place(Field field, int paddings) {
        /** By a method that the compiler warns of, whoever names it. */
        long offset() {
            try {
                Class<?> unsafe = Class.forName("sun.misc.Unsafe");
                Field only = unsafe.getDeclaredField("theUnsafe");
                only.setAccessible(true);
                return (long) unsafe.getMethod("objectFieldOffset", Field.class).invoke(only.get(null), field);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        /** Whether they must not be neighbours. */
        boolean isApartFrom(Place other) {
            return paddings == other.paddings || Math.abs(offset() - other.offset()) >= LINE;
        }
    }

    /** By the name of the class that adds it. */
    private static boolean isPadding(Class<?> of) {
        return Stream.of("Lead", "Gap", "Pad").anyMatch(of.getSimpleName()::endsWith);
    }

    private static List<Place> places(Class<?> of) {
        if (of == Object.class) {
            return new ArrayList<>();
        }
        List<Place> places = places(of.getSuperclass());
        for (Field field : of.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !isPadding(of)) {
                places.add(new Place(field, paddings(of)));
            }
        }
        return places;
    }

    private static int paddings(Class<?> of) {
        return of == Object.class ? 0 : paddings(of.getSuperclass()) + (isPadding(of) ? 1 : 0);
    }

    @ParameterizedTest
    @ValueSource(classes = {BoundShare.class, Clock.class, Doorbell.class, EntryQueue.class, Flag.class,
        LaneTurns.class,
        Ledger.class, OrderedShare.class, Pod.class, Register.class, Section.class, Tasklet.class, Tenure.class,
        Worker.class})
    void fields_before_and_behind_a_padding_are_in_different_cache_lines(Class<?> padded) {
        List<Place> places = places(padded);
        assertFalse(places.isEmpty());
        assertTrue(paddings(padded) > 0);
        for (Place one : places) {
            assertTrue(one.paddings() == 0 || one.offset() >= LINE, () -> one + " lies beside another object");
            for (Place other : places) {
                assertTrue(one.isApartFrom(other), () -> one + " lies beside " + other);
            }
        }
    }
}
