#!/usr/bin/env python3
"""The broker has no descriptor left.

    descriptors.py BUILD [--limit N] [--rounds N]

Idle connections take all that the process may open, while agencies publish: who is connected is served on, the
broker's log says so, and with the connections gone it says that too and lets new ones in. A checkpoint and an
operator who is connected work meanwhile. In the end all records agree (field.py).
"""

import argparse
import contextlib
import socket
import sys
import time

sys.dont_write_bytecode = True
from field import Broken, field_of, tell  # noqa: E402

LIMITS = "handshake: 1s"


def crowd(field, count):
    out = []
    for _ in range(count):
        s = socket.socket()
        s.setblocking(False)
        with contextlib.suppress(OSError):
            s.connect(field.listen())
        out.append(s)
    return out


def said(field, what):
    return sum("event=descriptors left=%s" % what in x for x in field.log_text().splitlines())


def run(field, limit, rounds):
    field.town.start()
    field.load(publishers=4)
    field.wait_confirmed(10)
    sockets = 0
    for n in range(rounds):
        idle, until = [], time.monotonic() + 60
        before = [x.confirmed for x in field.publishers]
        while said(field, "none") <= n:
            idle += crowd(field, limit)  # the broker lets go of those that say nothing: others come
            sockets += limit
            field.wait("room to be taken", lambda: said(field, "none") > n or time.monotonic() % 0.5 < 0.05)
            if time.monotonic() > until:
                raise Broken("the broker does not say that it has no descriptor left")
        field.wait("agencies served meanwhile",
                   lambda: all(x.confirmed > b + 20 for x, b in zip(field.publishers, before)))
        for s in idle:
            s.close()
        field.wait("descriptors again", lambda: said(field, "again") > n)
        field.status()
        field.wait_confirmed(10)
    faults, lines = field.judge()
    print("%d times no descriptor of %d was left, for %d idle connections" % (said(field, "none"), limit, sockets))
    print("%s, %d lines told" % (field.figure(), lines))
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--limit", type=int, default=90)
    p.add_argument("--rounds", type=int, default=2)
    a = p.parse_args()
    faults = []
    with field_of(faults, a.build, "descriptors", limits=LIMITS,
                  prefix=["prlimit", "--nofile=%d:%d" % (a.limit, a.limit)]) as field:
        faults += run(field, a.limit, a.rounds)
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
