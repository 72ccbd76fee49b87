#!/usr/bin/env python3
"""A shadow on a running broker: on what comes it decides as a back-test does afterwards, and tells nobody."""

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
BEFORE, LIVE = 600, 300  # lines of the year that are stored, and that come while the shadow runs
KINDS = ("cases", "signals", "acts", "rule", "district", "regisseur")


def of(text):
    return [row for row in map(json.loads, text.splitlines()) if row["row"] in KINDS]


class Shadow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="vdr-shadow-")
        cls.town = LiveTown(BUILD, ZOMERDAL, cls.home)
        with open(os.path.join(ZOMERDAL, "signals.jsonl"), "rb") as f:
            lines = f.readlines()
        cls.coming = lines[BEFORE:BEFORE + LIVE]
        begin = os.path.join(cls.home, "begin.jsonl")
        with open(begin, "wb") as f:
            f.writelines(lines[:BEFORE])
        subprocess.run([MAKE_STORE, ZOMERDAL, begin, os.path.join(cls.home, "store")], check=True,
                       stdout=subprocess.DEVNULL)
        with open(os.path.join(ZOMERDAL, "rules.yaml")) as f:
            rules = f.read()
        cls.lower = os.path.join(cls.home, "lower.yaml")
        with open(cls.lower, "w") as f:
            f.write(rules.replace("at_least: {domains: 3, agencies: 2}", "at_least: {domains: 2, agencies: 2}"))
        cls.town.start()

    @classmethod
    def tearDownClass(cls):
        cls.town.kill()
        shutil.rmtree(cls.home)

    def call(self, *arguments):
        done = subprocess.run([self.town.cli, *arguments, "--home", self.home, "--as", OPERATOR],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def diff(self):
        status, out, err = self.call("rules", "diff", "--json")
        self.assertEqual(status, 3, err)
        return out

    def publish(self, lines):
        parties = {}
        for line in lines:
            name = self.town.sender_of(line)
            if name not in parties:
                parties[name] = self.town.party(name)
            parties[name].publish(line)
        for party in parties.values():
            party.stop()

    def test_it_decides_as_a_back_test_does_afterwards(self):
        self.assertEqual(self.call("rules", "diff")[0], 1, "none runs")
        status, _, err = self.call("rules", "shadow", "start", self.lower)
        self.assertEqual(status, 0, err)
        status, out, err = self.call("rules", "diff")
        self.assertEqual((status, "No difference" in out), (0, True), "nothing has come yet: " + out + err)
        self.assertEqual(self.call("rules", "shadow", "start", self.lower)[0], 1, "one at a time")
        self.publish(self.coming)
        seen = self.diff()
        cases = next(row for row in of(seen) if row["row"] == "cases")
        self.assertGreater(cases["new"], 0)
        status, out, _ = self.call("rules", "shadow", "status", "--json")
        self.assertTrue(json.loads(out)["runs"])
        self.assertGreater(json.loads(out)["position"], BEFORE + LIVE)

        self.assertEqual(self.town.stop(), 0)
        with open(os.path.join(self.home, "store", "shadow", "since")) as f:
            since = int(f.read())
        offline = subprocess.run([self.town.cli, "backtest", "--store", os.path.join(self.home, "store"), "--rules",
                                  self.lower, "--json", "--since", self.instant(since)], stdout=subprocess.PIPE)
        self.assertEqual(offline.returncode, 3)
        self.assertEqual(of(seen), of(offline.stdout.decode()))

        self.town.start()
        self.assertEqual(of(self.diff()), of(seen), "a restart changes nothing")
        self.assertEqual(self.call("rules", "shadow", "stop")[0], 0)
        self.assertEqual(self.town.stop(), 0)
        self.town.start()
        self.assertEqual(self.call("rules", "diff")[0], 1, "what was stopped does not come back")
        self.assertIn("no shadow", self.call("rules", "shadow", "status")[1])

    @staticmethod
    def instant(ms):
        import datetime
        at = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
        return at.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (ms % 1000)


if __name__ == "__main__":
    unittest.main()
