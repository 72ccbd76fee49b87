#!/usr/bin/env python3
"""kill -9 of the broker, of publishers and of subscribers, at random instants under load.

    kill.py BUILD [--rounds N] [--seed N]

Agencies publish without pause, some hundred lines a second each, so that the town stays one that starts quickly;
50 to 600 ms after all of them had an answer, or sometimes at once, something is killed, most often the broker,
which is started again. In the end the records that the clients kept are compared with what the broker decided:
  - every line answered `accepted` is accepted in the log, once; every `duplicate` too; nothing is there twice
  - each mailbox is a gapless sequence, equal to the messages that the decisions tell, and was read in order
  - stepping the log from its beginning (replay --store) gives the decisions that were told, byte for byte
  - the broker starts again each time, and its own check of every invariant is clean
"""

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "deploy"))

from live_town import Broken, LiveTown, WAIT_S  # noqa: E402

TOWN = os.path.join(ROOT, "deploy/zomerdal")
PUBLISHERS = 6
WINDOW = 64  # lines an agency has under way
PACE_S = 0.002  # between the lines of an agency
PATIENCE_S = 4 * WAIT_S  # the broker may be killed several times before an answer comes


def templates():
    """Signals of the town by source; the load sends them again with new ids and the time of now."""
    out = collections.defaultdict(list)
    with open(os.path.join(TOWN, "signals.jsonl"), encoding="utf-8") as f:
        for line in f:
            v = json.loads(line)
            d = v.get("data")
            if isinstance(d, dict) and not v["type"].startswith("nl.voordeur.") and d.get("municipality") == "GM9901":
                out[v["source"]].append(v)
    return out


class Publisher:
    """One agency: keeps lines under way, remembers every answer, sends again what a killed process left open."""

    def __init__(self, town, name, events, seed):
        self.town, self.name, self.events = town, name, events
        self.random = random.Random(seed)
        self.number, self.open, self.answers = 0, {}, {}
        self.answered = threading.Event()  # since the round began
        self.stopping, self.process, self.generation = False, None, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def line(self):
        self.number += 1
        v = json.loads(json.dumps(self.random.choice(self.events)))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        v["id"], v["time"] = "k-%s-%d" % (self.name.split(":")[1], self.number), now
        for member in ("occurred_at", "act_before", "supersedes"):
            v["data"].pop(member, None)
        return v["id"], json.dumps(v, separators=(",", ":")).encode()

    def run(self):
        while not self.stopping or self.open:
            self.process = self.town.party(self.name, "-%d" % self.generation)
            self.generation += 1
            try:
                again = list(self.open.values())
                for line in again:
                    self.process.send(line)
                while not self.stopping or self.open:
                    while not self.stopping and len(self.open) < WINDOW:
                        id_, line = self.line()
                        self.open[id_] = line
                        self.process.send(line)
                        time.sleep(PACE_S)
                    answer = self.process.answer(PATIENCE_S)
                    if answer["id"] in self.open:
                        self.answers[answer["id"]] = answer["verdict"]
                        del self.open[answer["id"]]
                    self.answered.set()
            except (Broken, OSError):
                try:  # killed by us: its output ends a little before it does
                    self.process.process.wait(WAIT_S)
                except subprocess.TimeoutExpired:
                    raise Broken("%s no longer answers" % self.name) from None
            finally:
                self.process.kill()


def told(lines):
    """What the decisions say: how often each id was accepted, and what each mailbox must hold."""
    accepted, mail = collections.Counter(), collections.defaultdict(list)
    for line in lines:
        v = json.loads(line)
        if v["event"] == "signal" and v["verdict"] == "accepted":
            accepted[v["id"]] += 1
        elif v["event"] == "message":
            mail[v["to"]].append((v["kind"], v.get("case"), v.get("signal")))
    return accepted, mail


def read_all(readers, mail):
    """Until each reader has read as much as its mailbox must hold, or WAIT_S long nothing came."""
    limit = time.monotonic() + WAIT_S
    while time.monotonic() < limit and any(r.last < len(mail.get(n, [])) for n, r in readers.items()):
        before = sum(r.last for r in readers.values())
        for r in readers.values():
            r.take()
        if sum(r.last for r in readers.values()) != before:
            limit = time.monotonic() + WAIT_S
        time.sleep(0.05)
    for r in readers.values():
        r.process.stop()
        r.take()


def check(town, publishers, readers, store):
    faults = []
    lines = town.operator("decisions", "--from", "0", "--json").splitlines()
    accepted, mail = told(lines)
    read_all(readers, mail)
    twice = [i for i, n in accepted.items() if n > 1]
    if twice:
        faults.append("accepted twice: %s" % twice[:5])
    confirmed = 0
    for p in publishers:
        if p.open:
            faults.append("%s: %d lines never answered" % (p.name, len(p.open)))
        for id_, verdict in p.answers.items():
            if verdict in ("accepted", "duplicate"):
                confirmed += 1
                if accepted[id_] != 1:
                    faults.append("confirmed and not in the log: %s (%s)" % (id_, verdict))
    for name, reader in readers.items():
        got = [(m["kind"], m.get("case"), m.get("signal")) for m in reader.seen]
        if got != mail.get(name, []):
            at = next((i for i, (a, b) in enumerate(zip(got, mail.get(name, []))) if a != b), min(len(got), len(mail.get(name, []))))
            faults.append("mailbox of %s: read %d, told %d, first difference at %d" % (name, len(got), len(mail.get(name, [])), at + 1))
    if town.stop() != 0:
        faults.append("the broker did not stop with status 0")
    replayed = town.run("replay", "--store", store).splitlines()
    if replayed != lines:
        faults.append("replay of the log gives other lines than were told (%d, %d)" % (len(replayed), len(lines)))
    return faults, confirmed, len(lines)


class Reader:
    """One recipient: reads its mailbox; a new process goes on where the killed one stopped."""

    def __init__(self, town, name):
        self.town, self.name, self.seen, self.last = town, name, [], 0
        self.generation = 0
        self.process = None
        self.again()

    def again(self):
        if self.process is not None:
            self.process.kill()
            self.take()
        self.process = self.town.party(self.name, "-reader-%d" % self.generation)
        self.generation += 1

    def take(self):
        """Messages come at least once and in order; what was seen before is passed over."""
        for m in self.process.messages:
            if m["seq"] == self.last + 1:
                self.seen.append(m)
                self.last = m["seq"]
            elif m["seq"] > self.last:
                raise Broken("%s: message %d after %d" % (self.name, m["seq"], self.last))
        self.process.messages = []


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    rng = random.Random(a.seed)
    home = tempfile.mkdtemp(prefix="vdr-kill-")
    town = LiveTown(a.build, TOWN, home, clock_event=False)
    faults, killed = [], collections.Counter()
    try:
        town.start()
        events = templates()
        names = [x for x in town.parties if x.get("source") in events][:PUBLISHERS]
        publishers = [Publisher(town, x["party"], events[x["source"]], a.seed + i) for i, x in enumerate(names)]
        told = [x["party"] for x in town.parties if x["party"].split(":")[0] in ("service", "regisseur", "coordinator")]
        readers = {n: Reader(town, n) for n in told}
        for n in range(a.rounds):
            if rng.random() < 0.75:
                for x in publishers:
                    if not x.answered.wait(PATIENCE_S):
                        raise Broken("%s no longer answers" % x.name)
                time.sleep(rng.uniform(0.05, 0.6))
            for x in publishers:
                x.answered.clear()
            what = rng.choices(["broker", "publisher", "reader"], [6, 2, 2])[0]
            killed[what] += 1
            if what == "broker":
                town.kill()
                town.start()
            elif what == "publisher":
                victim = rng.choice(publishers).process
                if victim is not None:
                    victim.process.kill()
            else:
                readers[rng.choice(told)].again()
        for x in publishers:
            x.stopping = True
        for x in publishers:
            x.thread.join(WAIT_S)
        faults, confirmed, lines = check(town, publishers, readers, os.path.join(home, "store"))
        print("killed: %s; %d confirmed, %d lines" % (dict(killed), confirmed, lines))
        if confirmed < 10 * a.rounds:
            faults.append("too little load to mean anything")
    except Broken as e:
        faults.append(str(e))
    finally:
        town.kill()
    for fault in faults:
        print(fault)
    if faults:
        print("logs: %s" % home)
    else:
        shutil.rmtree(home, ignore_errors=True)
    print("%d passed, %d failed" % (0 if faults else 1, 1 if faults else 0))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
