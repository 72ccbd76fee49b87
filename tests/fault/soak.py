#!/usr/bin/env python3
"""A soak: years of a town in minutes, through a real broker, and no growth after the town is in balance.

    soak.py BUILD [--signals N] [--years N] [--households N] [--seed N]
    soak.py BUILD --week [--minutes N] [--signals N] [--seed N]

Agencies publish signals about a fixed number of households; log time (--clock event) runs so that signals leave
by retention as fast as new ones come. Every case that is offered is accepted, planned and closed by its
regisseur, everybody reads and acknowledges their mailbox, the keys of what left are destroyed, checkpoints are made
and the log is cut. Once the first cases have left by retention, anonymous memory (RssAnon), descriptors, and what the state counts must stay
where they are; in the end the broker checks its own invariants and stops cleanly, with the leak check of a
sanitizer build. Prints a line for each twentieth of the signals.

--week: a week in N minutes (60), by day more than by night. Each night a backup, a checkpoint and a run that destroys
the keys of what left; then the broker is killed, or stopped in order, and started again, and looks at its invariants
while all go on. Memory may grow as the state does, descriptors not.
"""

import argparse
import collections
import itertools
import json
import os
import random
import shutil
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "deploy"))
sys.path.insert(0, os.path.join(ROOT, "tests/fault"))

from field import TOWN, templates  # noqa: E402
from live_town import Broken, LiveTown  # noqa: E402

WINDOW_S = 2 * 3600  # log time that may be under way: less than the shortest clock to accept
CASE_S = 2 * 86400  # from accept to close: few regisseurs for so many signals
START_S = 1767225600  # 2026-01-01
WEEK_S = 7 * 86400
NIGHT = (22, 23, 0, 1, 2, 3, 4, 5)


def bsn(number):
    """The number-th made-up number, if it passes the eleven test."""
    digits = "%09d" % (900000000 + number)
    weighed = sum(int(d) * w for d, w in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)))
    return digits if weighed % 11 == 0 else None


def instant(at_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def accepted():
    """The events of the town that are accepted: some of its lines are there to be refused."""
    with open(os.path.join(TOWN, "expected.jsonl"), encoding="utf-8") as f:
        ids = {v["id"] for v in map(json.loads, f) if v.get("verdict") == "accepted"}
    with open(os.path.join(TOWN, "signals.jsonl"), encoding="utf-8") as f:
        return [v for v in map(json.loads, f) if v.get("id") in ids]


class Soak:
    def __init__(self, town, arguments):
        self.town, self.random = town, random.Random(arguments.seed)
        self.total, self.step_s = arguments.signals, arguments.years * 365.25 * 86400 / arguments.signals
        self.persons = list(itertools.islice(filter(None, map(bsn, itertools.count())), arguments.households))
        known = {v["type"] for v in accepted()}
        self.events = {s: [v for v in x if v["type"] in known] for s, x in templates().items()}
        self.districts = sorted({v["data"]["address"]["buurt"] for x in self.events.values() for v in x
                                 if "buurt" in v["data"].get("address", {})})
        self.people = {p["party"]: town.party(p["party"]) for p in town.parties
                       if not p["party"].startswith("operator:")}
        self.agencies = [(p["party"], self.events[p["source"]]) for p in town.parties
                         if p.get("source") in self.events]
        self.open, self.verdicts = collections.deque(), collections.Counter()
        self.window = max(1, min(500, int(WINDOW_S / self.step_s)))
        self.at_s, self.to_close = float(START_S), collections.deque()
        self.acts = self.read = self.nights = 0
        self.minutes, self.began = arguments.minutes if arguments.week else 0, 0.0

    def signal(self, n):
        """A signal of the town's kinds, about one of our households, now."""
        name, events = self.agencies[n % len(self.agencies)]
        v = json.loads(json.dumps(self.random.choice(events)))
        who = self.random.randrange(len(self.persons))
        v["id"], v["time"] = "soak-%d" % n, instant(self.at_s)
        for member in ("occurred_at", "act_before", "supersedes", "address", "severity"):
            v["data"].pop(member, None)
        role = v["data"]["persons"][0]["role"] if v["data"].get("persons") else "adult"
        v["data"]["persons"] = [{"bsn": self.persons[who], "role": role}]
        v["data"]["address"] = {"bag": "9901200%09d" % who, "buurt": self.districts[who % len(self.districts)]}
        return name, v

    def send(self, name, event):
        while len(self.open) >= self.window:
            self.take()
        self.people[name].send(json.dumps(event, separators=(",", ":")).encode())
        self.open.append(name)

    def take(self):
        answer = self.people[self.open.popleft()].answer()
        self.verdicts[answer["verdict"]] += 1

    def act(self, regisseur, kind, case, **members):
        self.acts += 1
        self.send("regisseur:" + regisseur, {
            "specversion": "1.0", "id": "act-%d" % self.acts, "source": "urn:voordeur:regisseur:" + regisseur,
            "type": "nl.voordeur.%s.v1" % kind, "time": instant(self.at_s),
            "data": {"municipality": "GM9901", "case": case, **members}})

    def work(self):
        """Everybody reads; a regisseur accepts what is offered, and closes it two days later."""
        for name, party in self.people.items():
            with party.changed:
                messages, party.messages = party.messages, []
            if not name.startswith("regisseur:"):
                self.read += len(messages)
                continue
            who = name.split(":")[1]
            for m in messages:
                if m["kind"] == "case_offered":
                    self.act(who, "case_accepted", m["case"])
                    self.to_close.append((self.at_s + CASE_S, who, m["case"]))
        while self.to_close and self.to_close[0][0] <= self.at_s:
            _, who, case = self.to_close.popleft()
            self.act(who, "case_closed", case, outcome="improved_with_help")

    def drain(self):
        while self.open:
            self.take()

    def figures(self):
        """What must not grow."""
        counters = self.status()
        with open("/proc/%d/status" % self.town.broker.pid, encoding="ascii") as f:
            anonymous = next(int(x.split()[1]) for x in f if x.startswith("RssAnon"))
        store = sum(os.path.getsize(os.path.join(d, x)) for d, _, files in os.walk(os.path.join(self.town.home, "store"))
                    for x in files)
        return {"kib": anonymous, "store_mib": store >> 20, "signals": counters["signals"],
                "households": counters["households"], "cases": counters["cases"],
                "log": [counters["position_first"], counters["position_durable"]],
                "descriptors": counters["descriptors"]}

    def status(self):
        return json.loads(self.town.operator("status", "--json"))

    def pace(self):
        """A week is lived by the clock: more by day than by night."""
        if self.minutes == 0:
            return self.step_s
        lived = (self.at_s - START_S) / WEEK_S
        behind = self.began + lived * self.minutes * 60 - time.monotonic()
        if behind > 0:
            time.sleep(behind)
        return self.step_s * (3 if time.gmtime(self.at_s).tm_hour in NIGHT else 0.75)

    def night(self, day):
        """What an operator's night does; every other one the broker is killed."""
        self.drain()
        for verb in (["backup", "night-%d" % day], ["erase", "run"], ["checkpoint"]):
            self.town.operator(*verb)
        if day % 2 == 0:
            self.town.kill()
        elif self.town.stop() != 0:
            raise Broken("the broker did not stop with status 0 in night %d" % day)
        self.town.start()
        self.town.operator("doctor")
        self.nights += 1

    def run(self):
        samples, day = [], 0
        self.began = time.monotonic()
        for n in range(self.total):
            self.at_s += self.pace()
            if self.minutes and int((self.at_s - START_S) / 86400) > day:
                day += 1
                self.night(day)
            name, event = self.signal(n)
            self.send(name, event)
            if n % self.window == 0:
                self.work()
            if (n + 1) % (self.total // 20) == 0:
                self.drain()
                if not self.minutes:
                    self.town.operator("erase", "run")  # begins by the wall clock else, which stands still here
                self.town.operator("checkpoint")
                samples.append(self.figures())
                print("%8d  %s  %s" % (n + 1, instant(self.at_s)[:10], samples[-1]), flush=True)
        return samples


def judge(samples, soak, years):
    """In balance is the town when the first cases have left, five years after they were closed."""
    faults = []
    settled = samples[min(len(samples) - 2, int(len(samples) * 6.5 / years)):]
    first, last = settled[0], settled[-1]
    for what, slack in (("kib", 1.08), ("store_mib", 1.25), ("signals", 1.05), ("households", 1.05)):
        if last[what] > first[what] * slack + (2 if what == "store_mib" else 0):
            faults.append("%s grew from %d to %d" % (what, first[what], last[what]))
    if last["descriptors"] > first["descriptors"] + 4:
        faults.append("descriptors grew from %d to %d" % (first["descriptors"], last["descriptors"]))
    if soak.verdicts["accepted"] < soak.total:
        faults.append("accepted %d of %d: %s" % (soak.verdicts["accepted"], soak.total, dict(soak.verdicts)))
    return faults


def judge_week(samples, soak):
    """Anonymous memory may grow with the signals that are there: in the second half of the week no faster than in the
    first. A start makes it smaller, so the largest of each half are compared."""
    faults, half = [], len(samples) // 2
    first, last = samples[0], max(samples[half:], key=lambda x: x["kib"])
    middle = max(samples[:half], key=lambda x: x["kib"])
    grown = (middle["kib"] - first["kib"]) / max(1, middle["signals"] - first["signals"])
    if last["kib"] - middle["kib"] > 2 * max(grown, 1) * max(1, last["signals"] - middle["signals"]) + 65536:
        faults.append("memory grew from %d to %d KiB for %d more signals" % (
            middle["kib"], last["kib"], last["signals"] - middle["signals"]))
    if samples[-1]["descriptors"] > first["descriptors"] + 4:
        faults.append("descriptors grew from %d to %d" % (first["descriptors"], samples[-1]["descriptors"]))
    if soak.verdicts["accepted"] + soak.verdicts["duplicate"] < soak.total:
        faults.append("accepted %d of %d: %s" % (soak.verdicts["accepted"], soak.total, dict(soak.verdicts)))
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--signals", type=int, default=1000000)
    p.add_argument("--years", type=float, default=9)
    p.add_argument("--households", type=int, default=100000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--week", action="store_true")
    p.add_argument("--minutes", type=float, default=60)
    a = p.parse_args()
    if a.week:
        a.years = WEEK_S / 86400 / 365.25
    home = tempfile.mkdtemp(prefix="vdr-soak-")
    town, faults, soak = LiveTown(a.build, TOWN, home), [], None
    try:
        town.start()
        soak = Soak(town, a)
        samples = soak.run()
        soak.work()
        soak.drain()
        print("verdicts: %s; %d acts; %d nights" % (dict(soak.verdicts), soak.acts, soak.nights))
        faults = judge_week(samples, soak) if a.week else judge(samples, soak, a.years)
        for party in soak.people.values():
            party.stop()
        if town.stop() != 0:
            faults.append("the broker did not stop with status 0; its words are in %s" % town.log)
    except Broken as e:
        faults.append(str(e))
    finally:
        if soak is not None:
            for party in soak.people.values():
                party.kill()
        town.kill()
    for fault in faults:
        print(fault)
    if not faults:
        shutil.rmtree(home, ignore_errors=True)
    print("%d passed, %d failed" % (0 if faults else 1, 1 if faults else 0))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
