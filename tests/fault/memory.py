#!/usr/bin/env python3
"""The broker is short of memory: one allocation fails, or it may have no more.

    memory.py BUILD [--rounds N] [--seed N]

Under load the n-th allocation from now on fails, for n at random up to a few thousand (memory.c); every fourth time
instead the process may have hardly more address space than it has (RLIMIT_AS). It goes on, refuses, or ends with
words; it is started again then, and nothing that was confirmed is lost or doubled (field.py).
"""

import argparse
import collections
import mmap
import os
import random
import resource
import struct
import sys
import time

sys.dont_write_bytecode = True
from field import field_of, tell  # noqa: E402

MIB = 1 << 20
REACH = (1, 3, 10, 30, 100, 300, 1000, 3000)  # allocations from now; beyond the last nothing may come for long
QUIET_S = 2.0
LIMITS = "checkpoint_every: 1s, heads_every: 1s"


class Memory:
    def __init__(self, path):
        with open(path, "wb") as f:
            f.write(bytes(16))
        with open(path, "r+b") as f:
            self.said = mmap.mmap(f.fileno(), 16)

    def after(self, count):
        self.said[:8] = struct.pack("q", count)

    def failed(self):
        return struct.unpack("q", self.said[8:])[0]


def space(pid):
    with open("/proc/%d/statm" % pid, encoding="ascii") as f:
        return int(f.read().split()[0]) * resource.getpagesize()


def short(field, rng):
    """Hardly more address space than it has; then a checkpoint and sessions, which take some."""
    pid = field.town.broker.pid
    resource.prlimit(pid, resource.RLIMIT_AS, (space(pid) + rng.choice((0, 1, 4)) * MIB, resource.RLIM_INFINITY))
    for n in range(3):
        field.party(rng.choice(sorted(field.readers)), "-guest-%d" % n).kill()
    until = time.monotonic() + QUIET_S
    field.wait("something", lambda: field.town.broker.poll() is not None or time.monotonic() > until)
    if field.town.broker.poll() is None:
        resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


WORDS = ("out of memory", "bad_alloc", "cannot allocate memory",
         ".cpp:")  # libzmq says no more than the place where it cannot go on


def words_of(field, status):
    """Does the broker's log say why it ended?"""
    last = field.log_text()[-3000:].lower()
    return status == 3 or any(x in last for x in WORDS)


def served(field):
    """Every agency is; a broker that ended only now is started again."""
    goal = [x.confirmed + 5 for x in field.publishers]
    while not all(x.confirmed >= g for x, g in zip(field.publishers, goal)):
        field.wait("confirms", lambda: field.town.broker.poll() is not None or all(
            x.confirmed >= g for x, g in zip(field.publishers, goal)))
        if field.town.broker.poll() is not None:
            field.town.start()


def run(field, memory, rounds, seed):
    rng, ends, faults = random.Random(seed), collections.Counter(), []
    field.town.start()
    field.load(publishers=4, seed=seed)
    for n in range(rounds):
        served(field)
        if n % 4 == 3:
            short(field, rng)
        else:
            goal = memory.failed() + 1
            memory.after(rng.randint(1, rng.choice(REACH)))
            field.wait("an allocation", lambda: memory.failed() >= goal or field.town.broker.poll() is not None)
            until = time.monotonic() + 0.3
            field.wait("what comes of it", lambda: field.town.broker.poll() is not None or time.monotonic() > until)
        memory.after(0)
        status = field.town.broker.poll()
        ends[status] += 1
        if status is not None:
            if not words_of(field, status):
                faults.append("round %d: ended with status %s without words: %s" % (n, status, field.log_text()[-400:]))
            field.town.start()
    served(field)
    found, lines = field.judge()
    print("%d allocations failed, %d times no more address space: %s" % (
        memory.failed(), rounds // 4, ", ".join(
            "%d times %s" % (c, "it went on" if s is None else "it ended (status %d)" % s) for s, c in ends.items())))
    print("%s, %d lines told" % (field.figure(), lines))
    return faults + found


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=12)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    faults = []
    with field_of(faults, a.build, "memory", limits=LIMITS) as field:
        path = os.path.join(field.home, "memory")
        memory = Memory(path)
        field.town.prefix = ["env", "LD_PRELOAD=" + os.path.join(a.build, "tests/fault/libvdr_fault_memory.so"),
                             "VDR_MEMORY_FILE=" + path]
        faults += run(field, memory, a.rounds, a.seed)
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
