// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one thread writes does not share a cache line with what another one reads, whatever the JVM does to fields. */
@Timeout(60)
class PaddingTest {
    private static final int PAD_BYTES = 120;

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
            return paddings == other.paddings || Math.abs(offset() - other.offset()) >= PAD_BYTES;
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

    private static long padBytes(Class<?> of) {
        return Stream.of(of.getDeclaredFields()).filter(field -> field.getType() == long.class).count() * Long.BYTES;
    }

    private static int paddings(Class<?> of) {
        return of == Object.class ? 0 : paddings(of.getSuperclass()) + (isPadding(of) ? 1 : 0);
    }

    @ParameterizedTest
    @ValueSource(classes = {Doorbell.class, Tenure.class, Share.class, LaneTurns.class, Tasklet.class, Register.class,
        Ledger.class, EntryQueue.class, Pod.class, Timers.class})
    void the_shared_fields_have_a_pad_on_each_side(Class<?> padded) {
        List<Place> shared = places(padded).stream()
                .filter(place -> place.paddings() > 0 && place.field().getDeclaringClass() != padded).toList();
        assertFalse(shared.isEmpty());
        for (Place place : shared) {
            assertTrue(place.paddings() < paddings(padded), () -> "behind " + place);
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {BoundShare.class, Clock.class, DirectEntry.class, Doorbell.class, EntryQueue.class,
        Flag.class, LaneTurns.class, Ledger.class, OrderedShare.class, Pod.class, Register.class, Register.Page.class,
        Section.class, Softirq.class, Tasklet.class, Tenure.class, Timers.class, Worker.class})
    void fields_before_and_behind_a_padding_are_in_different_cache_lines(Class<?> padded) {
        List<Place> places = places(padded);
        assertFalse(places.isEmpty());
        assertTrue(paddings(padded) > 0);
        for (Class<?> of = padded; of != Object.class; of = of.getSuperclass()) {
            assertTrue(!isPadding(of) || padBytes(of) >= PAD_BYTES, of + " is too small");
        }
        for (Place one : places) {
            assertTrue(one.paddings() == 0 || one.offset() >= PAD_BYTES, () -> one + " lies beside another object");
            for (Place other : places) {
                assertTrue(one.isApartFrom(other), () -> one + " lies beside " + other);
            }
        }
    }

    /** So that they most often are in one cache line, wherever the object lies. */
    @ParameterizedTest
    @ValueSource(classes = {Work.class, DelayedWork.class, Softirq.class, Task.class})
    void what_each_queueing_uses_of_an_item_lies_together(Class<?> item) {
        List<Place> used = places(item).stream()
                .filter(place -> List.of("share", "generation", "home", "state").contains(place.field().getName()))
                .sorted(Comparator.comparing(Place::offset))
                .toList();
        assertEquals(4, used.size());
        long bytes = used.getLast().offset() + Long.BYTES - used.getFirst().offset();
        assertTrue(bytes <= 24, () -> bytes + " bytes: " + used);
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
