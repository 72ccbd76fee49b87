#!/usr/bin/env python3
"""A second, deliberately naive implementation of the semantics, for comparing (tests/model/differ).

    model.py replay --config DIR [--until T] [FILE...]

Written from the page alone: every question is answered by looking at everything, nothing is kept that can be
asked again. It is slow and it is short; where it and voordeur differ, one of them or the page is wrong.
The configuration is taken to be right. Section numbers below are those of the page.
"""

import json
import sys

from cases import Cases
from commands import Commands
from events import Line, bag_good, bsn_good, buurt_good, instant, instant_text
from rights import Rights
from settings import Settings
from signals import Signals
from words import OPEN, Refused, Thing


class Model(Signals, Cases, Commands, Rights):
    def __init__(self, settings, write):
        self.conf = settings
        self.write = write
        self.now = None
        self.position = 0  # of the line that is being done, among the accepted ones
        self.created = 0  # timers so far
        self.timers = []
        self.retry_set = False
        self.signals = []  # in log order, until they leave
        self.commands = []
        self.cases = []  # until they leave
        self.households = {}  # by number
        self.last_household = 0
        self.last_case = 0
        self.reviewed = set()
        self.reviews = set()  # of those, the ones that nobody has dealt with
        self.rights = []  # that stand
        self.retracting = False  # then objections and restrictions play no part
        self.conflicts = []  # (regisseur, "household" or "person", which)
        self.notes = []
        self.absences = []  # (regisseur, from, to)
        self.counted_by = []  # of guards: (guard, agency, window, subject, what)

    # ------------------------------------------------------------------ output (section 11)

    def line(self, **members):
        self.write(dict(at=instant_text(self.now), **members))

    def change(self, case, change, **more):
        self.line(event="case", case="C%d" % case.number, household="H%d" % case.household, change=change,
                  state=case.state, priority=case.priority, regisseur=case.regisseur, **more)

    def tell(self, to, kind, **members):
        order = ["case", "signal", "household", "other", "rule", "agencies", "result", "regisseur", "by"]
        self.line(event="message", to=to, kind=kind, **{k: members[k] for k in order if k in members})

    def tell_coordinators(self, kind, **members):
        for coordinator in self.conf.coordinators:
            self.tell("coordinator:" + coordinator, kind, **members)

    def tell_holder(self, case, kind, **members):
        """The regisseur, or every coordinator where there is none."""
        if case.state == "unassigned":
            self.tell_coordinators(kind, case="C%d" % case.number, **members)
        else:
            self.tell("regisseur:" + case.regisseur, kind, case="C%d" % case.number, **members)

    def agencies_of(self, signals):
        """Those that see matches and have a signal here, in the order of the town."""
        ids = {s.agency["id"] for s in signals}
        return [a["id"] for a in self.conf.agencies if a["sees_match"] and a["id"] in ids]

    def tell_agencies(self, case, kind, **members):
        for agency in self.agencies_of(self.case_signals(case)):
            self.tell("agency:" + agency, kind, case="C%d" % case.number, **members)

    # ------------------------------------------------------------------ looking

    def case_signals(self, case):
        return [s for s in self.signals if s.case is case]

    def open_case(self, household):
        for case in self.cases:
            if case.household == household and case.state in OPEN:
                return case
        return None

    def has_anything(self, household):
        return any(s.household == household for s in self.signals) or \
            any(c.household == household for c in self.cases)

    def household_of_person(self, bsn):
        return next((n for n, h in self.households.items() if bsn in h.persons), None)

    def household_of_address(self, bag):
        return next((n for n, h in self.households.items() if bag in h.addresses), None)

    def load(self, regisseur):
        return sum(1 for c in self.cases if c.state in ("offered", "active") and c.regisseur == regisseur)

    def may_join(self, purpose, case):
        return all(purpose == p or frozenset((purpose, p)) in self.conf.may_combine for p in case.purposes)

    # ------------------------------------------------------------------ time (section 2)

    def set_timer(self, due, fire):
        self.created += 1
        timer = Thing(due=due, order=self.created, fire=fire)
        self.timers.append(timer)
        return timer

    def fire_until(self, at):
        while self.timers:
            first = min(self.timers, key=lambda timer: (timer.due, timer.order))
            if first.due > at:
                return
            self.timers.remove(first)
            self.now = first.due
            self.with_retry(lambda: first.fire(first))

    def with_retry(self, act):
        """At the end of every line or timer that left some regisseur with less load (section 8)."""
        before = {r["id"]: self.load(r["id"]) for r in self.conf.regisseurs}
        act()
        self.settle()
        if any(self.load(r) < load for r, load in before.items()):
            self.retry()

    def take(self, line):
        """One line of input, from its log time on."""
        at = self.log_time(line)
        if at is not None:
            self.fire_until(at)
            self.now = at
        self.with_retry(lambda: self.do_line(line))

    def log_time(self, line):
        if line.time is None:
            return self.now
        return line.time if self.now is None else max(line.time, self.now)

    def do_line(self, line):
        head = dict(event="command" if line.command else "signal", id=line.id, source=line.source)
        if line.command:
            head["type"] = line.command
        try:
            do = self.judge_command(line) if line.command else self.judge_signal(line)
        except Refused as refused:
            self.line(**head, verdict=str(refused))
            return
        self.position += 1
        # The line comes first but says what came out of it: what it causes is kept back until it is known.
        write, later = self.write, []
        self.write = later.append
        more = do() or {}
        self.write = write
        self.line(**head, verdict="accepted", **more)
        for caused in later:
            self.write(caused)

    # ------------------------------------------------------------------ verdicts (section 3)

    def judge_known(self, line):
        if not line.well:
            raise Refused("malformed")
        if line.command:
            if self.actor(line.source) is None:
                raise Refused("unknown_actor")
        elif self.agency(line.source) is None:
            raise Refused("unknown_source")
        first = [s for s in self.signals + self.commands if s.source == line.source and s.id == line.id]
        # A command is forgotten at its at + the longest retain, by a timer like everything that ends.
        if first:
            raise Refused("duplicate" if first[0].equality == line.equality else "id_reused")

    def agency(self, source):
        return next((a for a in self.conf.agencies if a["source"] == source), None)

    def actor(self, source):
        """(kind, id), or None."""
        if self.agency(source):
            return ("agency", self.agency(source)["id"])
        known = {"regisseur": [r["id"] for r in self.conf.regisseurs], "coordinator": self.conf.coordinators,
                 "service": [s["id"] for s in self.conf.services], "privacy_officer": self.conf.privacy_officers}
        for kind, ids in known.items():
            prefix = "urn:voordeur:%s:" % kind
            if source.startswith(prefix) and source[len(prefix):] in ids:
                return (kind, source[len(prefix):])
        return None

    def judge_signal(self, line):
        self.judge_known(line)
        data, terms, agency = line.data, self.conf.types.get(line.type), self.agency(line.source)
        if "convenant" in agency and not agency["convenant"][0] <= self.now < agency["convenant"][1]:
            raise Refused("no_convenant")
        if terms is None:
            raise Refused("unknown_type")
        if agency["kind"] not in terms["agencies"]:
            raise Refused("type_not_allowed")
        if data["municipality"] != self.conf.municipality:
            raise Refused("wrong_municipality")
        persons, address = data.get("persons", []), data.get("address", {})
        if not persons and "bag" not in address:
            raise Refused("no_subject")
        if not all(bsn_good(p["bsn"]) for p in persons):
            raise Refused("bad_bsn")
        if "bag" in address and not bag_good(address["bag"]) or \
                "buurt" in address and not buurt_good(address["buurt"]):
            raise Refused("bad_address")
        if not 1 <= data.get("severity", 1) <= 5:
            raise Refused("bad_severity")
        occurred = line.occurred_at()
        if occurred > self.now + self.conf.clocks["future"]:
            raise Refused("future")
        if occurred + terms["retain"] <= self.now:
            raise Refused("too_old")
        old = None
        if "supersedes" in data:
            old = self.signal_of(line.source, data["supersedes"])
            if old is None:
                raise Refused("unknown_signal")
        counts = self.guard_counts(line, agency)
        return lambda: self.counted_by.extend(counts) or self.do_signal(line, old)

    def guard_counts(self, line, agency):
        """What it adds to each guard that it falls under (protocol.md 5.12); held_back where that is too much."""
        counts = []
        bag, buurt = (line.data.get("address", {}).get(k) for k in ("bag", "buurt"))
        for guard in self.conf.guards:
            subject = {"agency": "", "address": None if bag in self.conf.excluded else bag,
                       "buurt": buurt}[guard.get("same", "agency")]
            if subject is None or guard.get("agency", agency["id"]) != agency["id"] or \
                    guard.get("kind", agency["kind"]) != agency["kind"] or \
                    guard.get("type", line.type) != line.type:
                continue
            window = (guard["id"], agency["id"], self.now // guard["per"], subject)
            adds = {object()}
            if guard.get("count") == "persons":
                adds = {p["bsn"] for p in line.data.get("persons", [])}
            there = {what for at, what in self.counted_by if at == window}
            if guard["then"] == "refuse" and adds - there and len(adds | there) > guard["max"]:
                raise Refused("held_back")
            counts += [(window, what) for what in adds - there]
        return counts

    def signal_of(self, source, id):
        return next((s for s in self.signals if s.source == source and s.id == id), None)


def replay(folder, files, until, write):
    """Takes the lines of the files and gives every line of output to write; until: an instant, or None."""
    model = Model(Settings(folder, instant), write)
    for name in files:
        with sys.stdin.buffer if name == "-" else open(name, "rb") as file:
            for raw in file:
                if not raw.strip(b" \t\r\n"):
                    continue
                line = Line(raw)
                at = model.log_time(line)
                if until is not None and at is not None and at > until:
                    model.fire_until(until)
                    return
                model.take(line)
    if until is not None:
        model.fire_until(until)


def main(arguments):
    usage = "usage: model.py replay --config DIR [--until T] [FILE...]"
    folder = until = None
    files = []
    if arguments[:1] != ["replay"]:
        sys.exit(usage)
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--config":
            folder = next(rest, None)
        elif argument == "--until":
            until = instant(next(rest, None))
        else:
            files.append(argument)
    if folder is None:
        sys.exit(usage)
    replay(folder, files or ["-"], until,
           lambda line: print(json.dumps(line, ensure_ascii=False, separators=(",", ":"))))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main(sys.argv[1:])
