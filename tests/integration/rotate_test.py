#!/usr/bin/env python3
"""The pseudonym key changes under a real broker that is at work, is killed on the way, and goes on by itself.

Goal: nobody becomes somebody else, nothing is taken twice, and at the end the old key is of no use. A move of somebody
unknown is kept without content: nothing can name it anew, so the change surely waits until it is given up, and what is
done meanwhile is done in the middle of it. Every wait is for a state, none for a time.
"""

import json
import os
import signal
import subprocess
import time
import unittest

from broker import BSNS, BUILD, PARTIES, SOURCES, TOWN, WAIT_S, Broker, act_event, signal_event

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
REGISTER = 'agencies:\n  - {id: burgerzaken, kind: brp, source: "urn:test:burgerzaken"}\n'
SOURCES["burgerzaken"] = "urn:test:burgerzaken"
AT = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
PERSONS = 60


class Town(Broker):
    def __init__(self):
        super().__init__(town=TOWN.replace("agencies:\n", REGISTER), parties=PARTIES + ["agency:burgerzaken"])
        self.write("server.pub", self.public_key("server") + "\n")

    def run(self, *arguments):
        link = ["--connect", self.endpoints["operators"], "--server-key", self.path("server.pub"), "--key",
                self.key_file("operator:beheer")]
        done = subprocess.run([VOORDEUR, *arguments, *link], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def good(self, *arguments):
        status, out, err = self.run(*arguments)
        assert status == 0, (arguments, out, err)
        return out

    def refused(self, *arguments):
        status, out, err = self.run(*arguments, "--json")
        assert status == 1 and out == "", (arguments, status, out, err)
        return json.loads(err.splitlines()[-1])["code"]

    def status(self):
        return json.loads(self.good("rotate", "status", "--json"))

    def counts(self):
        all_of = json.loads(self.good("status", "--json"))
        return {name: all_of[name] for name in ("households", "persons", "signals")}

    def wait_state(self, state):
        until = time.monotonic() + WAIT_S
        while True:
            seen = self.status()
            if seen["state"] == state:
                return seen
            if time.monotonic() > until:
                raise AssertionError("not %s: %s" % (state, seen))
            time.sleep(0.01)

    def refuses_to_start(self):
        """Exit status and words of a start that must fail."""
        with open(self.path("log"), "ab") as log:
            begin = log.tell()
            status = subprocess.run(self.command(), stdout=log, stderr=log, timeout=60).returncode
        with open(self.path("log"), encoding="utf-8") as f:
            f.seek(begin)
            return status, f.read()


def event_of(n):
    """One of two agencies about one of some persons."""
    return signal_event(("school", "politie")[n % 2], "s-%d" % n, person=n // 2 % PERSONS, at=AT)


class Rotate(unittest.TestCase):
    def setUp(self):
        self.town = Town()
        self.addCleanup(self.town.__exit__, None, None, None)
        self.town.start()
        self.connect()

    def connect(self):
        self.agencies = [self.town.session("agency:school"), self.town.session("agency:politie")]
        self.register = self.town.session("agency:burgerzaken")

    def publish(self, n):
        return self.agencies[n % 2].verdict(event_of(n))

    def again(self, numbers, expected="duplicate"):
        for n in numbers:
            self.assertEqual(self.publish(n), expected, n)

    def test_the_key_changes_under_load_and_through_a_kill(self):
        town = self.town
        self.again(range(4 * PERSONS), "accepted")
        nobody = act_event("burgerzaken", "m-1", "person_moved", at=AT, bsn=BSNS[PERSONS + 1], to="9901200000000001")
        self.assertEqual(self.register.verdict(nobody), "accepted")
        before = town.counts()
        self.assertEqual(town.status()["state"], "none")

        # Not without a next key, a good one and a reason.
        self.assertEqual(town.run("rotate", "pseudonyms")[0], 2)
        self.assertEqual(town.refused("rotate", "pseudonyms", "--reason", "x"), "bad_config")
        town.node = ["pseudonym_key_next: keys/pseudonym.next"]
        town.write_node()
        town.good("reload")
        self.assertEqual(town.refused("rotate", "pseudonyms", "--reason", "x"), "bad_config")
        town.write("keys/pseudonym.next", "%064x\n" % 7, 0o400)
        self.assertEqual(town.refused("rotate", "pseudonyms", "--reason", "x"), "wrong_state")
        os.remove(town.path("keys", "pseudonym.next"))
        town.write("keys/pseudonym.next", "%064x\n" % 8, 0o400)
        self.assertEqual(town.refused("rotate", "finish", "--reason", "x"), "wrong_state")
        town.good("rotate", "pseudonyms", "--reason", "a laptop was stolen")
        self.assertEqual(town.refused("rotate", "pseudonyms", "--reason", "x"), "wrong_state")

        # Under load, and killed: what was taken is known, what is new is of who it was.
        self.again(range(0, 4 * PERSONS, 7))
        self.again(range(4 * PERSONS, 5 * PERSONS), "accepted")
        self.assertEqual(self.register.verdict(nobody), "duplicate")
        town.close_peers()
        self.assertNotEqual(town.stop(signal.SIGKILL), 0)
        town.start()
        self.connect()
        self.again(range(0, 5 * PERSONS, 3))
        self.again(range(5 * PERSONS, 6 * PERSONS), "accepted")
        left = town.wait_state("waiting")
        self.assertEqual((left["acts_before"], left["signals_before"], left["members_before"]), (1, 0, 0))
        self.assertIn("rotate finish", town.good("rotate", "status"))
        self.assertEqual(self.register.verdict(nobody), "duplicate") # by the key before
        self.again(range(0, 6 * PERSONS, 5))

        # A start needs both keys until it is complete.
        town.close_peers()
        self.assertEqual(town.stop(), 0)
        town.node = []
        town.write_node()
        status, words = town.refuses_to_start()
        self.assertNotEqual(status, 0)
        self.assertIn("pseudonym_key_next", words)
        town.node = ["pseudonym_key_next: keys/pseudonym.next"]
        town.write_node()
        town.start()
        self.connect()

        town.good("rotate", "finish", "--reason", "the old key must go")
        town.wait_state("complete")
        self.assertEqual(self.register.verdict(nobody), "id_reused")
        self.again(range(0, 6 * PERSONS, 2))
        self.again(range(6 * PERSONS, 7 * PERSONS), "accepted")
        after = town.counts()
        self.assertEqual((after["households"], after["persons"]), (before["households"], before["persons"]))
        self.assertEqual(after["signals"], 7 * PERSONS)

        # The old key is of no use; the new one is the key, whoever moved its file or did not.
        town.close_peers()
        self.assertEqual(town.stop(), 0)
        town.start()
        self.assertEqual(town.stop(), 0)
        town.node = []
        town.write_node()
        status, words = town.refuses_to_start()
        self.assertNotEqual(status, 0)
        self.assertIn("it was changed", words)
        os.replace(town.path("keys", "pseudonym.next"), town.path("keys", "pseudonym.key"))
        town.start()
        self.connect()
        self.again(range(0, 7 * PERSONS, 11))
        town.close_peers()
        self.assertEqual(town.stop(), 0)
        # The log tells the same when it is stepped again; and so do the same rules in a history of their own.
        for arguments in (["replay"], ["backtest", "--rules", town.path("config", "rules.yaml"), "--json"]):
            done = subprocess.run([VOORDEUR, *arguments, "--store", town.path("store")], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual((done.returncode, done.stderr.decode()), (0, ""), arguments)


if __name__ == "__main__":
    unittest.main(verbosity=2)
