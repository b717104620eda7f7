// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the kworker authors
package io.kworker;

import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.regex.Pattern;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/**
 * A workqueue's place in the MBean server of the platform, while it is open. Not to be loaded where there is no module
 * java.management.
 */
final class Publication {
    private static final System.Logger LOG = System.getLogger("io.kworker");

    /** A name in which one of these is, or none, has to be quoted. */
    private static final Pattern SPECIAL = Pattern.compile("[,=:\"*?\n]|^$");

    private final Workqueue workqueue;

    /** L: the name in force; null where it is not published. */
    private @Nullable ObjectName objectName;

    /** L. */
    private boolean isOver;

    Publication(Workqueue workqueue) {
        this.workqueue = workqueue;
    }

    /** A workqueue that cannot be published works all the same. Nothing where it has been withdrawn already. */
    synchronized void publish() {
        if (isOver) {
            return;
        }
        try {
            objectName = register(ManagementFactory.getPlatformMBeanServer());
        } catch (JMException | RuntimeException e) {
            LOG.log(Level.WARNING, workqueue + " has no MXBean", e);
        }
    }

    private ObjectName register(MBeanServer server) throws JMException {
        WorkqueueBean bean = new WorkqueueBean(workqueue);
        for (int number = 1;; number++) {
            String name = number == 1 ? workqueue.name() : workqueue.name() + '#' + number;
            ObjectName wanted = new ObjectName("io.kworker:type=Workqueue,runtime="
                    + quoted(workqueue.runtime().name()) + ",name=" + quoted(name));
            try {
                return server.registerMBean(bean, wanted).getObjectName();
            } catch (InstanceAlreadyExistsException e) {
                // the next number
            }
        }
    }

    static String quoted(String name) {
        return SPECIAL.matcher(name).find() ? ObjectName.quote(name) : name;
    }

    /** Once and for all. */
    synchronized void withdraw() {
        isOver = true;
        ObjectName published = objectName;
        objectName = null;
        if (published != null) {
            try {
                ManagementFactory.getPlatformMBeanServer().unregisterMBean(published);
            } catch (InstanceNotFoundException e) {
                // somebody else has withdrawn it
            } catch (JMException | RuntimeException e) {
                LOG.log(Level.WARNING, workqueue + " could not withdraw its MXBean", e);
            }
        }
    }
}
