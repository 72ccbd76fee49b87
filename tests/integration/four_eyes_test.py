#!/usr/bin/env python3
"""Four eyes, with approvals: two and a real broker: rules, purposes, catalogue and exclusions are each changed in every
way that one person has, and none of them changes what is in force.

Goal: what holds was approved by a second operator, and its exact text is in the log. Every wait is for an event.
"""

import json
import os
import signal
import subprocess
import time
import unittest

from broker import BUILD, CATALOGUE, PARTIES, RULES, TOWN, WAIT_S, Broker

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
# What is changed: the file, what it was, and what one person wants it to be.
CHANGES = {
    "rules": ("rules.yaml", RULES, RULES.replace("priority: normal", "priority: high")),
    "purposes": ("town.yaml", TOWN, TOWN.replace("[care, safety]]", "[care, safety], [safety, work]]")),
    "catalogue": ("catalogue.yaml", CATALOGUE, CATALOGUE.replace("severity: 2", "severity: 5")),
    "exclusions": ("town.yaml", TOWN, TOWN.replace("excluded_addresses: []",
                                                   'excluded_addresses: ["9901200000009999"]')),
}


class Town(Broker):
    def __init__(self):
        super().__init__(parties=PARTIES + ["operator:toezicht"], approvals="two")
        self.write("server.pub", self.public_key("server") + "\n")

    def run(self, who, *arguments):
        link = ["--connect", self.endpoints["operators"], "--server-key", self.path("server.pub"), "--key",
                self.key_file("operator:" + who)]
        done = subprocess.run([VOORDEUR, *arguments, *link], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def rows(self, who, *arguments):
        status, out, err = self.run(who, *arguments, "--json")
        assert status == 0, (arguments, out, err)
        return [json.loads(line) for line in out.splitlines()]

    def in_force(self, name):
        """The text of one file, as the log has it."""
        return self.rows("toezicht", "rules", "version")[0][name]

    def wait_log(self, words, times):
        until = time.monotonic() + WAIT_S
        while True:
            with open(self.path("log"), encoding="utf-8") as f:
                if sum(words in line for line in f) >= times:
                    return
            assert time.monotonic() < until, self.log()
            time.sleep(0.01)


class FourEyes(unittest.TestCase):
    def test_one_operator_alone_changes_none_of_the_four(self):
        for name, (file, before, after) in CHANGES.items():
            with self.subTest(name):
                self.assertNotEqual(before, after)
                broker = Town()
                self.addCleanup(broker.__exit__, None, None, None)
                broker.start()
                self.one_change(broker, file, before, after)
                self.assertEqual(broker.stop(), 0)

    def one_change(self, broker, file, before, after):
        broker.write("config/" + file, after)
        # A signal to the daemon: told, and nothing else.
        broker.process.send_signal(signal.SIGHUP)
        broker.wait_log("the directory is not what is in force", 1)
        self.assertEqual(broker.in_force(file), before)
        # A restart on the changed directory: the same.
        self.assertEqual(broker.stop(), 0)
        broker.start()
        broker.wait_log("the configuration of the directory is not version 1", 1)
        self.assertEqual(broker.in_force(file), before)
        # A reload by an operator proposes it, in their name; they cannot approve it themselves.
        reload = broker.rows("beheer", "reload")[0]
        proposal = str(broker.rows("beheer", "rules", "proposals")[0]["number"])
        self.assertIn("another operator must approve it", reload["text"])
        status, _, err = broker.run("beheer", "rules", "approve", proposal)
        self.assertEqual((status, "four_eyes" in err), (1, True))
        broker.rows("beheer", "rules", "withdraw", proposal)
        # Proposed outright, and rolled back to: the same.
        proposal = str(broker.rows("beheer", "rules", "propose", broker.path("config"), "--reason",
                                   "x")[0]["proposal"])
        status, _, err = broker.run("beheer", "rules", "approve", proposal)
        self.assertEqual((status, "four_eyes" in err), (1, True))
        self.assertEqual(broker.in_force(file), before)
        self.assertEqual(len(broker.rows("beheer", "rules", "history")), 1)
        # Another operator's approval brings it into force, to the letter; going back takes two again.
        broker.rows("toezicht", "rules", "approve", proposal)
        self.assertEqual(broker.in_force(file), after)
        version = broker.rows("toezicht", "rules", "history")[0]
        self.assertEqual((version["version"], version["author"], version["approver"]), (2, "beheer", "toezicht"))
        proposal = str(broker.rows("toezicht", "rules", "rollback", "1", "--reason", "x")[0]["proposal"])
        self.assertEqual(broker.run("toezicht", "rules", "approve", proposal)[0], 1)
        self.assertEqual(broker.in_force(file), after)

    def test_a_node_that_asks_for_less_says_so(self):
        broker = Town()
        self.addCleanup(broker.__exit__, None, None, None)
        broker.start()
        broker.approvals = "one"
        broker.write_node()
        broker.write("config/rules.yaml", CHANGES["rules"][2])
        broker.process.send_signal(signal.SIGHUP)
        broker.wait_log("approvals: one from here on", 1) # who has the machine can do this, and is heard
        self.assertEqual(broker.in_force("rules.yaml"), RULES) # the stricter of both counted


if __name__ == "__main__":
    unittest.main()
