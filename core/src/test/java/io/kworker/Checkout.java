// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** The files of this project, wherever in it the tests were started. */
public final class Checkout {
    private static final String A_FILE_OF_IT = "core/src/test/java/io/kworker/Checkout.java";

    private Checkout() {}

    /** A file or directory that exists, by its path from the root. */
    public static Path file(String path) {
        Path root = Path.of("").toAbsolutePath();
        while (root != null && !Files.exists(root.resolve(A_FILE_OF_IT))) {
            root = root.getParent();
        }
        assertTrue(root != null, "no checkout around " + Path.of("").toAbsolutePath());
        Path file = root.resolve(path);
        assertTrue(Files.exists(file), file + " is missing");
        return file;
    }
}
