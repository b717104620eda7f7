// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.RuntimeMBeanException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workqueues as management tools see them (J15, A65, A95). */
@Timeout(60)
class MXBeanTest {
    private static final MBeanServer SERVER = ManagementFactory.getPlatformMBeanServer();

    @RegisterExtension final RuntimeExtension runtimes = new RuntimeExtension();

    private static Set<String> names() throws JMException {
        return SERVER.queryNames(new ObjectName("io.kworker:*"), null).stream().map(ObjectName::toString)
                .collect(Collectors.toSet());
    }

    private static ObjectName named(String name) throws JMException {
        return new ObjectName("io.kworker:type=Workqueue,runtime=test,name=" + name);
    }

    @Test
    void a_workqueue_shows_what_it_is_and_what_it_has_done() throws JMException {
        WorkRuntime runtime = runtimes.runtime();
        Workqueue workqueue =
                runtimes.queue(runtime.workqueue("shown").highpri().freezable().maxActive(7).mxBean());
        for (int i = 0; i < 3; i++) {
            Item item = runtimes.item();
            workqueue.queue(item);
            item.flush();
        }
        workqueue.flush();
        ObjectName name = named("shown");
        assertEquals("shown", SERVER.getAttribute(name, "Name"));
        assertArrayEquals(
                new String[] {"bound", "highpri", "freezable"}, (String[]) SERVER.getAttribute(name, "Flags"));
        assertEquals(7, SERVER.getAttribute(name, "MaxActive"));
        assertArrayEquals(
                Arrays.stream(runtime.cpus()).boxed().toArray(), (Object[]) SERVER.getAttribute(name, "Cpus"));
        assertNull(SERVER.getAttribute(name, "Affinity"));
        assertEquals(false, SERVER.getAttribute(name, "Strict"));
        assertEquals(3L, SERVER.getAttribute(name, "Started"));
        assertEquals(3L, SERVER.getAttribute(name, "Completed"));
        for (String counter : new String[] {
            "Active", "Waiting", "CpuIntensive", "CmWakeup", "Mayday", "Rescued", "Repatriated"}) {
            assertEquals(0L, SERVER.getAttribute(name, counter), counter);
        }
    }

    @Test
    void an_unbound_one_shows_its_attributes_and_takes_limits() throws JMException {
        WorkRuntime runtime = runtimes.runtime();
        int cpu = RuntimeExtension.lastCpu();
        Workqueue workqueue = runtimes.queue(
                runtime.workqueue("wide").unbound().affinity(Affinity.NUMA).strict().cpus(cpu).mxBean());
        WorkqueueMXBean bean = JMX.newMXBeanProxy(SERVER, named("wide"), WorkqueueMXBean.class);
        assertEquals(Affinity.NUMA, bean.getAffinity());
        assertTrue(bean.isStrict());
        assertEquals(List.of(cpu), bean.getCpus());
        assertEquals(List.of("unbound"), bean.getFlags());
        bean.setMinActive(3);
        bean.setMaxActive(5);
        assertEquals(3, workqueue.minActive());
        assertEquals(5, workqueue.maxActive());
        assertEquals(3, bean.getMinActive());
        assertEquals(5, bean.getMaxActive());
    }

    /** J16: the caller is told, and nothing is changed. */
    @Test
    void a_limit_that_makes_no_sense_is_refused() throws JMException {
        Workqueue workqueue = runtimes.queue(runtimes.oneCpu().workqueue("strict one").maxActive(4).mxBean());
        RuntimeMBeanException refusal = assertThrows(
                RuntimeMBeanException.class,
                () -> SERVER.setAttribute(named("strict one"), new Attribute("MaxActive", 0)));
        assertInstanceOf(IllegalArgumentException.class, refusal.getCause());
        assertEquals(4, workqueue.maxActive());
    }

    @Test
    void it_is_withdrawn_when_the_workqueue_is_closed() throws JMException {
        WorkRuntime runtime = runtimes.oneCpu();
        Workqueue one = runtimes.queue(runtime.workqueue("one").mxBean());
        runtimes.queue(runtime.workqueue("two").mxBean());
        assertTrue(SERVER.isRegistered(named("one")) && SERVER.isRegistered(named("two")));
        one.close();
        assertFalse(SERVER.isRegistered(named("one")));
        assertTrue(SERVER.isRegistered(named("two")));
        runtime.close();
        assertFalse(SERVER.isRegistered(named("two")));
    }

    @Test
    void only_those_are_shown_that_want_it() throws JMException {
        WorkRuntime runtime = runtimes.oneCpu();
        runtime.system();
        runtimes.queue(runtime.workqueue("private"));
        assertEquals(Set.of(), names());
    }

    @Test
    void names_are_quoted_where_they_need_it_and_numbered_where_they_are_taken() throws JMException {
        WorkRuntime runtime =
                runtimes.start(RuntimeExtension.builder().name("a=b,c:d").cpus(RuntimeExtension.firstCpu()));
        List<String> names = List.of("", "what? *", "plain name", "plain name", "plain name", "say \"so\"\n");
        for (String name : names) {
            runtimes.queue(runtime.workqueue(name).mxBean());
        }
        Map<String, String> expected = Map.of(
                "\"\"", "",
                "\"what\\? \\*\"", "what? *",
                "plain name", "plain name",
                "plain name#2", "plain name",
                "plain name#3", "plain name",
                "\"say \\\"so\\\"\\n\"", "say \"so\"\n");
        String prefix = "io.kworker:type=Workqueue,runtime=\"a=b,c:d\",name=";
        assertEquals(expected.keySet().stream().map(prefix::concat).collect(Collectors.toSet()), names());
        for (Map.Entry<String, String> entry : expected.entrySet()) {
            assertEquals(entry.getValue(), SERVER.getAttribute(new ObjectName(prefix + entry.getKey()), "Name"));
        }
        runtime.close();
        assertEquals(Set.of(), names());
    }

    /** Whoever loses the race has nothing left in the server. */
    @Test
    void closing_and_making_at_the_same_time_leaves_nothing() throws JMException {
        for (int i = 0; i < 50; i++) {
            WorkRuntime runtime = runtimes.start(RuntimeExtension.builder().cpus(RuntimeExtension.firstCpu()));
            TestThreads.together(2, thread -> {
                if (thread == 0) {
                    runtime.close();
                } else {
                    try {
                        for (int n = 0; n < 10; n++) {
                            runtime.workqueue("late " + n).mxBean().build();
                        }
                    } catch (RejectedExecutionException e) {
                        // it was closed by then
                    }
                }
            });
            assertEquals(Set.of(), names());
        }
    }
}
