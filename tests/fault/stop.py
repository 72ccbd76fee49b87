#!/usr/bin/env python3
"""SIGSTOP, and after a while SIGCONT: of the broker, of readers, of agencies, under load.

    stop.py BUILD [--rounds N] [--stop S] [--seed N]

While the broker is stopped longer than heartbeats allow, its parties give it up and connect anew; when it goes on it
has what they sent before, and gets it again: nothing is done twice. A party that is stopped is given up by the broker,
others are served meanwhile; it comes back and goes on where it was. In the end all records agree (field.py).
"""

import argparse
import collections
import random
import signal
import sys
import time

sys.dont_write_bytecode = True
from field import field_of, tell  # noqa: E402

LIMITS = "heartbeat: 1s"


def send(process, number):
    if process.poll() is None:
        process.send_signal(number)


def run(field, rounds, stop_s, seed):
    rng, stopped = random.Random(seed), collections.Counter()
    field.town.start()
    field.load(publishers=4, seed=seed)
    for n in range(rounds):
        field.wait_confirmed(10)
        what = ("broker", "reader", "agency")[n % 3]
        if what == "broker":
            process = field.town.broker
        elif what == "reader":
            process = field.readers[rng.choice(sorted(field.readers))].process.process
        else:
            victim = rng.choice(field.publishers)
            process = victim.process.process
        send(process, signal.SIGSTOP)
        stopped[what] += 1
        until, before = time.monotonic() + stop_s, [x.confirmed for x in field.publishers]
        try:
            field.wait("the time of the stop", lambda: time.monotonic() > until)
            if what != "broker":
                others = [x for x in field.publishers if what != "agency" or x is not victim]
                field.wait("others served", lambda: all(x.confirmed > before[field.publishers.index(x)] + 5 for x in others))
        finally:
            send(process, signal.SIGCONT)
    field.wait_confirmed(10)
    faults, lines = field.judge()
    sessions = sum("event=session_open" in x for x in field.log_text().splitlines())
    print("stopped for %g s and sent on: %s; %d sessions" % (
        stop_s, ", ".join("%s %d times" % x for x in sorted(stopped.items())), sessions))
    print("%s, %d lines told" % (field.figure(), lines))
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--stop", type=float, default=4.5, help="seconds; beyond three heartbeats")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    faults = []
    with field_of(faults, a.build, "stop", limits=LIMITS) as field:
        faults += run(field, a.rounds, a.stop, a.seed)
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
