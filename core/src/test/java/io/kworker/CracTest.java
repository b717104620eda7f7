// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.crac.CheckpointException;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A checkpoint of the process freezes, the restore thaws (G72); with the API's implementation that does nothing. */
@Timeout(60)
class CracTest {
    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    /** A context that does what a JVM with CRaC does: all are told, in turn; after a refusal they are to go on. */
    private static final class Checkpoints extends Context<Resource> {
        private final List<Resource> resources = new ArrayList<>();

        @Override
        public void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException {
            for (Resource resource : resources.reversed()) {
                try {
                    resource.beforeCheckpoint(this);
                } catch (CheckpointException e) {
                    throw e;
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void afterRestore(Context<? extends Resource> context) {
            for (Resource resource : resources) {
                try {
                    resource.afterRestore(this);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void register(Resource resource) {
            resources.add(resource);
        }
    }

    private static CheckpointResource resource(WorkRuntime runtime) {
        return assertInstanceOf(CheckpointResource.class, runtime.checkpoint());
    }

    /** The runtime keeps its resource, since a context does not. */
    @Test
    void a_runtime_registers_when_it_is_built() {
        WorkRuntime runtime = runtimes.runtime();
        assertInstanceOf(Resource.class, resource(runtime));
        assertThrows(UnsupportedOperationException.class, Core::checkpointRestore);
        assertFalse(runtime.isFrozen());
    }

    /** G72. */
    @Test
    void a_checkpoint_freezes_and_a_restore_thaws() throws CheckpointException {
        WorkRuntime runtime = runtimes.runtime();
        WorkRuntime another = runtimes.runtime();
        Checkpoints checkpoints = new Checkpoints();
        checkpoints.register(resource(runtime));
        checkpoints.register(resource(another));
        Item active = runtimes.item(work -> Thread.sleep(5));
        Item parked = runtimes.item();
        runtime.systemFreezable().queue(active);
        for (int i = 1; i <= 3; i++) {
            checkpoints.beforeCheckpoint(checkpoints);
            assertTrue(runtime.isFrozen() && another.isFrozen());
            assertFalse(active.isRunning());
            runtime.systemFreezable().queue(parked);
            Await.never("something starts", parked::isRunning);
            checkpoints.afterRestore(checkpoints);
            assertFalse(runtime.isFrozen() || another.isFrozen());
            parked.flush();
            assertEquals(i, parked.runs());
        }
        active.flush();
    }

    /** The checkpoint is refused, with what was busy; everything goes on. */
    @Test
    void a_checkpoint_that_cannot_freeze_is_refused() {
        WorkRuntime runtime = runtimes.runtime();
        WorkRuntime another = runtimes.runtime();
        Checkpoints checkpoints = new Checkpoints();
        checkpoints.register(new CheckpointResource(runtime, Duration.ofMillis(20)));
        checkpoints.register(resource(another));
        Gate gate = runtimes.gate();
        Item busy = runtimes.item(work -> gate.pass());
        runtime.systemFreezable().queue(busy);
        Await.until("it runs", busy::isRunning);
        CheckpointException refusal =
                assertThrows(CheckpointException.class, () -> checkpoints.beforeCheckpoint(checkpoints));
        assertInstanceOf(TimeoutException.class, refusal.getCause());
        assertTrue(refusal.getMessage().contains(Integer.toHexString(System.identityHashCode(busy))),
                refusal::getMessage);
        assertFalse(runtime.isFrozen());
        assertTrue(another.isFrozen());
        checkpoints.afterRestore(checkpoints);
        assertFalse(another.isFrozen());
        Item item = runtimes.item();
        runtime.systemFreezable().queue(item);
        item.flush();
        gate.open();
    }

    /** What the user has frozen, he thaws. */
    @Test
    void a_runtime_that_was_frozen_stays_so() throws CheckpointException {
        WorkRuntime runtime = runtimes.runtime();
        runtime.freeze().join();
        CheckpointResource resource = resource(runtime);
        resource.beforeCheckpoint(Core.getGlobalContext());
        resource.afterRestore(Core.getGlobalContext());
        assertTrue(runtime.isFrozen());
        runtime.thaw();
        resource.afterRestore(Core.getGlobalContext());
        assertFalse(runtime.isFrozen());
    }

    /** A closed runtime is in nobody's way. */
    @Test
    void a_closed_runtime_can_be_checkpointed() throws CheckpointException {
        WorkRuntime runtime = runtimes.runtime();
        CheckpointResource resource = resource(runtime);
        runtime.close();
        resource.beforeCheckpoint(Core.getGlobalContext());
        resource.afterRestore(Core.getGlobalContext());
        assertFalse(runtime.isFrozen());
    }

    /** Sees our classes, and those of others but CRaC. */
    private static final class WithoutCrac extends ClassLoader {
        private final List<String> asked = Collections.synchronizedList(new ArrayList<>());

        WithoutCrac() {
            super(CracTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("org.crac")) {
                asked.add(name);
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith("io.kworker.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? define(name) : loaded;
            }
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    /** Nothing of the API is wanted where it is absent, but the answer whether it is there. */
    @Test
    void without_the_api_no_class_of_it_is_loaded() throws ReflectiveOperationException {
        WithoutCrac loader = new WithoutCrac();
        Class<?> builderClass = loader.loadClass("io.kworker.WorkRuntime$Builder");
        Object builder = loader.loadClass("io.kworker.WorkRuntime").getMethod("builder").invoke(null);
        Object fallback = Enum.class.getMethod("valueOf", Class.class, String.class)
                .invoke(null, loader.loadClass("io.kworker.WorkRuntime$Mode"), "OFF");
        builderClass.getMethod("carrierScheduler", fallback.getClass()).invoke(builder, fallback);
        Object runtime = build(builderClass, builder);
        try {
            runtime.getClass().getMethod("freeze", Duration.class).invoke(runtime, Duration.ofSeconds(20));
            runtime.getClass().getMethod("thaw").invoke(runtime);
        } finally {
            runtime.getClass().getMethod("close").invoke(runtime);
        }
        assertEquals(List.of("org.crac.Core"), loader.asked);
    }

    private static Object build(Class<?> builderClass, Object builder) throws ReflectiveOperationException {
        try {
            return builderClass.getMethod("build").invoke(builder);
        } catch (InvocationTargetException e) {
            throw new AssertionError(e.getCause());
        }
    }
}
