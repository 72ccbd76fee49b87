#!/usr/bin/env python3
"""Explanations of a running town: they say what replay decides, live, of the past, and offline; trials come true."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VDR_BUILD", os.path.join(ROOT, "build", "debug"))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "deploy"))

from live_town import LiveTown  # noqa: E402

CLI = os.path.join(BUILD, "clients", "cli", "voordeur")
TOWN = os.path.join(ROOT, "deploy", "zomerdal")
UNTIL = "2026-03-01T00:00:00"  # so far the year goes before anything is asked
TRIED = 12                     # lines after that, each tried and then sent
NOT_EQUAL = ("position", "config_position", "opened_position")  # of records: the live log has ticks, too


def call(*arguments, stdin=None):
    done = subprocess.run([CLI, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=stdin)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def without_positions(value):
    if isinstance(value, dict):
        return {k: without_positions(v) for k, v in value.items() if k not in NOT_EQUAL}
    return [without_positions(v) for v in value] if isinstance(value, list) else value


class Explain(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="vdr-explain-")
        with open(os.path.join(TOWN, "year.jsonl"), "rb") as f:
            cls.lines = f.readlines()
        cls.sent = next(i for i, l in enumerate(cls.lines) if json.loads(l)["time"] > UNTIL)
        cls.people = {}
        cls.town = LiveTown(BUILD, TOWN, os.path.join(cls.home, "town"))
        cls.town.start()
        for line in cls.lines[:cls.sent]:
            cls.publish(line)

    @classmethod
    def tearDownClass(cls):
        for person in cls.people.values():
            person.kill()
        cls.town.kill()
        shutil.rmtree(cls.home, ignore_errors=True)

    @classmethod
    def publish(cls, line):
        who = cls.town.sender_of(line)
        if who not in cls.people:
            cls.people[who] = cls.town.party(who)
        cls.people[who].publish(line)

    def events(self):
        """The lines that were sent, as a file."""
        name = os.path.join(self.home, "sent.jsonl")
        with open(name, "wb") as f:
            f.writelines(self.lines[:self.sent])
        return name

    def replay(self, count, *more):
        """What is decided about the first lines."""
        status, out, err = call("replay", "--config", TOWN, *more, "-", stdin=b"".join(self.lines[:count]))
        self.assertEqual(status, 0, err)
        return out.splitlines()

    def live(self, *arguments):
        return json.loads(self.town.operator(*arguments, "--json"))

    def offline(self, *arguments):
        status, out, err = call(*arguments, "--config", TOWN, "--events", self.events(), "--json")
        self.assertEqual(status, 0, err)
        return json.loads(out)

    def same(self, live, offline):
        self.assertEqual(without_positions(live), without_positions(offline))

    def proposals(self):
        return [v for v in map(json.loads, self.replay(self.sent)) if v.get("change") == "proposed"]

    def test_a_case_is_explained_as_it_was_decided(self):
        proposed = self.proposals()
        self.assertGreaterEqual(len(proposed), 2)
        for line in proposed:
            # As it was at that instant: the same from the log of the broker, and from the events.
            told = self.live("explain", "case", line["case"], "--at", line["at"])
            self.same(told, self.offline("explain", "case", line["case"], "--at", line["at"]))
            case = next(c for c in told["cases"] if c["case"] == line["case"])
            self.assertEqual(case["rules"], line["rules"])
            self.assertEqual([s["id"] for s in case["signals"]], line["signals"])
            counted = set()
            for rule in told["rules"]:
                if rule["id"] in line["rules"]:
                    self.assertTrue(rule["holds"])
                    counted |= {s["id"] for s in rule["signals"] if s["use"] == "counted"}
            self.assertEqual(counted, set(line["signals"]))
            offered = next(v for v in map(json.loads, self.replay(self.sent)) if v.get("case") == line["case"] and
                           v.get("change") in ("offered", "unassigned"))
            chosen = [c["regisseur"] for c in told["assignment"]["candidates"] if c["why"] == "chosen"]
            self.assertEqual(chosen, [offered["regisseur"]] if offered["regisseur"] else [])
            # And as it is now.
            self.same(self.live("explain", "case", line["case"]), self.offline("explain", "case", line["case"]))

    def test_a_household_without_a_case_lacks_what_its_signals_lack(self):
        decided = [json.loads(l) for l in self.replay(self.sent)]
        with_case = {v["household"] for v in decided if v["event"] == "case"}
        signals = {}
        for v in decided:
            if v["event"] == "signal" and v["verdict"] == "accepted" and v["household"] not in with_case:
                signals.setdefault(v["household"], []).append(v["id"])
        household = max(sorted(signals), key=lambda h: len(signals[h]))
        asked = ("why-not", "--household", household, "--rule", "drie-domeinen")
        told = self.live(*asked)
        self.same(told, self.offline(*asked))
        self.assertEqual([s["id"] for s in told["signals"]], signals[household])
        rule, = told["rules"]
        self.assertFalse(rule["holds"])
        counted = {s["id"] for s in rule["signals"] if s["use"] == "counted"}
        domains = {s["domain"] for s in told["signals"] if s["id"] in counted}
        agencies = {s["agency"] for s in told["signals"] if s["id"] in counted}
        self.assertEqual([(c["clause"], c["value"]) for c in rule["groups"][0]["clauses"]],
                         [("domains", len(domains)), ("agencies", len(agencies))])
        text = self.town.operator(*asked).decode()
        self.assertIn("It does not hold: it lacks", text)

    def test_later_is_as_replay_lets_time_pass(self):
        line = self.proposals()[0]
        told = self.live("explain", "household", line["household"], "--at", "2026-03-20T12:00:00Z")
        self.same(told, self.offline("explain", "household", line["household"], "--at", "2026-03-20T12:00:00Z"))
        last = {}
        for v in map(json.loads, self.replay(self.sent, "--until", "2026-03-20T12:00:00Z")):
            if v["event"] == "case":
                last[v["case"]] = v["state"]
        self.assertEqual({c["case"]: c["state"] for c in told["cases"]}, {line["case"]: last[line["case"]]})

    def test_a_trial_comes_true_and_leaves_nothing(self):
        before = self.replay(self.sent)
        longer = 0
        for _ in range(TRIED):
            line = self.lines[self.sent]
            name = os.path.join(self.home, "event.json")
            with open(name, "wb") as f:
                f.write(line)
            tried = self.town.operator("try", name).decode().splitlines()
            self.assertEqual(self.town.operator("try", name).decode().splitlines(), tried)
            status, out, err = call("try", name, "--config", TOWN, "--events", self.events())
            self.assertEqual((status, out.splitlines()), (0, tried), err)
            self.publish(line)
            type(self).sent += 1
            after = self.replay(self.sent)
            self.assertEqual(after[:len(before)], before)
            self.assertEqual(tried, after[len(before):])
            longer += len(tried) > 1
            before = after
        self.assertGreater(longer, 1)

    def test_it_reads_well_and_names_nobody(self):
        line = self.proposals()[-1]
        pages = [self.town.operator("explain", "case", line["case"]).decode(),
                 self.town.operator("explain", "signal", line["signals"][0]).decode(),
                 self.town.operator("why-not", "--household", line["household"], "--rule", line["rules"][0]).decode(),
                 self.town.operator("explain", "household", line["household"], "--json").decode()]
        people = {p["bsn"] for l in self.lines[:self.sent] for p in json.loads(l)["data"].get("persons", [])
                  if isinstance(p, dict) and isinstance(p.get("bsn"), str)}
        for page in pages:
            if not page.startswith("{"):
                self.assertEqual([l for l in page.splitlines() if len(l) > 80], [])
            self.assertFalse(people & set(re.findall(r"\d{9}", page)))
        self.assertIn("> " + line["signals"][0], pages[1])

    def test_what_is_not_there_and_who_may_not_ask(self):
        for asked in (("explain", "case", "C9999"), ("explain", "household", "H9999"), ("explain", "signal", "none"),
                      ("why-not", "--household", "H1", "--rule", "none"),
                      ("explain", "case", "C1", "--at", "2020-01-01T00:00:00Z")):
            status, out, err = call(*asked, "--home", self.town.home, "--as", "operator:beheer")
            self.assertEqual((status, out), (1, ""), asked)
            self.assertIn("not_found", err)
        for party in (self.town.anyone, next(p["party"] for p in self.town.parties if "coordinator" in p["party"])):
            status, out, err = call("explain", "case", "C1", "--home", self.town.home, "--as", party)
            self.assertEqual((status, out), (1, ""))
            self.assertIn("wrong_role", err)
        for wrong in (("explain",), ("explain", "case"), ("explain", "case", "H1"), ("explain", "street", "C1"),
                      ("why-not", "--rule", "x"), ("try",), ("explain", "case", "C1", "--at", "yesterday"),
                      ("explain", "case", "C1", "--config", TOWN)):
            self.assertEqual(call(*wrong)[0], 2, wrong)

    def test_a_regisseur_sees_why_of_the_own_open_cases_only(self):
        state = {}
        for v in map(json.loads, self.replay(self.sent)):
            if v["event"] == "case":
                state[v["case"]] = v
        held = [v for v in state.values() if v["state"] in ("offered", "active")]
        self.assertTrue(held)
        regisseurs = sorted(p["party"] for p in self.town.parties if p["party"].startswith("regisseur:"))
        for v in held:
            whole = self.live("explain", "case", v["case"])
            for party in regisseurs:
                status, out, err = call("explain", "case", v["case"], "--home", self.town.home, "--as", party, "--json")
                if party != "regisseur:" + v["regisseur"]:
                    self.assertEqual((status, out), (1, ""))
                    self.assertIn("not_found", err)
                    continue
                told = json.loads(out)
                case, = told["cases"]
                self.assertEqual(case, next(c for c in whole["cases"] if c["case"] == v["case"]))
                self.assertEqual([s["id"] for s in told["signals"]], [s["id"] for s in case["signals"]])
                self.assertEqual([r["id"] for r in told["rules"]], case["rules"])
                for rule in told["rules"]:
                    self.assertEqual([s["id"] for s in rule["signals"]], [s["id"] for s in told["signals"]])
                    there = {s["id"]: s for s in next(r for r in whole["rules"] if r["id"] == rule["id"])["signals"]}
                    self.assertEqual(rule["signals"], [there[s["id"]] for s in rule["signals"]])
                self.assertEqual([c["regisseur"] for c in told["assignment"]["candidates"]], [v["regisseur"]])
            for asked in (("household", v["household"]), ("signal", whole["signals"][0]["id"]),
                          ("case", v["case"], "--at", "2026-03-01T00:00:00Z")):
                status, out, err = call("explain", *asked, "--home", self.town.home, "--as",
                                        "regisseur:" + v["regisseur"])
                self.assertEqual((status, out), (1, ""), asked)

    def test_z_a_store_at_rest_says_the_same(self):
        line = self.proposals()[0]
        asked = ("explain", "case", line["case"], "--at", line["at"])
        live = self.live(*asked)
        for person in self.people.values():
            person.stop()
        self.assertEqual(self.town.stop(), 0)
        status, out, err = call(*asked, "--store", os.path.join(self.town.home, "store"), "--json")
        self.assertEqual(status, 0, err)
        self.assertEqual(json.loads(out), live)


if __name__ == "__main__":
    unittest.main(verbosity=2)
