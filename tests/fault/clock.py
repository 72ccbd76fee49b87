#!/usr/bin/env python3
"""The broker's wall clock jumps a day ahead and back, stands still, and goes on, under load (clock.c).

    clock.py BUILD [--rounds N] [--seed N]

Time of the log never goes back, signals go on being taken, timers fire once: what regisseurs were offered and a day
took from them is offered again, and they may accept it; everything finishes and all records agree (field.py).
"""

import argparse
import mmap
import os
import random
import struct
import sys
import time

sys.dont_write_bytecode = True
from field import field_of, tell  # noqa: E402

DAY_NS = 86400 * 10**9
WAYS = ("a day ahead", "a day back", "still", "on", "an hour ahead", "an hour back")


class Clock:
    def __init__(self, path):
        with open(path, "wb") as f:
            f.write(bytes(16))
        with open(path, "r+b") as f:
            self.said = mmap.mmap(f.fileno(), 16)
        self.offset = 0

    def say(self, way):
        still = 0
        if way == "still":
            still = time.time_ns() + self.offset
        elif way != "on":
            length = DAY_NS if "day" in way else DAY_NS // 24
            self.offset += length if way.endswith("ahead") else -length
        self.said[:8] = struct.pack("q", self.offset)
        self.said[8:] = struct.pack("q", still)


def run(field, clock, rounds, seed):
    rng, times = random.Random(seed), []
    field.town.start()
    field.load(publishers=4, seed=seed)
    last = 0
    for n in range(rounds):
        way = WAYS[n % len(WAYS)] if n < len(WAYS) else rng.choice(WAYS)
        field.wait_confirmed(10)
        clock.say(way)
        times.append(way)
        field.wait_confirmed(10)
        status = field.status()
        if status["log_time_ms"] < last:
            raise AssertionError("log time went back from %d to %d" % (last, status["log_time_ms"]))
        last = status["log_time_ms"]
    clock.offset = 0  # set right again
    clock.say("on")
    field.wait_confirmed(10)
    faults, lines = field.judge()
    jumps = sum("the wall clock was set" in x for x in field.log_text().splitlines())
    print("%s; %d told in the broker's log" % (", ".join("%s %d" % (w, times.count(w)) for w in WAYS), jumps))
    print("%s, %d lines told" % (field.figure(), lines))
    if jumps == 0:
        faults.append("no jump is told in the log")
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=len(WAYS))
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    faults = []
    with field_of(faults, a.build, "clock") as field:
        field.excused = ("clock",)  # log time is ahead for a day, where the clock was
        clock = Clock(os.path.join(field.home, "clock"))
        field.town.prefix = ["env", "LD_PRELOAD=" + os.path.join(a.build, "tests/fault/libvdr_fault_clock.so"),
                             "VDR_CLOCK=" + os.path.join(field.home, "clock")]
        faults += run(field, clock, a.rounds, a.seed)
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
