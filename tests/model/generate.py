#!/usr/bin/env python3
"""Random small towns and streams of events, in which everything collides.

    generate.py --seed N [--lines K] --out DIR      town.yaml, catalogue.yaml, rules.yaml, input.jsonl, until.txt

Few persons, addresses and regisseurs, short terms, and instants that lie at the edges of those terms. The
stream is written against the model: it is asked what there is to accept, withdraw, merge or let expire. The
same arguments give the same bytes.
"""

import argparse
import json
import os
import random
import re

from events import COMMANDS, Line, instant, instant_text
from model import Model
from settings import Settings

START = instant("2026-01-05T09:00:00Z")
HOUR, DAY = 3600000, 86400000
PLAIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
KINDS = ["school", "police", "housing", "youth_care"]
ROLES = ["youth", "parent", "adult"]
OF_CASES = ("case", "handover", "plan")
RIGHTS = ["conflict_declared", "conflict_lifted", "objected", "objection_decided", "restricted", "restriction_lifted",
          "erasure_requested", "erasure_request_withdrawn", "hold_placed", "hold_confirmed", "hold_lifted",
          "person_erased", "rectification_requested", "note_sent", "note_answered", "absence_set", "absence_lifted",
          "review_set_aside"]
ODD = [None, True, 0, -1, 1, 7, 1.0, 1e0, 2 ** 53 - 1, 2 ** 53, -2 ** 53, 1e300, "", " ", "x", "1", "H1", "C1", "H0", "C01",
       "2026-01-05T09:00:00Z", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.9999Z", "1970-01-01T00:00:00Z", [], {},
       [[]], [{}], {"a": None}, "a\u0001b", "\U0001f600"]
BUURTEN = ["BU99010101", "BU99010102", "BU99010203", "BU99020101"]


# ---------------------------------------------------------------- configuration

def bsn(number):
    """The number-th BSN that passes the elfproef."""
    digits = 99990000
    while True:
        text = "%08d" % digits
        last = sum(int(c) * w for c, w in zip(text, range(9, 1, -1))) % 11
        if last < 10:
            if number == 0:
                return text + str(last)
            number -= 1
        digits += 1


PERSONS = [bsn(i) for i in range(9)]
ADDRESSES = ["99012000000000%02d" % i for i in range(6)]


def duration(r, choices):
    return r.choice(choices)


def some(r, items, least=1, most=None):
    items = list(items)
    return r.sample(items, r.randint(min(least, len(items)), min(most or len(items), len(items))))


def listed(r, items, least):
    """A list for a filter; now and then it lists nothing, and then nothing passes."""
    return [] if r.random() < 0.1 else some(r, items, least)


def make_town(r, purposes, domains):
    kinds = some(r, KINDS, 2) + r.choice([[], [], ["school"], ["police"], ["school", "school", "police"]])
    kinds += r.choice([["brp"], ["brp"], ["brp", "brp"]])
    agencies = []
    for i, kind in enumerate(kinds):
        agency = {"id": "a-%d" % i, "kind": kind, "source": "urn:test:%d" % i}
        if r.random() < 0.8:
            agency["sees_match"] = r.choice(["true", "true", "false"])
        agencies.append(agency)
    services = [{"id": "v-%d" % i, "domains": some(r, domains, 1, 2)} for i in range(r.randint(0, 2))]
    services.insert(r.randint(0, len(services)), {"id": "v-all", "domains": ["*"] + some(r, domains, 0, 1)})
    regisseurs = []
    for i in range(r.choice([1, 2, 3, 4, 2, 3, 7])):
        capacity = r.choice([1, 2, 3, 1, 2, 8])
        one = {"id": "r-%d" % i, "districts": some(r, ["BU9901", "BU990101", "BU99010102", "BU9902", "*"], 1, 2),
               "capacity": capacity, "hard_capacity": capacity + r.randint(0, 2)}
        if r.random() < 0.7:
            one["expertise"] = some(r, domains)
        if r.random() < 0.5:
            one["absent"] = []
            for _ in range(r.randint(1, 2)):
                away = START + r.randint(0, 40 * 24) * HOUR
                back = away + r.randint(1, 10 * 24) * HOUR
                one["absent"].append({"from": instant_text(away), "to": instant_text(back)})
        regisseurs.append(one)
    pairs = [[a, b] for i, a in enumerate(purposes) for b in purposes[i + 1:]]
    town = {
        "municipality": "GM9901",
        "identity": {"address_match": r.choice(["join", "join", "join", "review", "off"]),
                     "max_persons": r.choice([1, 2, 3, 4, 12, 64])},
        "clocks": {"future": r.choice(["0s", "10m", "2d"]), "late": r.choice(["0s", "3d", "20d"]),
                   "cooldown": r.choice(["0s", "2d", "10d", "30d"]), "sticky": r.choice(["0s", "5d", "100d"]),
                   "retry": r.choice(["1h", "6h", "1d"]),
                   "accept": {"urgent": r.choice(["1h", "1d"]), "high": r.choice(["4h", "2d"]),
                              "normal": r.choice(["1d", "3d", "10d"])}},
        "may_combine": [p for p in pairs if r.random() < 0.6],
        "agencies": agencies, "services": services, "regisseurs": regisseurs,
        "coordinators": ["c-%d" % i for i in range(r.randint(1, 2))],
        "privacy_officers": ["p-%d" % i for i in range(r.randint(1, 2))]}
    if r.random() < 0.3:  # one person, two roles
        town["coordinators"].append(r.choice(["p-0", "r-0"]))
    for agency in agencies:
        if r.random() < 0.15:
            begins = START + r.randint(-5, 10) * DAY
            agency["convenant"] = {"id": "cv", "from": instant_text(begins),
                                   "until": instant_text(begins + r.choice([DAY, 20 * DAY, 60 * DAY]))}
    if r.random() < 0.4:
        town["guards"] = [make_guard(r, i, agencies) for i in range(r.randint(1, 3))]
    if r.random() < 0.4:
        town["identity"]["excluded_addresses"] = some(r, ADDRESSES, 1, 2)
    if r.random() < 0.7:
        town["clocks"]["retain_cases"] = r.choice(["1d", "5d", "20d", "60d"])
    return town


def make_guard(r, number, agencies):
    guard = {"id": "g-%d" % number, "per": r.choice(["1h", "1d", "5d", "31d"]), "max": r.choice([1, 2, 3, 6]),
             "then": r.choice(["refuse", "refuse", "notice"])}
    if r.random() < 0.3:
        guard["agency"] = r.choice(agencies)["id"]
    if r.random() < 0.3:
        guard["kind"] = r.choice(agencies)["kind"]
    if r.random() < 0.6:
        guard["count"] = r.choice(["signals", "persons"])
    if r.random() < 0.6:
        guard["same"] = r.choice(["agency", "address", "buurt"])
    return guard


def make_catalogue(r, town, purposes, domains):
    areas = ["youth", "adult", "by_role", "by_role", "other"]
    retains = r.choice([["6d", "20d", "40d", "80d"], ["6d", "20d", "40d", "80d"], ["2d", "6d"], ["80d"]])
    kinds = sorted({a["kind"] for a in town["agencies"]} - {"brp"})
    types = {}
    for i in range(r.randint(3, 6)):
        one = {"domain": r.choice(domains), "agencies": some(r, kinds, 1), "severity": r.randint(1, 5),
               "kind": r.choice(["event", "event", "state", "deadline"]),
               "counts_for": r.choice(["1h", "5d", "20d", "20d", "60d"]),
               "retain": r.choice(retains),
               "purpose": purposes[i] if i < len(purposes) else r.choice(purposes), "legal_basis": "WET"}
        if r.random() < 0.6:
            one["follow_up"] = r.choice(["1h", "1d", "4d", "10d"])
        types["nl.test.t%d.v1" % i] = one
    return {"domains": {d: r.choice(areas) for d in domains}, "types": types}


def make_rules(r, town, catalogue):
    types = catalogue["types"]
    purposes = sorted({t["purpose"] for t in types.values()})
    together = {frozenset(p) for p in town["may_combine"]}
    longest = max(int(t["retain"][:-1]) for t in types.values())
    rules = []
    for i in range(r.choice([2, 3, 4, 5, 6, 7, 12])):
        chosen = []
        for p in some(r, purposes):
            if all(frozenset((p, q)) in together for q in chosen):
                chosen.append(p)
        level = r.choice(["watch", "coordinate", "case", "case", "case"])
        measures = ["signals", "signals", "domains", "agencies", "persons", "core_areas", "types", "days", "overdue"]
        rule = {"id": "rule-%d" % i, "text": "a rule", "level": level, "purposes": chosen,
                "at_least": {m: r.choice([1, 2, 2, 3]) for m in some(r, sorted(set(measures)), 1, 3)}}
        if r.random() < 0.5:
            rule["at_least"] = {r.choice(measures): r.choice([1, 2, 2, 3])}
        if level == "case":
            rule["priority"] = r.choice(["normal", "normal", "high", "urgent"])
        if r.random() < 0.5:
            rule["over"] = "%dd" % min(longest, r.choice([1, 5, 10, 40]))
        if r.random() < 0.2:
            rule["spread"] = r.choice(["1h", "1d", "5d"])
        if r.random() < 0.25:
            rule["within_same"] = r.choice(["domain", "type", "agency", "person"])
        where = {}
        if r.random() < 0.12:
            where["types"] = listed(r, types, 2)
        if r.random() < 0.12:
            where["domains"] = listed(r, catalogue["domains"], 2)
        if r.random() < 0.12:
            where["agencies"] = listed(r, sorted({k for t in types.values() for k in t["agencies"]}), 1)
        if r.random() < 0.12:
            where["roles"] = listed(r, ROLES, 1)
        if r.random() < 0.2:
            where["min_severity"] = r.randint(2, 4)
        if where:
            rule["where"] = where
        rules.append(rule)
    return {"rules": rules}


def make_settings(r):
    purposes = some(r, ["youth", "care", "debt"], 2)
    domains = some(r, ["school", "home", "money", "health"], 2)
    town = make_town(r, purposes, domains)
    catalogue = make_catalogue(r, town, purposes, domains)
    return {"town.yaml": town, "catalogue.yaml": catalogue, "rules.yaml": make_rules(r, town, catalogue)}


def yaml_text(value):
    if isinstance(value, dict):
        return "{" + ", ".join("%s: %s" % (k, yaml_text(v)) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(yaml_text(v) for v in value) + "]"
    text = str(value)
    return text if PLAIN.match(text) else '"%s"' % text


def write_settings(settings, folder):
    os.makedirs(folder, exist_ok=True)
    for name, value in settings.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            for key, part in value.items():
                if isinstance(part, list) and part and isinstance(part[0], dict):
                    file.write("%s:\n" % key)
                    for item in part:
                        file.write("  - %s\n" % yaml_text(item))
                elif isinstance(part, dict) and any(isinstance(v, dict) for v in part.values()):
                    file.write("%s:\n" % key)
                    for k, v in part.items():
                        file.write("  %s: %s\n" % (k, yaml_text(v)))
                else:
                    file.write("%s: %s\n" % (key, yaml_text(part)))


# ---------------------------------------------------------------- stream

class Stream:
    def __init__(self, r, settings, conf):
        self.r, self.settings, self.conf = r, settings, conf
        self.model = Model(conf, lambda line: None)
        self.time = START
        self.persons = PERSONS[:r.choice([1, 3, 6, 9])]
        self.addresses = ADDRESSES[:r.choice([2, 4, 6])]
        self.signal_share = r.choice([0.35, 0.55, 0.55, 0.75, 0.9])
        self.case_share = r.choice([0.7, 0.7, 0.3])
        self.right_share = r.choice([0, 0.15, 0.3, 0.6])
        # Some streams do a few things over and over, and some stand still for long.
        self.favourites = some(r, COMMANDS, 1, 5) if r.random() < 0.5 else []
        self.still = r.choice([0.1, 0.1, 0.1, 0.4, 0.01])
        self.count = 0
        self.lines = []
        self.used = []  # (source, id) of what was sent
        terms = list(conf.clocks.values()) + list(conf.accept.values())
        terms += [t[k] for t in conf.types.values() for k in ("counts_for", "retain", "follow_up")]
        terms += [rule[k] for rule in conf.rules for k in ("over", "spread")]
        self.terms = sorted({ms for ms in terms if ms and ms <= 100 * DAY})

    def one_of(self, items, usually=None, chance=0.9):
        """Usually one of the second list, where it has any."""
        usually = list(usually or [])
        if usually and self.r.random() < chance:
            return self.r.choice(usually)
        return self.r.choice(list(items))

    def step(self):
        r = self.r
        if r.random() < self.still:
            return
        kind = r.random()
        if kind < 0.3 and self.model.timers:
            soon = sorted(t.due for t in self.model.timers)
            self.time = max(self.time, soon[min(len(soon) - 1, r.choice([0, 0, 0, 1, 3]))] + r.choice([-1, 0, 0, 1]))
        elif kind < 0.32:
            self.time += r.choice(self.terms) + r.choice([-1, 0, 0, 1])
        elif kind < 0.33:
            self.time += r.choice([10, 20]) * DAY
        else:
            self.time += r.choice([1, 60000, 600000, HOUR, HOUR, 5 * HOUR, DAY])
        if kind > 0.97:
            self.time -= r.choice([1, HOUR, DAY])  # an event that comes after later ones

    def new_id(self, source):
        r = self.r
        kind = r.random()
        if kind < 0.06 and self.used:
            return r.choice(self.used)[1]
        if kind < 0.2:
            return "x-%d" % r.randint(1, 4)
        self.count += 1
        return "e-%d" % self.count

    def event(self, type, source, data):
        id = self.new_id(source)
        self.used.append((source, id))
        return {"specversion": "1.0", "id": id, "source": source, "type": type,
                "time": instant_text(self.time), "data": dict({"municipality": "GM9901"}, **data)}

    def back(self):
        """Some time ago, likely at an edge."""
        r = self.r
        if r.random() < 0.3 and self.model.signals:
            other = r.choice(self.model.signals).occurred
            there = other + r.choice([-1, 1]) * r.choice(self.terms + [0]) + r.choice([-1, 0, 0, 1])
            if self.time - 80 * DAY < there <= self.time:
                return instant_text(max(0, there))
        if r.random() < 0.5:
            ago = r.choice(self.terms) + r.choice([-1, 0, 0, 1])
        else:
            ago = r.choice([1, HOUR, DAY, 3 * DAY, 10 * DAY])
        return instant_text(max(0, self.time - ago))

    def ahead(self):
        """Some time to come, likely at the edge of what may be."""
        return instant_text(self.time + self.r.choice([self.conf.clocks["future"] + self.r.choice([-1, 0, 1]), HOUR]))

    def signal(self):
        r, conf = self.r, self.conf
        type = r.choice(sorted(conf.types))
        senders = [a for a in conf.agencies if a["kind"] in conf.types[type]["agencies"]]
        agency = self.one_of(conf.agencies, senders, 0.98)
        data = {}
        if r.random() < 0.4:
            data["occurred_at"] = self.back()
            if r.random() < 0.1:
                data["occurred_at"] = self.ahead()
        persons = []
        for _ in range(r.choice([0, 1, 1, 1, 2, 3])):
            person = {"bsn": r.choice(self.persons)}
            if r.random() < 0.7:
                person["role"] = r.choice(ROLES)
            persons.append(person)
        if persons or r.random() < 0.3:
            data["persons"] = persons
        if r.random() < 0.6 or not persons:
            data["address"] = {"bag": r.choice(self.addresses)}
        if r.random() < 0.3:
            data.setdefault("address", {})["buurt"] = r.choice(BUURTEN)
        if r.random() < 0.3:
            data["severity"] = r.randint(1, 5)
        if r.random() < (0.6 if conf.types[type]["kind"] == "deadline" else 0.05):
            data["act_before"] = instant_text(max(0, self.time + r.choice([-DAY, 0, HOUR, DAY, 30 * DAY])))
        if r.random() < 0.12:
            own = [s.id for s in self.model.signals if s.source == agency["source"]]
            data["supersedes"] = self.one_of(["e-1", "x-1", "none"], own, 0.95)
        if r.random() < 0.1:
            data["detail"] = "tekst \u00eb"
        return self.event(type, agency["source"], data)

    def command(self):
        r, model, conf = self.r, self.model, self.conf
        favourite = r.choice(self.favourites) if self.favourites and r.random() < 0.6 else None
        if favourite is not None and favourite in RIGHTS or favourite is None and r.random() < self.right_share:
            return self.right(favourite)
        open_cases = [c for c in model.cases if c.state in ("unassigned", "offered", "active")]
        if favourite is not None and favourite.startswith(OF_CASES) and open_cases:
            states = {"case_accepted": "offered", "case_declined": "offered", "case_dismissed": "unassigned offered",
                      "case_assigned": "unassigned offered active"}.get(favourite, "active").split()
            case = self.one_of(open_cases, [c for c in open_cases if c.state in states])
            if favourite == "handover_accepted":
                case = self.one_of(open_cases, [c for c in open_cases if c.handover], 0.95)
            return self.case_command(favourite, case)
        if (favourite is None or favourite.startswith(OF_CASES)) and r.random() < self.case_share and open_cases:
            case = r.choice(open_cases)
            names = {"unassigned": ["case_dismissed", "case_assigned", "case_assigned"],
                     "offered": ["case_accepted"] * 7 + ["case_declined", "case_declined", "case_dismissed",
                                                         "case_assigned"],
                     "active": ["case_closed", "case_closed", "handover_offered", "handover_accepted",
                                "case_escalated", "plan_set", "case_assigned"]}[case.state]
            name = self.one_of([n for n in COMMANDS if n.startswith(("case", "handover", "plan"))], names)
            if case.handover and r.random() < 0.5:
                name = "handover_accepted"
            return self.case_command(name, case)
        name = r.choice(["signal_withdrawn"] * 3 + ["signal_ended", "feedback", "feedback"] +
                        ["household_merged"] * 3 + ["household_split", "person_moved", "person_moved", "erased"])
        if favourite is not None and not favourite.startswith(OF_CASES):
            name = favourite
        households = ["H%d" % n for n in model.households]
        if name == "erased" and r.random() < 0.5:
            name = "household_split"
        actor, data = None, {}
        if name in ("signal_withdrawn", "signal_ended"):
            right = [s for s in model.signals if name == "signal_withdrawn" or s.kind == "state"]
            s = self.one_of(model.signals, right, 0.95) if model.signals else None
            actor = s.source if s else conf.agencies[0]["source"]
            data = {"signal": s.id if s else "none"}
            if name == "signal_withdrawn":
                data["reason"] = "mistake"
            elif r.random() < 0.5:
                data["occurred_at"] = self.ahead() if r.random() < 0.2 else self.back()
        elif name == "feedback":
            routed = [s for s in model.signals if s.service]
            s = self.one_of(model.signals, routed, 0.95) if model.signals else None
            actor = "urn:voordeur:service:%s" % (s.service if s and s.service else "v-all")
            data = {"signal": s.id if s else "none", "result": r.choice(["helped", "", "niet thuis"])}
            if r.random() < 0.4:
                data["agency"] = self.one_of([a["id"] for a in conf.agencies] + ["nobody"],
                                             [s.agency["id"]] if s else [])
        elif name == "household_merged":
            busy = ["H%d" % c.household for c in open_cases]
            data = {"into": self.one_of(households + ["H1", "H99"], busy, 0.6),
                    "from": self.one_of(households + ["H2", "x"], busy, 0.6)}
        elif name == "household_split":
            number = r.choice(list(model.households)) if model.households else 1
            household = model.households.get(number)
            persons = some(r, sorted(household.persons), 0) if household else []
            addresses = some(r, sorted(household.addresses), 0) if household else []
            if r.random() < 0.1:
                persons.append(r.choice(self.persons))
            data = {"household": "H%d" % number}
            if persons or r.random() < 0.1:
                data["persons"] = persons
            if addresses:
                data["addresses"] = addresses
        elif name == "person_moved":
            actor = next(a["source"] for a in conf.agencies if a["kind"] == "brp")
            data = {"bsn": r.choice(self.persons), "to": r.choice(self.addresses)}
        elif name == "erased":
            actor = "urn:voordeur:privacy_officer:p-0"
            free = ["H%d" % n for n in model.households if model.open_case(n) is None]
            data = {"household": self.one_of(["H1", "H99"], self.one_of([households], [free]))}
        return self.command_event(name, actor or "urn:voordeur:coordinator:" + r.choice(conf.coordinators), data)

    def right(self, name=None):
        """An act of protocol.md 5.10 or 5.14 to 5.16."""
        r, model, conf = self.r, self.model, self.conf
        name = name or r.choice(["conflict_declared"] * 3 + ["conflict_lifted"] +
                        ["objected", "objected", "objection_decided", "objection_decided", "restricted",
                         "restriction_lifted"] +
                        ["erasure_requested", "erasure_requested", "erasure_request_withdrawn"] +
                        ["hold_placed", "hold_confirmed", "hold_confirmed", "hold_lifted"] +
                        ["person_erased", "rectification_requested"] + ["note_sent", "note_answered"] * 2 +
                        ["absence_set", "absence_lifted", "review_set_aside"])
        officer = "urn:voordeur:privacy_officer:" + r.choice(conf.privacy_officers)
        coordinator = "urn:voordeur:coordinator:" + r.choice(conf.coordinators)
        if name in ("conflict_declared", "conflict_lifted"):
            return self.conflict(name, r.choice([officer, coordinator]))
        if name.startswith("note"):
            return self.note(name)
        if name.startswith("absence"):
            return self.absence(name, coordinator)
        if name == "review_set_aside":
            pairs = sorted(sorted(p) for p in model.reviews)
            pair = self.one_of([[1, 2], [1, 99], [1, 1]], pairs)
            r.shuffle(pair)
            return self.command_event(name, coordinator, {"household": "H%d" % pair[0], "other": "H%d" % pair[1]})
        if name == "person_erased":
            free = [n for n in model.households if model.open_case(n) is None]
            number = self.one_of([1], self.one_of([list(model.households)], [free]))
            persons = sorted(model.households[number].persons) if number in model.households else []
            return self.command_event(name, officer, {"household": "H%d" % number,
                                                      "bsn": self.one_of(self.persons, persons, 0.95)})
        what = r.choice(["household", "household", "signal", "person"])
        kind = {"objection_decided": "objection", "restriction_lifted": "restriction",
                "erasure_request_withdrawn": "erasure", "hold_confirmed": "hold", "hold_lifted": "hold",
                "hold_placed": "hold"}.get(name)
        standing = [x.about for x in model.rights if x.kind == kind]
        about = r.choice(standing) if standing and r.random() < 0.85 else None
        if about is None and (what == "household" or name.startswith(("erasure", "hold"))):
            about = ("household", self.one_of([1, 99], list(model.households), 0.95))
        elif name == "rectification_requested" or about is None and what == "signal":
            about = ("signal", r.choice(model.signals) if model.signals else None)
        elif about is None:
            about = ("person", r.choice(self.persons))
        return self.about_event(name, r.choice([officer, coordinator]) if name.startswith("hold") else officer, about)

    def about_event(self, name, actor, about):
        r, data = self.r, {}
        if about[0] == "household":
            data["household"] = "H%d" % about[1]
        elif about[0] == "person":
            data["bsn"] = about[1]
        else:
            data["signal"] = about[1].id if about[1] else "none"
            if r.random() < 0.6 and about[1]:
                data["agency"] = about[1].agency["id"]
        if name == "rectification_requested":
            data["correction"] = "anders"
        elif name != "hold_confirmed":
            data["reason"] = "reden"
        if name == "objection_decided":
            data["decision"] = r.choice(["upheld", "upheld", "rejected"])
        if name in ("objected", "erasure_requested", "rectification_requested") and r.random() < 0.5:
            data["due"] = instant_text(self.time + r.choice([-DAY, 0, HOUR, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1,
                                                            10 * DAY]))
        return self.command_event(name, actor, data)

    def conflict(self, name, actor):
        r, model = self.r, self.model
        regisseurs = [x["id"] for x in self.conf.regisseurs]
        if name == "conflict_lifted" and model.conflicts and r.random() < 0.9:
            regisseur, what, which = r.choice(model.conflicts)
        else:
            holders = [c for c in model.cases if c.regisseur and c.state in ("offered", "active")]
            case = r.choice(holders) if holders and r.random() < 0.5 else None
            regisseur = case.regisseur if case else r.choice(regisseurs + ["r-none"] * (r.random() < 0.1))
            what = r.choice(["household", "person"])
            number = case.household if case else self.one_of([1, 99], list(model.households), 0.95)
            persons = sorted(model.households[number].persons) if number in model.households else []
            which = number if what == "household" else self.one_of(self.persons, persons, 0.8)
        if r.random() < 0.3:
            actor = "urn:voordeur:regisseur:" + regisseur
        data = {"regisseur": regisseur}
        data.update({"household": "H%d" % which} if what == "household" else {"bsn": which})
        return self.command_event(name, actor, data)

    def note(self, name):
        r, model, conf = self.r, self.model, self.conf
        if name == "note_sent":
            active = [c for c in model.cases if c.state == "active"]
            case = self.one_of(model.cases, active, 0.95) if model.cases else None
            signals = model.case_signals(case) if case else []
            agencies = [s.agency["id"] for s in signals]
            services = [s.service for s in signals if s.service]
            data = {"case": "C%d" % (case.number if case else 1), "text": "hoe gaat het?"}
            if r.random() < 0.6:
                data["agency"] = self.one_of([a["id"] for a in conf.agencies] + ["nobody"], agencies)
            else:
                data["service"] = self.one_of([s["id"] for s in conf.services] + ["nobody"], services)
            holder = case.regisseur if case and case.regisseur else "r-0"
            return self.command_event(name, "urn:voordeur:regisseur:" + holder, data)
        held = [s for s in model.signals if s.case is not None]
        s = self.one_of(model.signals, held, 0.9) if model.signals else None
        data = {"signal": s.id if s else "none", "text": "goed"}
        if s and s.service and r.random() < 0.4:
            if r.random() < 0.5:
                data["agency"] = s.agency["id"]
            return self.command_event(name, "urn:voordeur:service:" + s.service, data)
        return self.command_event(name, s.source if s else conf.agencies[0]["source"], data)

    def absence(self, name, actor):
        r, model = self.r, self.model
        if model.absences and r.random() < (0.9 if name == "absence_lifted" else 0.1):
            regisseur, away, back = r.choice(model.absences)
        else:
            regisseur = r.choice([x["id"] for x in self.conf.regisseurs] + ["r-none"] * (r.random() < 0.1))
            away = max(0, self.time + r.choice([-DAY, 0, 1, DAY]))
            back = max(0, away + r.choice([0, 1, HOUR, DAY, 5 * DAY]))
        if r.random() < 0.4:
            actor = "urn:voordeur:regisseur:" + regisseur
        return self.command_event(name, actor, {"regisseur": regisseur, "from": instant_text(away),
                                                "to": instant_text(back)})

    def case_command(self, name, case):
        r, conf = self.r, self.conf
        regisseurs = [x["id"] for x in conf.regisseurs]
        data = {"case": "C%d" % case.number if r.random() < 0.97 else r.choice(["C1", "C99", "c1", "C01"])}
        actor = "urn:voordeur:regisseur:" + (case.regisseur or r.choice(regisseurs))
        if name == "case_assigned" or name == "case_dismissed" and case.state == "unassigned":
            actor = "urn:voordeur:coordinator:" + r.choice(conf.coordinators)
        if name == "handover_accepted" and case.handover:
            actor = "urn:voordeur:regisseur:" + case.handover
        if name in ("case_declined", "case_dismissed"):
            data["reason"] = "reden"
        if name == "case_assigned":
            data["regisseur"] = self.one_of(regisseurs + ["r-none"], regisseurs, 0.97)
        if name == "handover_offered":
            data["to"] = self.one_of(regisseurs + ["r-none"], regisseurs, 0.97)
        if name == "case_escalated":
            data.update(to="wethouder", reason="nodig")
        if name == "plan_set":
            data["revision"] = self.one_of([0, 1, 2, 7], [case.plan + 1])
            data["goals"] = [{"domain": "school", "text": "doel", "owner": "o", "state": "open",
                              "due": instant_text(self.time + DAY)}] * r.randint(0, 1)
        if name == "case_closed":
            data["outcome"] = "klaar"
        return self.command_event(name, actor, data)

    def command_event(self, name, actor, data):
        if self.r.random() < 0.04:
            actor = self.r.choice(["urn:voordeur:regisseur:r-0", "urn:voordeur:coordinator:c-0", "urn:test:0",
                                   "urn:voordeur:service:v-all", "urn:voordeur:regisseur:nobody",
                                   "urn:voordeur:privacy_officer:p-0"])
        return self.event("nl.voordeur.%s.v1" % name, actor, data)

    def spoil_member(self, data):
        """One member of it gone, of another type, or odd."""
        r = self.r
        name = r.choice(sorted(data))
        if r.random() < 0.2:
            del data[name]
            return
        value = data[name]
        if name == "time":  # a far one would let a clock tick for thousands of years
            data[name] = r.choice(["x", "", None, 7, value.lower(), value + "Z", "1970-01-01T00:00:00Z"])
            return
        if isinstance(value, list) and value and r.random() < 0.6:
            value = list(value)
            if isinstance(value[0], dict) and value[0] and r.random() < 0.6:
                value[0] = dict(value[0])
                self.spoil_member(value[0])
            else:
                value = r.choice([value + value, value[::-1], value[:1] + [None], [value], value + [7]])
            data[name] = value
        elif isinstance(value, dict) and value and r.random() < 0.6:
            data[name] = dict(value)
            self.spoil_member(data[name])
        elif isinstance(value, str) and r.random() < 0.6:
            data[name] = r.choice([value + " ", value.upper(), value.lower(), value[:-1], value + value, "\u00e9" + value,
                                   "x" * 256, "x" * 257, "\u00eb" * 128, "\u00eb" * 129])
        else:
            data[name] = r.choice(ODD)

    def spoil(self, event):
        """One thing wrong with it, or odd."""
        r, data = self.r, event["data"]
        if r.random() < 0.5:
            self.spoil_member(r.choice([data, data, event]))
            return
        kind = r.randint(0, 13)
        if kind == 0:
            event["source"] = "urn:test:nobody"
        elif kind == 1:
            event["type"] = r.choice(["nl.test.none.v1", "nl.voordeur.case_opened.v1"])
        elif kind == 2:
            data["municipality"] = "GM0000"
        elif kind == 3:
            data["persons"] = [{"bsn": r.choice(["999900007", "000000000", "12345678", "99990000a", ""])}]
        elif kind == 4:
            data["address"] = r.choice([{"bag": "99012"}, {"buurt": "BU9901010"}, {"buurt": "bu99010101"}, {}])
        elif kind == 5:
            data["severity"] = r.choice([0, 6, -1, "3", 2.0, 1e3])
        elif kind == 6:
            del event[r.choice(["specversion", "id", "source", "type", "time", "data"])]
        elif kind == 7:
            event["time"] = r.choice(["2026-01-05", "2026-02-30T00:00:00Z", "1969-12-31T23:59:59Z",
                                      "2026-01-05T09:00:00.1234567890Z", "2026-01-05T09:00:60Z", None])
        elif kind == 8:
            data[r.choice(["extra", "bsn", "case"])] = 1
        elif kind == 9:
            event["id"] = r.choice(["", "i" * 256, "i" * 257, 7])
        elif kind == 10:
            data.pop("municipality")
        elif kind == 11:
            data.pop("persons", None)
            data.pop("address", None)
        elif kind == 12:
            event["subject"] = r.choice([None, 1.0, {"a": []}])
        else:
            event["time"] = event["time"][:-1] + "999999Z"

    def again(self):
        """Something that was sent before: the same bytes, the same event in other bytes, or another event."""
        r = self.r
        raw = r.choice(self.lines)
        try:
            event = json.loads(raw)
        except ValueError:
            return raw
        if not isinstance(event, dict):
            return raw
        kind = r.random()
        if kind < 0.6:
            items = list(event.items())
            r.shuffle(items)
            return json.dumps(dict(items), indent=None, ensure_ascii=True)
        if kind < 0.9:
            event["time"] = instant_text(self.time)
        return json.dumps(event)

    def add(self):
        r = self.r
        self.step()
        kind = r.random()
        if kind < 0.06 and self.lines:
            raw = self.again()
        elif kind < 0.07:
            raw = r.choice(["{", "[]", "7", "null", "{}", '{"id":"a","id":"a"}', "\t ", '{"id":"e-1","source":"\\u0000"}'])
        else:
            event = self.signal() if kind < 0.07 + self.signal_share else self.command()
            if r.random() < 0.05:
                self.spoil(event)
            raw = json.dumps(event, ensure_ascii=False)
        self.lines.append(raw)
        if raw.strip():
            self.model.take(Line(raw.encode("utf-8")))


def generate(seed, lines, folder):
    """Writes a configuration and gives (settings, lines, until), the last None where there is none."""
    r = random.Random(seed)
    settings = make_settings(r)
    write_settings(settings, folder)
    stream = Stream(r, settings, Settings(folder, instant))
    while len(stream.lines) < lines:
        stream.add()
    until = None
    if r.random() < 0.5:
        until = instant_text(max(0, stream.time + r.choice([-10 * DAY, -1, 0, HOUR, 5 * DAY, 50 * DAY])))
    return settings, stream.lines, until


def write_stream(lines, until, folder):
    with open(os.path.join(folder, "input.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    if until is not None:
        with open(os.path.join(folder, "until.txt"), "w", encoding="utf-8") as file:
            file.write(until + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--lines", type=int, default=150)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    _, lines, until = generate(arguments.seed, arguments.lines, arguments.out)
    write_stream(lines, until, arguments.out)


if __name__ == "__main__":
    main()
