#!/usr/bin/env python3
"""A made-up town lives by itself on a running broker, and goes on where it was."""

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
from live_town import LiveTown  # noqa: E402

TOWN = os.path.join(ROOT, "deploy", "zomerdal")


class Simulate(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="vdr-simulate-")
        self.town = LiveTown(os.environ["VDR_BUILD"], TOWN, self.home)

    def tearDown(self):
        self.town.kill()
        shutil.rmtree(self.home)

    def simulate(self, *arguments):
        lines = self.town.run("simulate", "--home", self.home, "--town", TOWN, "--json", *arguments).splitlines()
        return json.loads(lines[-1])

    def changes(self):
        lines = [json.loads(x) for x in self.town.operator("decisions", "--from", "0", "--json").splitlines()]
        return lines, [(x["change"], x["regisseur"]) for x in lines if x["event"] == "case"]

    def test_people_work_their_cases_and_leave_alone_what_a_person_plays(self):
        self.town.start()
        told = self.simulate("--from", "2026-05-01", "--until", "2026-05-01", "--hands-off", "regisseur:r-anna")
        lines, changes = self.changes()
        published = sum(x["event"] == "signal" or x.get("command") in ("feedback", "signal_ended", "signal_withdrawn")
                        for x in lines)
        self.assertGreater(told["published"], 300)
        self.assertGreater(published, 300)
        busy = {who for change, who in changes if change == "accepted"}
        self.assertIn("r-bram", busy)
        self.assertNotIn("r-anna", busy)
        self.assertIn("plan_set", {change for change, _ in changes})
        self.assertIn("offered", {change for change, who in changes if who == "r-anna"})
        self.assertLess(max(x["at"] for x in lines), "2026-05-02")

        # The same broker, later: what was lived through is not sent again, and the town's clock goes on.
        later = self.simulate("--from", "2026-06-01", "--until", "2026-06-01", "--hands-off", "regisseur:r-anna")
        after, _ = self.changes()
        self.assertEqual(after[:len(lines)], lines)
        self.assertGreater(later["published"], 50)
        self.assertLess(later["published"], told["published"])

    def test_a_broker_that_lives_by_the_wall_is_left_alone(self):
        self.town.clock = []
        self.town.start()
        done = subprocess.run([self.town.cli, "simulate", "--home", self.home, "--town", TOWN], stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--clock event", done.stderr)
        self.assertEqual(self.town.operator("decisions", "--from", "0", "--json"), b"")

    def test_who_does_not_live_there_cannot_be_left_alone(self):
        done = subprocess.run([self.town.cli, "simulate", "--home", self.home, "--hands-off", "regisseur:nobody"],
                              stderr=subprocess.PIPE, cwd=ROOT)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"no such party", done.stderr)


if __name__ == "__main__":
    unittest.main()
