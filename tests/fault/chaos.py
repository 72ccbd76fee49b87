#!/usr/bin/env python3
"""Agencies, regisseurs and services reach the broker only through a network that fails (proxy.py).

    chaos.py BUILD [--faults N] [--seed N]

Every connection is delayed, starved, cut, reset, half-open, or loses what is said; now and then all are parted from
the broker; until N faults have been done. Then the network is well again, and everything must finish: every line is
answered, every mailbox is read to its end, and the records agree (field.py).
"""

import argparse
import sys
import time

sys.dont_write_bytecode = True
from field import field_of, tell  # noqa: E402
from proxy import Proxy  # noqa: E402

PARTITION_EVERY = 25  # faults
PARTITION_S = 1.5
LIMITS = "heartbeat: 1s"  # so that half-open connections are soon found out


def run(field, faults_wanted, seed):
    field.town.start()
    proxy = Proxy(*field.listen(), seed)
    try:
        field.through("127.0.0.1", proxy.port)
        field.load(publishers=4, seed=seed)
        field.wait_confirmed()
        proxy.wild = True
        for link in list(proxy.links):
            proxy.plan(link)
        for goal in range(PARTITION_EVERY, faults_wanted + PARTITION_EVERY, PARTITION_EVERY):
            field.wait("%d faults" % min(goal, faults_wanted), lambda: proxy.total() >= min(goal, faults_wanted))
            proxy.partition(True)
            time.sleep(PARTITION_S)
            proxy.partition(False)
        proxy.calm()
        field.wait_confirmed(10)
        faults, lines = field.judge()
        print("%d faults on %d connections: %s" % (
            proxy.total(), proxy.connections, ", ".join("%s %d" % x for x in sorted(proxy.injected.items()))))
        print("%s, %d lines told" % (field.figure(), lines))
    finally:
        proxy.close()
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--faults", type=int, default=60)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    faults = []
    with field_of(faults, a.build, "chaos", limits=LIMITS) as field:
        faults += run(field, a.faults, a.seed)
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
