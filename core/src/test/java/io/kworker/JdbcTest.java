// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Handlers that use a database, with as many connections as the workqueue's limit allows handlers. */
@Timeout(60)
class JdbcTest {
    private static final int CONNECTIONS = 4;
    private static final int ACCOUNTS = 8;
    private static final int DEPOSIT = 1000;
    private static final int TRANSFERS = 300;

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private Pool pool;

    /** Where the limit is one for all CPUs, and where it is that of the only CPU. */
    enum Kind {
        UNBOUND,
        BOUND
    }

    @BeforeEach
    void open() throws SQLException {
        pool = new Pool("jdbc:h2:mem:bank;LOCK_TIMEOUT=20000");
        execute("CREATE TABLE account (id INT PRIMARY KEY, balance INT NOT NULL)");
        execute("CREATE TABLE log (number INT PRIMARY KEY, amount INT NOT NULL)");
        execute("INSERT INTO account SELECT x - 1, " + DEPOSIT + " FROM SYSTEM_RANGE(1, " + ACCOUNTS + ")");
        execute("CREATE ALIAS slowly FOR 'java.lang.Thread.sleep(long)'");
    }

    @AfterEach
    void close() throws SQLException {
        pool.close();
    }

    private Workqueue queue(Kind kind) {
        return switch (kind) {
            case UNBOUND -> runtimes.queue(runtimes.runtime().workqueue("database")
                    .unbound().affinity(Affinity.SYSTEM).maxActive(CONNECTIONS));
            case BOUND -> runtimes.queue(runtimes.oneCpu(), "database", CONNECTIONS);
        };
    }

    /** Each handler finds a connection, and all of them are used. */
    @ParameterizedTest
    @EnumSource
    void the_limit_of_a_workqueue_is_the_number_of_connections(Kind kind) throws SQLException {
        Workqueue workqueue = queue(kind);
        CountDownLatch allInUse = new CountDownLatch(CONNECTIONS);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 5 * CONNECTIONS; i++) {
            items.add(runtimes.item(work -> pool.with(connection -> {
                allInUse.countDown();
                allInUse.await();
                query(connection, "CALL slowly(1)");
                return null;
            })));
        }
        items.forEach(workqueue::queue);
        workqueue.flush();
        assertTrue(items.stream().allMatch(item -> item.runs() == 1 && item.failure() == null));
        assertEquals(CONNECTIONS, pool.most.get());
    }

    /** Handlers wait in the database for rows that others have locked. */
    @ParameterizedTest
    @EnumSource
    void transfers_keep_the_total(Kind kind) throws SQLException {
        Workqueue workqueue = queue(kind);
        for (int number = 0; number < TRANSFERS; number++) {
            Transfer transfer = new Transfer(number);
            workqueue.queue(runtimes.item(work -> transfer.call()));
        }
        workqueue.flush();
        assertBooksAreRight();
    }

    @ParameterizedTest
    @EnumSource
    void transfers_by_an_executor_keep_the_total(Kind kind) throws Exception {
        runtimes.doNotCountRuns();
        try (ExecutorService executor = queue(kind).asExecutorService()) {
            List<Transfer> transfers = IntStream.range(0, TRANSFERS).mapToObj(Transfer::new).toList();
            int moved = 0;
            for (Future<Integer> future : executor.invokeAll(transfers)) {
                moved += future.get();
            }
            assertEquals(transfers.stream().mapToInt(transfer -> transfer.amount).sum(), moved);
        }
        assertBooksAreRight();
    }

    /** One row too many is refused by the database, and the whole transfer is undone. */
    @ParameterizedTest
    @EnumSource
    void what_fails_is_rolled_back_and_gives_its_connection_back(Kind kind) throws Exception {
        runtimes.doNotCountRuns();
        try (ExecutorService executor = queue(kind).asExecutorService(Bound.block(2 * CONNECTIONS))) {
            List<Future<Integer>> first = new ArrayList<>();
            List<Future<Integer>> again = new ArrayList<>();
            for (int number = 0; number < TRANSFERS; number++) {
                first.add(executor.submit(new Transfer(number)));
                again.add(executor.submit(new Transfer(number))); // one of the two comes too late
            }
            for (int number = 0; number < TRANSFERS; number++) {
                Future<Integer> one = first.get(number);
                Future<Integer> other = again.get(number);
                Future<Integer> failed = await(one) == Future.State.FAILED ? one : other;
                assertEquals(Future.State.FAILED, await(failed));
                assertEquals(Future.State.SUCCESS, await(failed == one ? other : one));
                assertTrue(assertThrows(ExecutionException.class, failed::get).getCause() instanceof SQLException);
            }
        }
        assertBooksAreRight();
    }

    private static Future.State await(Future<?> future) {
        Await.until("it is done", future::isDone);
        return future.state();
    }

    /** Each transfer is there once, in the log and in the balances, and never were there too many connections. */
    private void assertBooksAreRight() throws SQLException {
        int[] expected = new int[ACCOUNTS];
        Arrays.fill(expected, DEPOSIT);
        int amounts = 0;
        for (int number = 0; number < TRANSFERS; number++) {
            Transfer transfer = new Transfer(number);
            expected[transfer.from] -= transfer.amount;
            expected[transfer.to] += transfer.amount;
            amounts += transfer.amount;
        }
        assertEquals(TRANSFERS, ask("SELECT COUNT(*) FROM log"));
        assertEquals(amounts, ask("SELECT SUM(amount) FROM log"));
        assertEquals(ACCOUNTS * DEPOSIT, ask("SELECT SUM(balance) FROM account"));
        for (int id = 0; id < ACCOUNTS; id++) {
            assertEquals(expected[id], ask("SELECT balance FROM account WHERE id = " + id));
        }
        assertTrue(pool.most.get() <= CONNECTIONS);
        assertEquals(CONNECTIONS, pool.free.size());
    }

    /** Moves an amount from one account to another one, and says so in the log. */
    private final class Transfer implements Callable<Integer> {
        final int number;
        final int from;
        final int to;
        final int amount;

        Transfer(int number) {
            this.number = number;
            from = number % ACCOUNTS;
            to = (from + 1 + number / ACCOUNTS % (ACCOUNTS - 1)) % ACCOUNTS;
            amount = 1 + number % 7;
        }

        @Override
        public Integer call() throws Exception {
            return pool.with(connection -> {
                connection.setAutoCommit(false);
                try {
                    add(connection, Math.min(from, to)); // in one order, else two of them lock each other out
                    add(connection, Math.max(from, to));
                    log(connection);
                    connection.commit();
                    return amount;
                } catch (SQLException e) {
                    connection.rollback();
                    throw e;
                } finally {
                    connection.setAutoCommit(true);
                }
            });
        }

        private void add(Connection connection, int account) throws SQLException {
            String sql = "UPDATE account SET balance = balance + ? WHERE id = ?";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setInt(1, account == from ? -amount : amount);
                statement.setInt(2, account);
                assertEquals(1, statement.executeUpdate());
            }
        }

        private void log(Connection connection) throws SQLException {
            try (PreparedStatement statement = connection.prepareStatement("INSERT INTO log VALUES (?, ?)")) {
                statement.setInt(1, number);
                statement.setInt(2, amount);
                assertEquals(1, statement.executeUpdate());
            }
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = pool.first().createStatement()) {
            statement.execute(sql);
        }
    }

    private int ask(String sql) throws SQLException {
        return query(pool.first(), sql);
    }

    private static int query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            assertTrue(rows.next());
            return rows.getInt(1);
        }
    }

    /** What is done with a connection. */
    private interface Use<R> {
        R apply(Connection connection) throws Exception;
    }

    /** So many connections. It does not wait: who asks for one more is told that the limit did not hold. */
    private static final class Pool {
        final ConcurrentLinkedQueue<Connection> free = new ConcurrentLinkedQueue<>();
        final AtomicInteger most = new AtomicInteger();
        private final AtomicInteger inUse = new AtomicInteger();

        Pool(String url) throws SQLException {
            for (int i = 0; i < CONNECTIONS; i++) {
                free.add(DriverManager.getConnection(url));
            }
        }

        Connection first() {
            return free.element();
        }

        <R> R with(Use<R> use) throws Exception {
            most.accumulateAndGet(inUse.incrementAndGet(), Math::max);
            Connection connection = free.poll();
            if (connection == null) {
                throw new IllegalStateException("more than " + CONNECTIONS + " handlers at once");
            }
            try {
                return use.apply(connection);
            } finally {
                inUse.decrementAndGet();
                free.add(connection);
            }
        }

        void close() throws SQLException {
            for (Connection connection : free) {
                connection.close();
            }
        }
    }
}
