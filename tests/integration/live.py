#!/usr/bin/env python3
"""The conformance cases and Zomerdal through a live broker over CURVE: same lines, right mailboxes.

    live.py BUILD cases [CASE…]             every case of tests/conformance (a name or its beginning)
    live.py BUILD zomerdal FILE EXPECTED [--restarts N] [--connections N]

A line is sent with the key its source belongs to, or any agency's where there is none; the next goes when
the one before is answered. Decisions are compared byte for byte with EXPECTED (cases: as JSON), and what each
party read from its mailbox with the message lines to it. --restarts: the broker is stopped and started so many
times on the way. --connections: every party's lines go round over so many connections with its key.
"""

import argparse
import collections
import json
import os
import shutil
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "deploy"))

from live_town import Broken, LiveTown, WAIT_S  # noqa: E402

MASKED = {"rule"}  # its name may say why; on delivery it is left out


def told(lines):
    """Message lines by recipient, as a mailbox must hold them."""
    out = collections.defaultdict(list)
    for line in lines:
        v = json.loads(line)
        if v["event"] == "message":
            out[v["to"]].append({k: x for k, x in v.items() if k not in MASKED | {"event", "to"}})
    return out


def read_of(connections):
    """What a party read, in the members that message lines have; a signal as its id.

    With several connections every one reads and acknowledges: what one has acknowledged, another that comes later does
    not get. So nothing may be missing of what they read together, in order for each."""
    read = {}
    for party in connections:
        seq = 0
        for m in party.messages:
            if m["seq"] <= seq:
                continue  # delivered again after a restart: at least once, in order
            if len(connections) == 1 and m["seq"] != seq + 1:
                raise Broken("%s: message %d after %d" % (party.name, m["seq"], seq))
            seq = m["seq"]
            if seq not in read or read[seq]["kind"] == "erased":
                read[seq] = m
    for n, seq in enumerate(sorted(read), 1):
        if seq != n:
            raise Broken("%s: nobody read message %d" % (connections[0].name, n))
    return [{k: x for k, x in read[seq].items() if k not in ("event", "seq", "source")} for seq in sorted(read)]


def run(build, config, lines, expected, until=None, restarts=0, connections=1, exact=True):
    """The differences, as lines of text; none is a pass."""
    home = tempfile.mkdtemp(prefix="vdr-live-")
    town, people, readers, faults = None, {}, [], []
    try:
        town = LiveTown(build, config, home)
        town.start()
        decisions = town.decisions()
        names = [p["party"] for p in town.parties if not p["party"].startswith("operator:")]
        people = {n: [town.party(n, "" if i == 0 else "-%d" % i) for i in range(connections)] for n in names}
        turn = collections.Counter()
        stops = {(len(lines) * (i + 1)) // (restarts + 1) for i in range(restarts)}
        for n, line in enumerate(lines):
            if not line.strip():
                continue
            if n in stops:
                if town.stop() != 0:
                    raise Broken("the broker did not stop with status 0")
                town.start()
                decisions.wait_live()
            who = town.sender_of(line)
            people[who][turn[who] % connections].publish(line)
            turn[who] += 1
        if until:
            town.operator("clock", "advance", until)
        decisions.wait_for(len(expected), 0.2 if not exact else 0.5)
        want = told(expected)
        limit = time.monotonic() + WAIT_S
        for n in names:
            while (len({m["seq"] for p in people[n] for m in list(p.messages)}) < len(want.get(n, [])) and
                   time.monotonic() < limit):
                time.sleep(0.01)
        got = list(decisions.lines)
        decisions.stop()
        for n in names:
            for p in people[n]:
                p.stop()
        if town.stop() != 0:
            faults.append("the broker did not stop with status 0")
        norm = (lambda x: x) if exact else json.loads
        for i in range(max(len(got), len(expected))):
            g = norm(got[i]) if i < len(got) else None
            e = norm(expected[i]) if i < len(expected) else None
            if g != e:
                faults.append("line %d: expected %s" % (i + 1, expected[i] if e is not None else "nothing"))
                faults.append("line %d: got      %s" % (i + 1, got[i] if g is not None else "nothing"))
                break
        for n in names:
            read = read_of(people[n])
            # Years pass here in seconds. What left meanwhile is erased for good, by its term or a second after an act
            # did so: a reader that is later than that finds a message in its place that says no more than that.
            read = [b if a["kind"] == "erased" else a for a, b in zip(read, want.get(n, []))] + read[len(want.get(n, [])):]
            if read != want.get(n, []):
                faults.append("mailbox of %s: %d messages read, %d expected" % (n, len(read), len(want.get(n, []))))
                for a, b in zip(read, want.get(n, [])):
                    if a != b:
                        faults.append("  first difference: read %s, expected %s" % (a, b))
                        break
        missing = set(want) - set(names)
        if missing:
            faults.append("no such party: %s" % ", ".join(sorted(missing)))
    except Broken as e:
        faults.append(str(e))
    finally:
        for each in people.values():
            for p in each:
                p.kill()
        if town is not None:
            town.kill()
        if faults:
            faults.append("logs: %s" % home)
        else:
            shutil.rmtree(home)
    return faults


def cases(build, wanted):
    folder = os.path.join(ROOT, "tests/conformance")
    names = sorted(d for d in os.listdir(folder) if os.path.exists(os.path.join(folder, d, "input.jsonl")))
    names = [n for n in names if not wanted or any(n.startswith(w) for w in wanted)]
    failed = 0
    for name in names:
        case = os.path.join(folder, name)
        with open(os.path.join(case, "input.jsonl"), "rb") as f:
            lines = f.readlines()
        with open(os.path.join(case, "expected.jsonl"), "rb") as f:
            expected = f.readlines()
        until = None
        if os.path.exists(os.path.join(case, "until.txt")):
            with open(os.path.join(case, "until.txt"), encoding="utf-8") as f:
                until = f.read().strip()
            lines = before(lines, until)
        faults = run(build, case, lines, expected, until, exact=False)
        failed += bool(faults)
        print("%s %s" % ("FAIL" if faults else "ok  ", name))
        for fault in faults:
            print("    " + str(fault))
        sys.stdout.flush()
    print("%d passed, %d failed" % (len(names) - failed, failed))
    return 1 if failed or not names else 0


def before(lines, until):
    """--until stops a replay at the first line whose time is after it; live, such a line is not sent."""
    for n, line in enumerate(lines):
        try:
            v = json.loads(line)
        except ValueError:
            continue
        time_ = v.get("time") if isinstance(v, dict) else None
        if isinstance(time_, str) and len(time_) >= 20 and instant(time_) > instant(until):
            return lines[:n]
    return lines


def instant(text):
    return (text[:19], text[19:-1].lstrip(".").ljust(9, "0"))


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("what", choices=["cases", "zomerdal"])
    p.add_argument("names", nargs="*")
    p.add_argument("--restarts", type=int, default=0)
    p.add_argument("--connections", type=int, default=1)
    a = p.parse_args()
    if a.what == "cases":
        return cases(a.build, a.names)
    town = os.path.join(ROOT, "deploy/zomerdal")
    with open(os.path.join(town, a.names[0]), "rb") as f:
        lines = f.readlines()
    with open(os.path.join(town, a.names[1]), "rb") as f:
        expected = f.readlines()
    faults = run(a.build, town, lines, expected, None, a.restarts, a.connections)
    for fault in faults:
        print(fault)
    print("%d passed, %d failed" % (0 if faults else 1, 1 if faults else 0))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
