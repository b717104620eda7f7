// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;

/** Ways of keeping a carrier, so that its CPU has to be taken from it. */
enum Hogs {
    /** Burns the CPU. */
    SPIN {
        @Override
        Hog make(Path directory, Gate gate) {
            return new Hog(work -> gate.burn(), gate::open);
        }
    },

    /** Blocks in open(2) and read(2) of a named pipe, through a stream of which the JDK's scheduler takes no notice. */
    FILE_READ {
        @Override
        Hog make(Path directory, Gate gate) throws IOException, InterruptedException {
            Path pipe = directory.resolve("pipe");
            Files.deleteIfExists(pipe);
            if (new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor() != 0) {
                throw new IOException("mkfifo failed");
            }
            return new Hog(work -> {
                try (InputStream in = new FileInputStream(pipe.toFile())) {
                    in.read();
                }
            }, () -> {
                try (FileOutputStream out = new FileOutputStream(pipe.toFile())) {
                    out.write(0);
                }
            });
        }
    },

    /** Blocks while it initialises a class, which pins a virtual thread to its carrier. */
    CLASS_INITIALISATION {
        @Override
        Hog make(Path directory, Gate gate) throws IOException, IllegalAccessException {
            byte[] bytes;
            String name = SlowClass.class.getName();
            try (InputStream in =
                    SlowClass.class.getResourceAsStream(name.substring(name.lastIndexOf('.') + 1) + ".class")) {
                bytes = in.readAllBytes();
            }
            MethodHandles.Lookup fresh = MethodHandles.lookup().defineHiddenClass(bytes, false);
            return new Hog(work -> {
                initialisation = gate;
                fresh.ensureInitialized(fresh.lookupClass());
            }, gate::open);
        }
    };

    /** What a hog does, and how it is stopped. */
    record Hog(Work.Handler handler, TestThreads.Body stop) {
        void end() {
            try {
                stop.run();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    /** What the class initialiser waits for. */
    static volatile Gate initialisation;

    /** Defined anew, as a hidden class, for each use. */
    private static final class SlowClass {
        static {
            try {
                initialisation.pass();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    abstract Hog make(Path directory, Gate gate) throws Exception;
}
