#!/usr/bin/env python3
"""kill -9 of the broker, of publishers and of subscribers, at random instants under load.

    kill.py BUILD [--rounds N] [--seed N]

Agencies publish without pause, some hundred lines a second each, so that the town stays one that starts quickly;
50 to 600 ms after all of them had an answer, or sometimes at once, something is killed, most often the broker,
which is started again, and must start each time. In the end the records that the clients kept are compared with what
the broker decided (field.py).
"""

import argparse
import collections
import random
import sys
import time

sys.dont_write_bytecode = True
from field import Broken, PATIENCE_S, field_of, tell  # noqa: E402


def run(field, rounds, seed):
    rng, killed = random.Random(seed), collections.Counter()
    field.town.start()
    field.load(seed=seed)
    for _ in range(rounds):
        if rng.random() < 0.75:
            for x in field.publishers:
                if not x.answered.wait(PATIENCE_S):
                    raise Broken("%s no longer answers" % x.name)
            time.sleep(rng.uniform(0.05, 0.6))
        for x in field.publishers:
            x.answered.clear()
        what = rng.choices(["broker", "publisher", "reader"], [6, 2, 2])[0]
        killed[what] += 1
        field.pump()
        if what == "broker":
            field.town.kill()
            field.town.start()
        elif what == "publisher":
            victim = rng.choice(field.publishers).process
            if victim is not None:
                victim.process.kill()
        else:
            field.readers[rng.choice(sorted(field.readers))].again()
    faults, lines = field.judge()
    print("killed: %s; %s, %d lines" % (dict(killed), field.figure(), lines))
    if field.confirmed() < 10 * rounds:
        faults.append("too little load to mean anything")
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    faults = []
    with field_of(faults, a.build, "kill") as field:
        faults += run(field, a.rounds, a.seed)
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
