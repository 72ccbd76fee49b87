#!/usr/bin/env python3
"""What residents ask, by the command line: what officers see of it, and what others no longer see."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VDR_BUILD", os.path.join(ROOT, "build", "debug"))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "deploy"))

from broker import BSNS, WAIT_S, Broker, act_event, signal_event  # noqa: E402
from live_town import LiveTown  # noqa: E402

CLI = os.path.join(BUILD, "clients", "cli", "voordeur")
CASE = os.path.join(ROOT, "tests", "conformance", "57-conflict")
POLICE = "urn:nld:oin:00000099000000020000:systeem:bvh"
OFFICER, COORDINATOR, ANNA, BRAM = ("privacy_officer:p-ada", "coordinator:c-piet", "regisseur:r-anna",
                                    "regisseur:r-bram")
A, B = "999900006", "999902015"
LOOK = "#61"  # the verb ERASURE_LOOK


class Rights(unittest.TestCase):
    """One town, one day: each step is an hour later."""

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="vdr-rights-")
        self.town = LiveTown(BUILD, CASE, os.path.join(self.home, "town"))
        self.town.start()
        self.police = self.town.party("agency:politie")
        self.hour = 0

    def tearDown(self):
        self.police.kill()
        self.town.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def instant(self, days=0):
        self.hour += 1
        return "2026-03-%02dT%02d:00:00Z" % (2 + days + self.hour // 24, self.hour % 24)

    def violence(self, event_id, *bsns):
        answer = self.police.publish(json.dumps(
            {"specversion": "1.0", "id": event_id, "source": POLICE,
             "type": "nl.veiligheid.huiselijk-geweld-gemeld.v1", "time": self.instant(),
             "data": {"municipality": "GM9901", "persons": [{"bsn": b, "role": "parent"} for b in bsns],
                      "detail": "words about " + event_id}}).encode())
        self.assertEqual(answer["verdict"], "accepted")

    def call(self, who, *arguments, stdin=None, status=0):
        """What it says on standard output, as JSON lines."""
        done = subprocess.run([CLI, *arguments, "--home", self.town.home, "--as", who, "--json"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=stdin, timeout=60)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def act(self, who, *arguments, verdict="accepted", stdin=None):
        told = self.call(who, *arguments, "--time", self.instant(), stdin=stdin,
                         status=0 if verdict == "accepted" else 1)
        self.assertEqual([line["verdict"] for line in told], [verdict], arguments)

    def requests(self, who=OFFICER, *options):
        return [(r["kind"], r["household"], r["signal"], r["state"])
                for r in self.call(who, "privacy", "requests", *options)]

    def test_what_is_asked_is_listed_until_it_is_done(self):
        self.violence("v-1", A)
        self.act(OFFICER, "privacy", "request-erasure", "H1", "--reason", "letter", "--due", "2026-03-09T00:00:00Z")
        self.act(OFFICER, "privacy", "object", "--signal", "v-1", "--agency", "politie", "--reason", "not so")
        listed = self.call(OFFICER, "privacy", "requests")
        self.assertEqual([(r["kind"], r["household"], r["signal"], r["due"], r["case"], r["author"]) for r in listed],
                         [("erasure", "H1", None, "2026-03-09T00:00:00.000Z", "C1", "p-ada"),
                          ("objection", "H1", "v-1", listed[1]["due"], "C1", "p-ada")])
        self.act(OFFICER, "privacy", "decide", "--signal", "v-1", "--decision", "rejected", "--reason", "it was")
        self.act(OFFICER, "privacy", "hold", "H1", "--reason", "court")
        self.act(OFFICER, "privacy", "confirm", "H1", verdict="not_allowed")
        self.assertEqual(self.requests(COORDINATOR), [("hold", "H1", None, "placed")])
        self.act(COORDINATOR, "privacy", "confirm", "H1")
        holder = next(r for r in (ANNA, BRAM) if self.call(r, "inbox"))
        self.act(holder, "case", "dismiss", "C1", "--reason", "helped")
        self.assertEqual(self.requests(), [("erasure", "H1", None, "stands"), ("hold", "H1", None, "stands")])
        self.act(OFFICER, "privacy", "lift", "H1", "--reason", "over")
        self.act(COORDINATOR, "privacy", "confirm", "H1")
        self.assertEqual(self.requests(), [])
        self.assertEqual(self.requests(OFFICER, "--all"),
                         [("erasure", "H1", None, "done"), ("objection", "H1", None, "rejected"),
                          ("hold", "H1", None, "lifted")])
        self.call(ANNA, "privacy", "requests", status=1)

    def test_what_is_restricted_is_shown_to_nobody(self):
        self.violence("v-1", A)
        holder = next(r for r in (ANNA, BRAM) if self.call(r, "inbox"))
        self.assertEqual(self.call(holder, "signal", "show", "v-1")[0]["detail"], "words about v-1")
        self.act(OFFICER, "privacy", "restrict", "--signal", "v-1", "--reason", "contested")
        self.call(holder, "signal", "show", "v-1", status=1)
        self.assertEqual(self.call(holder, "case", "show", "C1")[0].get("signals", []), [])
        self.act(OFFICER, "privacy", "unrestrict", "--signal", "v-1", "--reason", "checked")
        self.act(OFFICER, "privacy", "restrict", "H1", "--reason", "contested")
        self.call(holder, "household", "show", "H1", status=1)
        self.call(holder, "signal", "show", "v-1", status=1)
        self.act(OFFICER, "privacy", "unrestrict", "H1", "--reason", "checked")
        self.assertEqual(self.call(holder, "signal", "show", "v-1")[0]["detail"], "words about v-1")
        self.violence("v-2", A, B)
        self.act(OFFICER, "privacy", "restrict", "--bsn", "-", "--reason", "contested", stdin=B.encode())
        shown = self.call(holder, "signal", "show", "v-2")[0]
        self.assertEqual([p["bsn"] for p in shown["persons"]], [A])
        self.assertNotIn("detail", {k: v for k, v in shown.items() if v is not None})
        self.assertEqual([p["bsn"] for p in self.call(holder, "household", "show", "H1")[0]["persons"]], [A])
        self.assertEqual([r[0] for r in self.requests()], ["restriction"])

    def test_one_person_leaves_and_the_others_stay(self):
        self.violence("v-1", A, B)
        self.violence("v-2", B)
        holder = next(r for r in (ANNA, BRAM) if self.call(r, "inbox"))
        self.act(OFFICER, "privacy", "person-erase", "H1", "--bsn", "-", stdin=B.encode(), verdict="wrong_state")
        self.act(holder, "case", "dismiss", "C1", "--reason", "helped")
        self.act(OFFICER, "privacy", "person-erase", "H1", "--bsn", "-", stdin=B.encode())
        for restarted in (False, True):
            shown = self.call("service:wijkteam", "signal", "show", "v-1")[0]
            self.assertEqual([p["bsn"] for p in shown["persons"]], [A])
            self.assertNotIn("detail", {k: v for k, v in shown.items() if v is not None})
            self.call("service:wijkteam", "signal", "show", "v-2", status=1)
            if not restarted:
                self.assertEqual(self.town.stop(), 0)
                self.town.start()
        self.violence("v-3", B)  # nobody who is known
        self.act(OFFICER, "privacy", "person-erase", "H1", "--bsn", "-", stdin=B.encode(), verdict="wrong_state")

    def test_who_is_in_conflict_sees_nothing_and_keeps_nothing(self):
        self.violence("v-1", A)
        holder, other = (ANNA, BRAM) if self.call(ANNA, "inbox") else (BRAM, ANNA)
        self.call(holder, "household", "show", "H1")
        self.act(holder, "conflict", "declare", holder.split(":")[1], "--bsn", "-", stdin=B.encode() + b"\n")
        self.call(holder, "household", "show", "H1")
        self.violence("v-2", A, B)  # now it is of H1
        self.call(holder, "household", "show", "H1", status=1)
        self.call(holder, "case", "show", "C1", status=1)
        self.assertEqual([c["case"] for c in self.call(other, "inbox")], ["C1"])
        self.act(COORDINATOR, "case", "assign", "C1", "--to", holder.split(":")[1], verdict="not_allowed")
        self.act(holder, "conflict", "lift", holder.split(":")[1], "--bsn", B, verdict="not_allowed")
        self.act(COORDINATOR, "conflict", "lift", holder.split(":")[1], "--bsn", B)
        self.act(COORDINATOR, "case", "assign", "C1", "--to", holder.split(":")[1])


class Erased(unittest.TestCase):
    """One person leaves a running, sealed broker that erases by itself."""

    def test_after_a_run_the_signal_of_others_reads_and_the_old_one_is_gone(self):
        with Broker(node=["erasure: {every: 1d}"]) as broker:
            school = broker.session("agency:school")
            persons = [{"bsn": BSNS[0], "role": "youth"}, {"bsn": BSNS[1], "role": "parent"}]
            self.assertEqual(school.verdict(signal_event("school", "shared", persons=persons)), "accepted")
            officer = broker.session("privacy_officer:p-els")
            self.assertEqual(officer.verdict(act_event("privacy_officer:p-els", "k-1", "person_erased", household="H1",
                                                       bsn=BSNS[1])), "accepted")
            operator = broker.session("operator:beheer")
            until = time.monotonic() + WAIT_S  # for the end of the run: an operator can only look
            while True:
                seen = operator.admin(LOOK)["counters"]
                if seen["runs"] >= 1 and seen["waiting"] == 0:
                    break
                self.assertLess(time.monotonic(), until, seen)
                time.sleep(0.02)
            self.assertGreaterEqual(seen["last_dropped"], 2)  # what it said before, and the act
            for again in (False, True):
                if again:
                    broker.close_peers()
                    self.assertEqual(broker.stop(), 0)
                    broker.start()
                shown = broker.session("service:jeugdteam").read("signal id=shared")["signals"][0]
                self.assertEqual([p["bsn"] for p in shown["persons"]], [BSNS[0]])
                self.assertEqual(shown, before if again else shown)
                before = shown


if __name__ == "__main__":
    unittest.main(verbosity=2)
