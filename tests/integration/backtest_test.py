#!/usr/bin/env python3
"""A back-test on a running broker: what the stored history says offline, while agencies go on publishing."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy"))
from live_town import OPERATOR, LiveTown  # noqa: E402

BUILD = os.environ.get("VDR_BUILD", os.path.join(ROOT, "build", "debug"))
MAKE_STORE = os.path.join(BUILD, "tests", "integration", "integration_make_store")
ZOMERDAL = os.path.join(ROOT, "deploy", "zomerdal")
KINDS = ("cases", "signals", "acts", "rule", "district", "regisseur", "sample", "signal")
LATER = "2027-02-01T09:00:%02dZ"


def made(home, *cut):
    subprocess.run([MAKE_STORE, ZOMERDAL, os.path.join(ZOMERDAL, "year.jsonl"), os.path.join(home, "store"), *cut],
                   check=True, stdout=subprocess.DEVNULL)


def of(text, *kinds):
    return [row for row in map(json.loads, text.splitlines()) if row["row"] in (kinds or KINDS)]


class Town:
    cut = ()

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="vdr-backtest-")
        cls.town = LiveTown(BUILD, ZOMERDAL, cls.home)
        made(cls.home, *cls.cut)
        with open(os.path.join(ZOMERDAL, "rules.yaml")) as f:
            rules = f.read()
        cls.lower = os.path.join(cls.home, "lower.yaml")
        with open(cls.lower, "w") as f:
            f.write(rules.replace("at_least: {domains: 3, agencies: 2}", "at_least: {domains: 2, agencies: 2}"))
        cls.offline = cls.call("--store", os.path.join(cls.home, "store"), "--rules", cls.lower, "--json")
        cls.town.start()

    @classmethod
    def tearDownClass(cls):
        cls.town.kill()
        shutil.rmtree(cls.home)

    @classmethod
    def call(cls, *arguments):
        done = subprocess.run([os.path.join(BUILD, "clients", "cli", "voordeur"), "backtest", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def live(self, *arguments, who=OPERATOR):
        return self.call("--home", self.home, "--as", who, *arguments)


class Running(Town):
    def test_it_says_what_the_store_says_offline(self):
        status, out, err = self.live("--rules", self.lower, "--json")
        self.assertEqual((status, self.offline[0]), (3, 3), err + self.offline[2])
        self.assertEqual(of(out), of(self.offline[1]))

    def test_unchanged_rules_differ_in_nothing(self):
        status, out, err = self.live("--rules", os.path.join(ZOMERDAL, "rules.yaml"))
        self.assertEqual(status, 0, err)
        self.assertIn("No difference", out)

    def test_an_error_in_the_new_rules_is_told_with_its_place(self):
        bad = os.path.join(self.home, "bad.yaml")
        with open(bad, "w") as f:
            f.write("rules:\n  - id: x\n    level: casus\n")
        status, out, err = self.live("--rules", bad)
        self.assertEqual(status, 2, err)
        self.assertIn(bad + ":2:5: text:", err)

    def test_operators_only(self):
        status, out, err = self.live("--rules", self.lower, who="agency:politie")
        self.assertEqual((status, out), (1, ""), err)

    def test_stopping_what_does_not_run_is_no_fault(self):
        self.assertEqual(self.live("--stop")[0], 0)


class Whole(Running, unittest.TestCase):
    pass


class Publishing(Town, unittest.TestCase):
    def test_agencies_are_answered_while_it_runs(self):
        with open(os.path.join(ZOMERDAL, "year.jsonl")) as f:
            first = next(event for event in map(json.loads, f) if not event["type"].startswith("nl.voordeur"))
        sender = self.town.party(self.town.sender_of(json.dumps(first)))
        beside = subprocess.Popen([os.path.join(BUILD, "clients", "cli", "voordeur"), "backtest", "--home", self.home,
                                   "--as", OPERATOR, "--rules", self.lower, "--json"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        for number in range(20):
            first.update(id="beside-%d" % number, time=LATER % number)
            for member in ("occurred_at", "supersedes", "act_before"):
                first["data"].pop(member, None)
            self.assertEqual(sender.publish(json.dumps(first).encode())["verdict"], "accepted")
        out, err = beside.communicate(timeout=120)
        self.assertEqual(beside.returncode, 3, err)
        self.assertTrue(of(out.decode(), "rule"))
        sender.stop()


class Cut(Running, unittest.TestCase):
    cut = ("900", "1100")

    def test_it_says_from_when_the_history_is_whole(self):
        status, out, err = self.live("--rules", self.lower, "--json")
        self.assertEqual(of(out, "span")[0]["whole_from_position"], 902, err)
        self.assertFalse(os.path.exists(os.path.join(self.home, "store", "backtest", "state")))


if __name__ == "__main__":
    unittest.main()
